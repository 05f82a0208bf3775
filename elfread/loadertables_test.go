package elfread

import (
	"debug/elf"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
)

// TestOddRelocations: what x86_64's loader does not check of relocations, and what
// becomes of the module with them.
func TestOddRelocations(t *testing.T) {
	const (
		plt32 = uint32(elf.R_X86_64_PLT32)
		pc32  = uint32(elf.R_X86_64_PC32)
		text  = 1 // the section symbols of the synthetic module
		data  = 3
	)
	call := func(sym uint32, addend int64) func(*elfmut.File) {
		return func(f *elfmut.File) {
			f.Section(".text").Data[16] = 0xe8
			f.AddRelas(".rela.text", ".text", 0, []elfmut.Rela{{Offset: 17, Sym: sym, Type: plt32, Addend: addend}})
		}
	}
	imported := func(addend int64) func(*elfmut.File) {
		return func(f *elfmut.File) {
			call(uint32(f.AddSym(elfmut.Sym{Name: "_printk", Bind: elf.STB_GLOBAL})), addend)(f)
		}
	}
	table := func(name string, relas ...elfmut.Rela) func(*elfmut.File) {
		return func(f *elfmut.File) {
			f.Add(&elfmut.Section{Name: name, Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Data: make([]byte, 8), Align: 1})
			f.AddRelas(".rela"+name, name, 0, relas)
		}
	}
	initAt := func(offset uint64, sym func(*elfmut.File) uint32) func(*elfmut.File) {
		return func(f *elfmut.File) {
			f.SetRelas(".rela.gnu.linkonce.this_module", []elfmut.Rela{{Offset: offset, Sym: sym(f), Type: abs64}})
		}
	}
	own := func(f *elfmut.File) uint32 { return uint32(f.SymIndex("init_module")) }
	for _, c := range []struct {
		name string
		edit func(*elfmut.File)
		want klp.OddRelaKind // 0 for none
	}{
		{"call of an import", imported(-4), 0},
		{"call into an import", imported(0x7ffffff), klp.RelaAstray},
		{"call within the section", call(text, 60), 0},
		{"call of what ends the section", call(text, 252), 0},
		{"call beyond the section", call(text, 253), klp.RelaAstray},
		{"call before the section", call(text, -5), klp.RelaAstray},
		{"call of data", call(data, -4), klp.RelaAstray},
		{"a distance that is no call's", func(f *elfmut.File) {
			f.AddRelas(".rela.text", ".text", 0, []elfmut.Rela{{Offset: 17, Sym: data, Type: pc32, Addend: 0x10000}})
		}, 0},
		{"init of another module", initAt(0x138, func(f *elfmut.File) uint32 { return uint32(f.SymIndex("klp_enable_patch")) }), klp.RelaInit},
		{"no init", initAt(0x138, func(*elfmut.File) uint32 { return 0 }), 0},
		{"init between two members", initAt(0x139, own), klp.RelaTable},
		{"key of a static call in data", table(".static_call_sites", elfmut.Rela{Sym: text, Type: pc32}, elfmut.Rela{Offset: 4, Sym: data, Type: pc32}), 0},
		{"key of a static call in code", table(".static_call_sites", elfmut.Rela{Sym: text, Type: pc32}, elfmut.Rela{Offset: 4, Sym: text, Type: pc32}), klp.RelaNoKey},
		{"place in what is not loaded", func(f *elfmut.File) {
			n := f.Add(&elfmut.Section{Name: ".comment", Type: elf.SHT_PROGBITS, Data: make([]byte, 8), Align: 1})
			sym := uint32(f.AddSym(elfmut.Sym{Type: elf.STT_SECTION, Shndx: elf.SectionIndex(n)}))
			table(".call_sites", elfmut.Rela{Sym: sym, Type: pc32}, elfmut.Rela{Offset: 4, Sym: text, Type: pc32})(f)
		}, klp.RelaTable},
	} {
		s := x86()
		s.init = true
		f := s.build()
		c.edit(f)
		odd := must(t, f, Options{}).Relas.Odd
		switch {
		case c.want == 0 && len(odd) == 0:
		case len(odd) != 1 || odd[0].Kind != c.want:
			t.Errorf("%s: %+v, want kind %d", c.name, odd, c.want)
		}
	}
}

// TestStrayEntries: entries of lists of places in code that are not what the list is of.
func TestStrayEntries(t *testing.T) {
	const pc32 = uint32(elf.R_X86_64_PC32)
	list := func(name string, flags elf.SectionFlag, relas ...elfmut.Rela) *elfmut.File {
		f := x86().build()
		code := f.Section(".text").Data
		copy(code[16:], []byte{0xf3, 0x0f, 0x1e, 0xfa})              // ENDBR64
		copy(code[32:], []byte{0x2e, 0xe8, 0, 0, 0, 0})              // cs call
		copy(code[48:], []byte{0x0f, 0x85, 0, 0, 0, 0})              // jne
		copy(code[128:], []byte{0xe8, 0, 0, 0, 0, 0xe9, 0, 0, 0, 0}) // call of something else
		thunk := uint32(f.AddSym(elfmut.Sym{Name: "__x86_indirect_thunk_rax", Bind: elf.STB_GLOBAL}))
		other := uint32(f.AddSym(elfmut.Sym{Name: "_printk", Bind: elf.STB_GLOBAL}))
		f.AddRelas(".rela.text", ".text", 0, []elfmut.Rela{
			{Offset: 34, Sym: thunk, Type: uint32(elf.R_X86_64_PLT32), Addend: -4},
			{Offset: 50, Sym: thunk, Type: uint32(elf.R_X86_64_PLT32), Addend: -4},
			{Offset: 129, Sym: other, Type: uint32(elf.R_X86_64_PLT32), Addend: -4},
		})
		f.Add(&elfmut.Section{Name: name, Type: elf.SHT_PROGBITS, Flags: flags, Data: make([]byte, 8), Align: 1})
		for i := range relas {
			relas[i].Offset, relas[i].Type = 4*uint64(i), pc32
		}
		f.AddRelas(".rela"+name, name, 0, relas)
		return f
	}
	at := func(off int64) elfmut.Rela { return elfmut.Rela{Sym: 1, Addend: off} }
	for _, c := range []struct {
		name string
		f    *elfmut.File
		want klp.Stray
	}{
		{"ENDBR, twice", list(".ibt_endbr_seal", elf.SHF_ALLOC, at(16), at(16)), klp.Stray{}},
		{"ENDBR, and none", list(".ibt_endbr_seal", elf.SHF_ALLOC, at(16), at(17)), klp.Stray{Endbr: 1}},
		{"without relocations", list(".ibt_endbr_seal", elf.SHF_ALLOC), klp.Stray{Endbr: 2}},
		{"not allocated", list(".ibt_endbr_seal", 0, at(16), at(16)), klp.Stray{Endbr: 2}},
		{"call and conditional jump", list(".retpoline_sites", elf.SHF_ALLOC, at(32), at(48)), klp.Stray{}},
		{"call of another, and no call", list(".retpoline_sites", elf.SHF_ALLOC, at(128), at(64)), klp.Stray{Retpolines: 2}},
	} {
		if got := must(t, c.f, Options{}).Stray; got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	m := must(t, list(".return_sites", 0, at(16)), Options{})
	if m.Returns.Stray != 2 {
		t.Errorf(".return_sites that is not allocated: %+v", m.Returns)
	}
}
