package elfread

import (
	"debug/elf"

	"github.com/klplint/klplint/internal/elfmut"
)

// assembled is x86_64 init code that is put together by hand, for what no
// compiler and no fixture gives.
type assembled struct {
	f      *elfmut.File
	code   []byte
	relocs []elfmut.Rela
}

// op appends bytes.
func (a *assembled) op(b ...byte) *assembled {
	a.code = append(a.code, b...)
	return a
}

// ref appends four bytes that a relocation fills.
func (a *assembled) ref(typ elf.R_X86_64, sym uint32, addend int64) *assembled {
	a.relocs = append(a.relocs, elfmut.Rela{Offset: uint64(len(a.code)), Sym: sym, Type: uint32(typ), Addend: addend})
	return a.op(0, 0, 0, 0)
}

// call appends a call (e8) or jump (e9) of a function outside the module.
func (a *assembled) call(opcode byte, name string) *assembled {
	sym := a.f.SymIndex(name)
	if sym == 0 {
		sym = a.f.AddSym(elfmut.Sym{Name: name, Bind: elf.STB_GLOBAL})
	}
	return a.op(opcode).ref(elf.R_X86_64_PLT32, uint32(sym), -4)
}

// install makes the code the module's init function, in place of what was there.
func (a *assembled) install() *elfmut.File {
	const section = ".init.text"
	a.f.Section(section).Data = a.code
	a.f.SetRelas(".rela"+section, a.relocs)
	index := elf.SectionIndex(a.f.Index(section))
	a.f.EditSyms(func(syms []elfmut.Sym) []elfmut.Sym {
		for i := range syms {
			switch s := &syms[i]; {
			case s.Name == "init_module":
				s.Value, s.Size = 0, uint64(len(a.code))
			case s.Shndx == index && s.Type == elf.STT_FUNC:
				s.Type, s.Size = elf.STT_NOTYPE, 0
			}
		}
		return syms
	})
	return a.f
}
