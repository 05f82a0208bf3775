package elfread

import (
	"debug/elf"
	"slices"

	"github.com/klplint/klplint/klp"
)

// readReturns counts the branches to __x86_return_thunk and the entries of
// .return_sites. Both hold one relocation each: the loader turns the branch
// into what the processor needs, where the table names it
// (arch/x86/kernel/alternative.c: apply_returns).
func (p *parser) readReturns() error {
	if p.m.Arch != klp.X86_64 {
		return nil
	}
	if p.sec.returnSites > 0 {
		rs, err := p.relocsOf(p.sec.returnSites)
		if err != nil {
			return err
		}
		for _, r := range rs {
			if r.Type == uint32(elf.R_X86_64_PC32) {
				p.m.Returns.Sites++
			}
		}
	}
	thunk := p.importIndex("__x86_return_thunk")
	if thunk == 0 {
		return nil
	}
	for i, s := range p.f.Sections {
		// Replacement instructions are copied before they run; objtool lists none of theirs.
		if !p.flag(i, elf.SHF_ALLOC|elf.SHF_EXECINSTR) || s.Name == ".altinstr_replacement" {
			continue
		}
		rs, err := p.relocsOf(i)
		if err != nil {
			return err
		}
		if err := p.spend(i, len(rs)); err != nil {
			return err
		}
		for _, r := range rs {
			if r.Sym == thunk && p.branch(i, r) {
				p.m.Returns.ThroughThunk++
			}
		}
	}
	return nil
}

// importIndex returns the index in the symbol table of the first undefined
// symbol of the name; 0 where there is none.
func (p *parser) importIndex(name string) uint32 {
	if !slices.ContainsFunc(p.m.Imports, func(i klp.Import) bool { return i.Name == name }) {
		return 0
	}
	t := &p.syms.tab
	for i := 1; i < t.Len(); i++ {
		if off, _, shndx := t.Head(i); shndx == uint16(elf.SHN_UNDEF) && t.PrefixAt(off, name) && p.symName(uint32(i)) == name {
			return uint32(i)
		}
	}
	return 0
}
