package elfmut_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"reflect"
	"testing"

	"github.com/klplint/klplint/fixtures"
	"github.com/klplint/klplint/internal/elfmut"
)

// open reads bytes with debug/elf, which shares no code with this package.
func open(t *testing.T, b []byte) *elf.File {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func parse(t *testing.T, name string) *elfmut.File {
	t.Helper()
	f, err := elfmut.Parse(fixtures.Read(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestUnchangedFileReadsTheSame(t *testing.T) {
	for _, name := range []string{"static/many.ko", "arch/s390x/static.ko", "klp-relocs/both.ko", "static/btf.ko"} {
		t.Run(name, func(t *testing.T) {
			before := open(t, fixtures.Read(t, name))
			after := open(t, parse(t, name).Bytes())
			if before.Machine != after.Machine || before.ByteOrder != after.ByteOrder || before.Type != after.Type {
				t.Errorf("header: %v, want %v", after.FileHeader, before.FileHeader)
			}
			if len(before.Sections) != len(after.Sections) {
				t.Fatalf("%d sections, want %d", len(after.Sections), len(before.Sections))
			}
			for i, s := range before.Sections {
				a := after.Sections[i]
				if a.Name != s.Name || a.Type != s.Type || a.Flags != s.Flags || a.Link != s.Link || a.Info != s.Info ||
					a.Size != s.Size && s.Name != ".shstrtab" {
					t.Errorf("section %d: %+v, want %+v", i, a.SectionHeader, s.SectionHeader)
				}
				if s.Type == elf.SHT_NOBITS || s.Type == elf.SHT_NULL || s.Name == ".shstrtab" {
					continue
				}
				want, _ := s.Data()
				got, err := a.Data()
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("section %s: other bytes (%v)", s.Name, err)
				}
			}
		})
	}
}

func TestSymbolsAndRelocationsComeBack(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		t.Run(order.String(), func(t *testing.T) {
			f := elfmut.New(elf.EM_S390, order)
			text := f.Add(&elfmut.Section{
				Name: ".text", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Data: make([]byte, 16),
			})
			sym := f.AddSym(elfmut.Sym{
				Name: "f", Bind: elf.STB_GLOBAL, Type: elf.STT_FUNC, Shndx: elf.SectionIndex(text), Value: 8, Size: 4,
			})
			relas := []elfmut.Rela{{Offset: 4, Sym: uint32(sym), Type: 22, Addend: -4}}
			f.AddRelas(".rela.text", ".text", 0, relas)

			again, err := elfmut.Parse(f.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if got := again.Relas(".rela.text"); !reflect.DeepEqual(got, relas) {
				t.Errorf("relocations %+v, want %+v", got, relas)
			}
			syms, err := open(t, f.Bytes()).Symbols()
			if err != nil {
				t.Fatal(err)
			}
			want := elf.Symbol{
				Name: "f", Info: elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC),
				Section: elf.SectionIndex(text), Value: 8, Size: 4,
			}
			if len(syms) != 1 || !reflect.DeepEqual(syms[0], want) {
				t.Errorf("symbols %+v, want %+v", syms, want)
			}
		})
	}
}

func TestRemoveKeepsLinks(t *testing.T) {
	f := parse(t, "static/one-func.ko")
	before := f.Sections[f.Section(".rela.data").Info].Name
	symbol := f.Syms()[f.SymIndex("init_module")]
	home := f.Sections[symbol.Shndx].Name
	f.Remove(".note.gnu.build-id")

	if got := f.Sections[f.Section(".rela.data").Info].Name; got != before {
		t.Errorf(".rela.data applies to %s, want %s", got, before)
	}
	if got := f.Sections[f.Section(".symtab").Link].Name; got != ".strtab" {
		t.Errorf(".symtab links to %s", got)
	}
	if got := f.Sections[f.Syms()[f.SymIndex("init_module")].Shndx].Name; got != home {
		t.Errorf("init_module is in %s, want %s", got, home)
	}
	if open(t, f.Bytes()).Section(".note.gnu.build-id") != nil {
		t.Error("the section is still there")
	}
}

func TestClaims(t *testing.T) {
	lie := uint64(1) << 60
	count := uint16(0xfff0)
	f := parse(t, "static/one-func.ko")
	f.Section(".data").Claim.Size = &lie
	f.Claim.Shnum = &count
	b := f.Bytes()
	if got := binary.LittleEndian.Uint16(b[60:]); got != count {
		t.Errorf("e_shnum %#x, want %#x", got, count)
	}
	if _, err := elfmut.Parse(b); err == nil {
		t.Error("a header table outside the file parses")
	}
	f.Claim.Shnum = nil
	if got := open(t, f.Bytes()).Section(".data").FileSize; got != lie {
		t.Errorf("sh_size %#x, want %#x", got, lie)
	}
}

func TestModinfo(t *testing.T) {
	f := parse(t, "static/one-func.ko")
	f.SetModinfo("license", "BSD")
	f.SetModinfo("added", "1")
	f.DropModinfo("livepatch")
	got := make(map[string]bool)
	for _, e := range f.Modinfo() {
		got[e] = true
	}
	if !got["license=BSD"] || !got["added=1"] || got["livepatch=Y"] || got["license=GPL"] {
		t.Errorf("modinfo %q", f.Modinfo())
	}
}

func TestTailStays(t *testing.T) {
	want := []byte("~Module signature appended~\n")
	if f := parse(t, "signed/rsa.ko"); !bytes.HasSuffix(f.Bytes(), want) {
		t.Error("the signature is lost")
	}
}

func TestParseRefuses(t *testing.T) {
	whole := fixtures.Read(t, "static/one-func.ko")
	for name, b := range map[string][]byte{
		"empty": nil, "text": []byte("no ELF file, but long enough to hold the header of one, which has 64 bytes"),
		"cut": whole[:len(whole)/2],
	} {
		if _, err := elfmut.Parse(b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
