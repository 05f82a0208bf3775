//go:build linux

package hostile

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf/btf"

	"github.com/klplint/klplint/fixtures"
	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
)

// memory is what one module may cost beyond what the command needs for a small
// one, in bytes: with the collector as it is by default, and with little memory.
const memory = 64 << 20

// heavy are modules that are made to cost much. Each is judged alone by a
// process of its own.
var heavy = []struct {
	name string
	make func(testing.TB) []byte
	err  string // "" where the module is read
}{
	{"a million structures in each other", func(t testing.TB) []byte { return deepDebug(t, 11<<20) }, ""},
	{"a structure that is its own sibling", loopDebug, ""},
	{"debug info of abbreviations", func(t testing.TB) []byte { return abbrevDebug(t, 11<<20) }, ""},
	{"abbreviations up to the limit", func(t testing.TB) []byte { return abbrevDebug(t, 500<<10) }, ""},
	{"a million names that are one long string", func(t testing.TB) []byte { return stringDebug(t, 1<<20, 5<<20) }, ""},
	{"a million names of 8,000 bytes", func(t testing.TB) []byte { return stringDebug(t, 1<<20, 8000) }, ""},
	{"60,000 relocation sections for one debug section", func(t testing.TB) []byte { return relocatedDebug(t, 60_000) }, ""},
	{"a million attributes of a million entries", func(t testing.TB) []byte { return attributesDebug(t, 1<<20, 1<<20) }, ""},
	{"entries with the most attributes", func(t testing.TB) []byte { return attributesDebug(t, 64, 11<<20) }, ""},
	{"65,000 sections", func(t testing.TB) []byte {
		return edited(t, func(f *elfmut.File) {
			for len(f.Sections) < 65_000 {
				f.Add(&elfmut.Section{Name: ".text." + strings.Repeat("x", 100), Type: elf.SHT_NOBITS, Nobits: 1 << 40, Align: 1})
			}
		})
	}, ""},
	{"a symbol table of 300,000", func(t testing.TB) []byte {
		return edited(t, func(f *elfmut.File) {
			syms := f.Syms()
			for len(syms) < 300_000 {
				syms = append(syms, elfmut.Sym{Name: "s", Shndx: elf.SHN_ABS})
			}
			f.SetSyms(syms)
		})
	}, "symbols"},
	{"30,000 livepatch symbols with long names", func(t testing.TB) []byte {
		return edited(t, func(f *elfmut.File) {
			syms := f.Syms()
			for range 30_000 {
				syms = append(syms, elfmut.Sym{Name: ".klp.sym.vmlinux." + strings.Repeat("n", 400) + ",0", Bind: elf.STB_GLOBAL, Shndx: klp.SHNLivepatch})
			}
			f.SetSyms(syms)
		})
	}, ""},
	{"200,000 relocations of the table", func(t testing.TB) []byte {
		return edited(t, func(f *elfmut.File) {
			f.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela {
				return append(rs, make([]elfmut.Rela, 200_000)...)
			})
		})
	}, ""},
	{".modinfo of 16 MiB", func(t testing.TB) []byte {
		return edited(t, func(f *elfmut.File) {
			s := f.Section(".modinfo")
			s.Data = append(s.Data, bytes.Repeat([]byte("a=b\x00"), 4<<20)...)
		})
	}, ".modinfo"},
	{"init code of 8 MiB of jumps", func(t testing.TB) []byte {
		return edited(t, func(f *elfmut.File) {
			s := f.Section(".init.text")
			s.Data = bytes.Repeat([]byte{0x74, 0x00, 0x75, 0xfc}, 2<<20) // je +0; jne -4
			f.EditSym("init_module", func(y *elfmut.Sym) { y.Size = uint64(len(s.Data)) })
			f.EditRelas(".rela.init.text", func([]elfmut.Rela) []elfmut.Rela { return nil })
		})
	}, ""},
}

// edited returns a changed livepatch.
func edited(t testing.TB, edit func(*elfmut.File)) []byte {
	t.Helper()
	f, err := elfmut.Parse(fixtures.Read(t, "static/one-func.ko"))
	if err != nil {
		t.Fatal(err)
	}
	edit(f)
	return f.Bytes()
}

// TestHeavyModules judges each heavy module with little memory, and with
// KLPLINT_SWEEP=full once more as users do, and beside a kernel, for which the types
// of the debug information are compared.
func TestHeavyModules(t *testing.T) {
	dir := t.TempDir()
	good(t, dir, "good.ko")
	write(t, dir, "vmlinux.btf", smallBTF(t))
	runs := []struct {
		env    []string
		kernel string
	}{{[]string{"GOMEMLIMIT=40MiB"}, "none"}}
	if os.Getenv("KLPLINT_SWEEP") == "full" {
		runs = append(runs, runs[0], runs[0])
		runs[1].env, runs[2].kernel = nil, filepath.Join(dir, "vmlinux.btf")
	}
	base := lintRun(t, dir, "good.ko").peak
	for _, tt := range heavy {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "heavy.ko", tt.make(t))
			for _, r := range runs {
				start := time.Now()
				o := process{dir: dir, env: r.env}.run(t, "lint", "--kernel", r.kernel, "--fail-on", "never", "heavy.ko")
				if tt.err != "" {
					o.unchecked(t, "heavy.ko", tt.err)
				} else {
					o.checked(t, 1)
				}
				t.Logf("%v: %d MiB more than a small module, %v", r, (o.peak-base)>>20, time.Since(start).Round(time.Millisecond))
				if o.peak-base > memory {
					t.Errorf("%v: %d MiB more than a small module, the limit is %d", r, (o.peak-base)>>20, memory>>20)
				}
			}
		})
	}
}

// smallBTF is the BTF of a kernel with one type.
func smallBTF(t testing.TB) []byte {
	t.Helper()
	b, err := btf.NewBuilder([]btf.Type{&btf.Struct{Name: "module", Size: 1, Members: []btf.Member{{Name: "state", Type: &btf.Int{Name: "char", Size: 1}}}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := b.Marshal(nil, &btf.MarshalOptions{Order: binary.LittleEndian})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestSparseFiles gives files that claim to be large and have no blocks.
func TestSparseFiles(t *testing.T) {
	dir := t.TempDir()
	good(t, dir, "good.ko")
	base := lintRun(t, dir, "good.ko").peak
	whole := fixtures.Read(t, "static/one-func.ko")
	symtab := append([]byte(nil), whole...)
	im := newImage(symtab)
	for i, s := range im.sections {
		if s.typ == elf.SHT_SYMTAB {
			binary.LittleEndian.PutUint64(symtab[im.shoff+i*shdrSize+32:], 900<<20/symSize*symSize)
		}
	}
	for _, f := range []struct {
		name  string
		head  []byte
		size  int64
		cause string
	}{
		{"zeros.ko", nil, 900 << 20, "not an ELF file"},
		{"larger.ko", whole, 2 << 30, "too large"},
		{"symbols.ko", symtab, 1000 << 20, "too large"},
	} {
		write(t, dir, f.name, f.head)
		if err := os.Truncate(filepath.Join(dir, f.name), f.size); err != nil {
			t.Fatal(err)
		}
		o := lintRun(t, dir, f.name, "good.ko")
		o.unchecked(t, f.name, f.cause)
		o.checked(t, 1)
		if o.peak-base > memory {
			t.Errorf("%s: %d MiB more than a small module", f.name, (o.peak-base)>>20)
		}
	}
}
