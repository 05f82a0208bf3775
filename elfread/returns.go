package elfread

import (
	"debug/elf"
	"slices"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/klp"
)

// returnThunk is the code that functions end in where returns are protected
// (CONFIG_MITIGATION_RETHUNK).
const returnThunk = "__x86_return_thunk"

// readReturns compares the branches to the return thunk with .return_sites, the
// table by which the loader finds them and turns each into what the processor
// needs (arch/x86/kernel/alternative.c: apply_returns). Both hold one relocation
// each.
func (p *parser) readReturns() error {
	p.plainReturns()
	if p.m.Arch != klp.X86_64 || len(p.syms.thunks) == 0 && p.sec.returnSites == 0 {
		return nil
	}
	var jumps, entries []place
	for i, s := range p.f.Sections {
		if s.Type != elf.SHT_RELA || s.Flags&klp.SHFRelaLivepatch != 0 || int64(s.Info) >= int64(len(p.f.Sections)) {
			continue
		}
		target := int(s.Info)
		table := target == p.sec.returnSites
		// Replacement instructions are copied before they run; objtool lists none of theirs.
		if !table && (!p.flag(target, elf.SHF_ALLOC|elf.SHF_EXECINSTR) || p.f.Sections[target].Name == ".altinstr_replacement") {
			continue
		}
		rela, err := p.f.Relas(i)
		if err != nil {
			return err
		}
		if err := p.spend(i, rela.Len()); err != nil {
			return err
		}
		for j := range rela.Len() {
			e := rela.At(j)
			switch {
			case e.Type == none:
			case table:
				if e.Type == uint32(elf.R_X86_64_PC32) {
					p.m.Returns.Sites++
				}
				y, _ := p.sym(e.Sym)
				entries = append(entries, place{Section: int(y.Shndx), Offset: y.Value + uint64(e.Addend)})
			case slices.Contains(p.syms.thunks, e.Sym) && e.Off > 0:
				if p.branch(target, ir.Reloc{Offset: e.Off, Type: e.Type, Sym: e.Sym, Addend: e.Addend}) {
					p.m.Returns.ThroughThunk++
				}
				jumps = append(jumps, place{Section: target, Offset: e.Off - 1})
			}
		}
	}
	p.m.Returns.Unlisted, p.m.Returns.Stray = unmatched(jumps, entries)
	if p.sec.returnSites != 0 {
		// Entries without a relocation lead to themselves, as do all of a table that is
		// not allocated.
		n := int(p.f.Sections[p.sec.returnSites].Size / 4)
		if p.flag(p.sec.returnSites, elf.SHF_ALLOC) {
			n = max(0, n-len(entries)) + p.m.Returns.Stray
		}
		p.m.Returns.Stray = n
	}
	return nil
}

// plainReturns notes the functions whose last instruction is a return, or one with
// the trap behind it that stops speculation (-mharden-sls). What precedes the last
// byte tells it from the distance of a short jump; those of long ones end otherwise.
func (p *parser) plainReturns() {
	if p.m.Arch != klp.X86_64 {
		return
	}
	const ret, trap = 0xc3, 0xcc
	for _, y := range p.syms.defined {
		if y.typ != elf.STT_FUNC || y.size < 2 || initSection(p.f.Sections[y.section].Name) {
			continue
		}
		n := min(y.size, 3)
		b := p.codeAt(placeAt(int(y.section), y.value+y.size-n), n)
		if uint64(len(b)) == n && n == 3 && b[2] == trap {
			b = b[:2]
		}
		if len(b) < 2 || b[len(b)-1] != ret {
			continue
		}
		switch before := b[len(b)-2]; {
		case before == 0xeb, before&0xf0 == 0x70, before&0xfc == 0xe0: // jmp, jcc, loop and jrcxz
		default:
			p.addPlace(&p.m.Returns.Plain, placeAt(int(y.section), y.value))
		}
	}
}

// unmatched counts the jumps that no entry leads to, and the entries that lead
// to none of them. It sorts both.
func unmatched(jumps, entries []place) (unlisted, stray int) {
	slices.SortFunc(jumps, comparePlaces)
	slices.SortFunc(entries, comparePlaces)
	i := 0
	for _, jump := range slices.Compact(jumps) {
		for i < len(entries) && comparePlaces(entries[i], jump) < 0 {
			stray++
			i++
		}
		if i == len(entries) || entries[i] != jump {
			unlisted++
		}
		for i < len(entries) && entries[i] == jump {
			i++
		}
	}
	return unlisted, stray + len(entries) - i
}
