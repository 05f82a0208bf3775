package elfread

import (
	"debug/elf"
	"strings"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
)

// TestParameter: module parameters are stored before init runs, so that one
// which is bound to the patch's own field decides at run time, without any
// code that shows it.
func TestParameter(t *testing.T) {
	for _, tc := range []struct {
		name string
		to   int64 // offset in .data, where the patch stands at 0
		want klp.ReplaceSource
	}{
		{"bound to replace", 24, klp.FromRuntime},
		{"bound to another variable", 400, klp.FromData},
	} {
		s := x86()
		s.init, s.replace = true, []byte{1}
		f := s.build()
		f.Add(&elfmut.Section{Name: "__param", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Data: make([]byte, 40), Align: 8})
		ops := f.AddSym(elfmut.Sym{Name: "param_ops_bool", Bind: elf.STB_GLOBAL})
		f.AddRelas(".rela__param", "__param", 0, []elfmut.Rela{
			{Offset: 0, Sym: 2, Type: 1},
			{Offset: 8, Sym: 5, Type: 1},
			{Offset: 16, Sym: uint32(ops), Type: 1},
			{Offset: 32, Sym: 3, Type: 1, Addend: tc.to},
		})
		m, err := read(f.Bytes(), Options{})
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		r := m.Replace
		if r.Source != tc.want {
			t.Errorf("%s: replace %+v", tc.name, r)
		}
		if tc.want == klp.FromRuntime && (r.At.Section != "__param" || !strings.Contains(r.Reason, "parameter") || r.Known()) {
			t.Errorf("%s: replace %+v", tc.name, r)
		}
	}
}

// TestConstantPatch: a patch that nothing changes may lie in data that is not
// writable; it is found by its pointers, but not where writable data has one.
func TestConstantPatch(t *testing.T) {
	s := x86()
	f := s.build()
	f.Section(".data").Flags &^= elf.SHF_WRITE
	m, err := read(f.Bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !m.Patch.Found || tables(m) != usual {
		t.Errorf("found %v: %s %s", m.Patch.Found, tables(m), m.Patch.Reason)
	}

	f = s.build()
	f.Add(&elfmut.Section{Name: ".rodata", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Data: make([]byte, 64), Align: 8})
	f.AddRelas(".rela.rodata", ".rodata", 0, []elfmut.Rela{{Offset: 0, Sym: 5, Type: 1}, {Offset: 8, Sym: 3, Type: 1}})
	if m, err = read(f.Bytes(), Options{}); err != nil {
		t.Fatal(err)
	}
	if !m.Patch.Found || m.Patch.At.Section != ".data" {
		t.Errorf("patch %+v", m.Patch)
	}
}

// TestCodeWithKlpRelas: init code is read with the relocations that wait in
// .klp.rela sections too; without them a call would lead nowhere.
func TestCodeWithKlpRelas(t *testing.T) {
	s := x86()
	s.init, s.replace = true, []byte{1}
	f := s.build()
	code := f.Section(".init.text")
	code.Data = append([]byte{0xe8, 0, 0, 0, 0}, code.Data...) // call 1f; 1:
	f.EditRelas(".rela.init.text", func(rs []elfmut.Rela) []elfmut.Rela {
		for i := range rs {
			rs[i].Offset += 5
		}
		return rs
	})
	f.EditSym("init_module", func(y *elfmut.Sym) { y.Size += 5 })
	if m, err := read(f.Bytes(), Options{}); err != nil || m.Init.Decoded {
		t.Fatalf("error %v, init %+v, want code that leads nowhere", err, m.Init)
	}
	sym := f.AddSym(elfmut.Sym{Name: ".klp.sym.vmlinux.do_something,0", Bind: elf.STB_GLOBAL, Shndx: klp.SHNLivepatch})
	f.AddRelas(".klp.rela.vmlinux..init.text", ".init.text", elf.SHF_ALLOC|klp.SHFRelaLivepatch,
		[]elfmut.Rela{{Offset: 1, Sym: uint32(sym), Type: uint32(elf.R_X86_64_PLT32), Addend: -4}})
	m, err := read(f.Bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !m.Init.Decoded || len(m.Init.Enables) != 1 || m.Init.Enables[0].At.Offset != 12 {
		t.Errorf("init %+v", m.Init)
	}
	if r := m.Replace; r.Source != klp.FromData || !r.Flag {
		t.Errorf("replace %+v", r)
	}
}

// TestLayoutCRC: the version of struct module stands among those of the
// imports, but is none.
func TestLayoutCRC(t *testing.T) {
	m, err := Open("../fixtures/static/one-func.ko", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !m.HasLayoutCRC || m.LayoutCRC == 0 {
		t.Errorf("CRC %#x, present %v", m.LayoutCRC, m.HasLayoutCRC)
	}
	for _, im := range m.Imports {
		if im.Name == layoutSymbol {
			t.Errorf("%s is an import", im.Name)
		}
	}
	// A target is loaded by the same loader.
	if m, err = Open("../fixtures/rules/KLP100/bad.ko", Options{}); err != nil || m.Kind != klp.KindModule || !m.HasLayoutCRC {
		t.Errorf("an ordinary module: %+v, %v", m, err)
	}
	if m, err = read(x86().build().Bytes(), Options{}); err != nil || m.HasLayoutCRC {
		t.Errorf("error %v, CRC %#x of a module without versions", err, m.LayoutCRC)
	}
}
