package kernel

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
)

func TestLivepatch(t *testing.T) {
	table := func(names ...string) *symbolTable {
		s := &symbolTable{}
		for i := range fewestSymbols {
			s.add(fmt.Appendf(nil, "filler_%d", i), uint64(i), 't')
		}
		for _, n := range names {
			s.add([]byte(n), 1<<40, 'T')
		}
		return s
	}
	few := &symbolTable{}
	few.add([]byte("one"), 1, 't')
	for name, tt := range map[string]struct {
		k    *Kernel
		want klp.Tri
	}{
		"nothing known":            {&Kernel{}, klp.Unknown},
		"configured":               {&Kernel{config: configuration{"LIVEPATCH": "y"}, vmlinux: table()}, klp.Yes},
		"configured off":           {&Kernel{config: configuration{"X": "y"}, vmlinux: table("klp_enable_patch")}, klp.No},
		"symbols with it":          {&Kernel{vmlinux: table("klp_enable_patch")}, klp.Yes},
		"symbols without it":       {&Kernel{vmlinux: table()}, klp.No},
		"an excerpt":               {&Kernel{vmlinux: few}, klp.Unknown},
		"types with the struct":    {&Kernel{types: typeFacts{Layout: &klp.Layout{}, ModuleSize: 1}}, klp.Yes},
		"types without the struct": {&Kernel{types: typeFacts{ModuleSize: 1}}, klp.No},
	} {
		got, reason := tt.k.Livepatch()
		if got != tt.want || (reason == "") != (got == klp.Unknown) {
			t.Errorf("%s: %s (%s), want %s", name, got, reason, tt.want)
		}
		m := &klp.Module{Name: "fix", Modinfo: klp.Modinfo{Present: true, Entries: []klp.ModinfoEntry{{Key: "livepatch", Value: "Y"}}}}
		if r, bad := tt.k.CheckLivepatch(m); bad != (tt.want == klp.No) || bad && r.Errno != "ENOEXEC" {
			t.Errorf("%s: refused %t, %+v", name, bad, r)
		}
	}
}

func TestCheckExportFlags(t *testing.T) {
	exporting := &klp.Module{Name: "fix", Sections: []klp.Section{{Name: "__ksymtab", Size: 12}}}
	flagged := &klp.Module{Sections: []klp.Section{{Name: "__ksymtab", Size: 12}, {Name: "__kflagstab", Size: 1}}}
	current := &Kernel{behaviour: BehaviourOf("7.1.13")}
	byImage := &Kernel{image: &imageFacts{exportFlags: true}}
	for _, k := range []*Kernel{current, byImage} {
		if r, bad := k.CheckExportFlags(exporting); !bad || r.Errno != "ENOEXEC" || r.Message != "fix: no flags for exported symbols" {
			t.Errorf("refused %t: %+v", bad, r)
		}
		if _, bad := k.CheckExportFlags(flagged); bad {
			t.Error("a module with flags is refused")
		}
	}
	if _, bad := (&Kernel{behaviour: BehaviourOf("7.0.13")}).CheckExportFlags(exporting); bad {
		t.Error("7.0 asks for flags")
	}
}

func TestCheckExports(t *testing.T) {
	k := &Kernel{exports: &exportTable{byName: map[string]Export{
		"kmalloc": {Name: "kmalloc", Module: vmlinux}, "ext4_x": {Name: "ext4_x", Module: "ext4"},
	}}}
	if r, bad := k.CheckExports(&klp.Module{Name: "fix", Exports: []string{"ext4_x", "kmalloc"}}); !bad || r.Errno != "ENOEXEC" || r.Message != "fix: exports duplicate symbol kmalloc (owned by kernel)" {
		t.Errorf("refused %t: %+v", bad, r)
	}
	if _, bad := k.CheckExports(&klp.Module{Exports: []string{"ext4_x", "own"}}); bad {
		t.Error("a symbol that another module exports, which need not be loaded, is a duplicate")
	}
}

// exportImage is memory with a table of exports in one of its forms.
func exportImage(order byteOrder, width int, flags []byte) (*image, *symbolTable) {
	const at = uint64(0x8000)
	data := make([]byte, 0x400)
	put := func(place int, to uint64) {
		switch {
		case width == 8:
			order.PutUint64(data[place:], to)
		case to != 0:
			order.PutUint32(data[place:], uint32(to-at-uint64(place)))
		}
	}
	copy(data[0x200:], "free_export\x00bound_export\x00SPACE\x00")
	for i, e := range [][2]uint64{{0x200, 0}, {0x20c, 0x219}} {
		put(3*width*i, at)
		put(3*width*i+width, at+e[0])
		if e[1] != 0 {
			put(3*width*i+2*width, at+e[1])
		}
	}
	copy(data[0x100:], flags)
	order.PutUint32(data[0x180:], 0x1234)
	order.PutUint32(data[0x184:], 0x5678)
	s := &symbolTable{}
	end := at + uint64(6*width)
	for _, x := range []struct {
		name string
		addr uint64
	}{
		{"__start___ksymtab", at},
		{"__stop___ksymtab", end},
		{"__start___ksymtab_gpl", end},
		{"__stop___ksymtab_gpl", end},
		{"__start___kcrctab", at + 0x180},
		{"__stop___kcrctab", at + 0x188},
	} {
		s.add([]byte(x.name), x.addr, 'R')
	}
	if flags != nil {
		s.add([]byte("__start___kflagstab"), at+0x100, 'R')
		s.add([]byte("__stop___kflagstab"), at+0x100+uint64(len(flags)), 'R')
	}
	return &image{order: order, segments: []segment{{at, data}}}, s
}

func TestReadExports(t *testing.T) {
	for _, order := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, width := range []int{4, 8} {
			m, s := exportImage(order, width, []byte{0, kflagGPLOnly})
			f := &imageFacts{symbols: s}
			f.readExports(m)
			if f.exports == nil || !f.exportFlags {
				t.Fatalf("width %d: no exports, notes %q", width, f.notes)
			}
			want := []Export{
				{Name: "free_export", Module: vmlinux, CRC: 0x1234, HasCRC: true},
				{Name: "bound_export", Module: vmlinux, CRC: 0x5678, HasCRC: true, GPL: true, Namespace: "SPACE"},
			}
			for _, w := range want {
				if got := f.exports.byName[w.Name]; got != w {
					t.Errorf("width %d: %+v, want %+v", width, got, w)
				}
			}
		}
	}
	// The table of flags has one byte too many.
	m, s := exportImage(binary.LittleEndian, 4, []byte{0, 0, 0})
	f := &imageFacts{symbols: s}
	if f.readExports(m); f.exports != nil || len(f.notes) == 0 {
		t.Errorf("exports %v, notes %q", f.exports, f.notes)
	}
}

// dynELF is a vmlinux of type ET_DYN for a machine: one section of zeros, with
// relocations for it.
func dynELF(machine elf.Machine, order byteOrder, relas []elf.Rela64, symbols []elf.Sym64) []byte {
	encode := func(v any) []byte {
		var b bytes.Buffer
		if err := binary.Write(&b, order, v); err != nil {
			panic(err) // a bytes.Buffer takes everything
		}
		return b.Bytes()
	}
	names := []byte("\x00.data\x00.rela.dyn\x00.dynsym\x00.shstrtab\x00")
	ident := [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}
	if order.String() == binary.BigEndian.String() {
		ident[5] = byte(elf.ELFDATA2MSB)
	}
	sections := []elf.Section64{{}}
	var body []byte
	add := func(name uint32, kind elf.SectionType, addr uint64, link uint32, size uint64, data []byte) {
		flags := elf.SHF_ALLOC
		if addr == 0 {
			flags = 0
		}
		sections = append(sections, elf.Section64{
			Name: name, Type: uint32(kind), Flags: uint64(flags), Addr: addr, Off: uint64(64 + len(body)), Size: uint64(len(data)), Link: link, Entsize: size, Addralign: 1,
		})
		body = append(body, data...)
	}
	add(1, elf.SHT_PROGBITS, 0x1000, 0, 0, make([]byte, 64))
	add(7, elf.SHT_RELA, 0x2000, 3, 24, encode(relas))
	add(17, elf.SHT_DYNSYM, 0x3000, 0, 24, encode(symbols))
	add(25, elf.SHT_STRTAB, 0, 0, 0, names)
	header := elf.Header64{
		Ident: ident, Type: uint16(elf.ET_DYN), Machine: uint16(machine), Version: 1, Ehsize: 64, Shentsize: 64,
		Shnum: uint16(len(sections)), Shstrndx: 4, Shoff: uint64(64 + len(body)),
	}
	return append(append(encode(header), body...), encode(sections)...)
}

func TestRelocateELF(t *testing.T) {
	symbols := []elf.Sym64{{}, {Value: 0x100000}}
	for _, tt := range []struct {
		machine elf.Machine
		order   byteOrder
		relas   []elf.Rela64
		want    []uint64
	}{
		{elf.EM_AARCH64, binary.LittleEndian, []elf.Rela64{{Off: 0x1008, Info: 1027, Addend: 0x77}, {Off: 0x9000, Info: 1027, Addend: 1}, {Off: 0x103c, Info: 1027, Addend: 1}, {Off: 0x1010, Info: 5, Addend: 9}}, []uint64{0, 0x77, 0}},
		{elf.EM_S390, binary.BigEndian, []elf.Rela64{{Off: 0x1000, Info: rS390Relative, Addend: 0x55}, {Off: 0x1010, Info: 1<<32 | rS390Abs64, Addend: 8}, {Off: 0x1008, Info: 9<<32 | rS390Abs64, Addend: 8}}, []uint64{0x55, 0, 0x100008}},
		{elf.EM_PPC64, binary.LittleEndian, []elf.Rela64{{Off: 0x1000, Info: 22, Addend: 0x33}}, []uint64{0x33, 0, 0}},
	} {
		file := dynELF(tt.machine, tt.order, tt.relas, symbols)
		before := bytes.Clone(file)
		m, err := openELFBytes(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(file, before) {
			t.Errorf("%v: the file's bytes were changed", tt.machine)
		}
		for i, want := range tt.want {
			if got := tt.order.Uint64(m.at(0x1000+8*uint64(i), 8)); got != want {
				t.Errorf("%v: word %d is %#x, want %#x", tt.machine, i, got, want)
			}
		}
	}
}

func TestPatchedBuildIsNoted(t *testing.T) {
	tree := t.TempDir()
	path := filepath.Join(tree, "vmlinux")
	if err := os.WriteFile(path, testELF(format612), 0o600); err != nil {
		t.Fatal(err)
	}
	note := func() string {
		ks, err := Options{}.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		return ks[0].Sources()[0].Note
	}
	if n := note(); strings.Contains(n, "klp-build") {
		t.Errorf("an ordinary build: %q", n)
	}
	if err := os.Mkdir(filepath.Join(tree, "klp-tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	if n := note(); !strings.Contains(n, "klp-build was run here") {
		t.Errorf("after klp-build: %q", n)
	}
}
