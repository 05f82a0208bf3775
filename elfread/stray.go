package elfread

import (
	"debug/elf"
	"strings"

	"github.com/klplint/klplint/klp"
)

// readStray counts what the loader warns of when it goes through its lists of
// places in code (arch/x86/kernel/alternative.c: poison_endbr, apply_retpolines,
// patch_retpoline). A list that is not allocated is gone through all the same, as
// it lies in the file: none of its entries is relocated.
func (p *parser) readStray() (err error) {
	if p.m.Arch != klp.X86_64 {
		return nil
	}
	if p.m.Stray.Endbr, err = p.stray(p.sec.endbrSeal, p.endbr); err != nil {
		return err
	}
	p.m.Stray.Retpolines, err = p.stray(p.sec.retpolineSites, p.retpoline)
	return err
}

// stray counts the entries of a list, of four bytes each, that lead to a place which
// is not of its kind.
func (p *parser) stray(list int, is func(place) (bool, error)) (int, error) {
	if list == 0 {
		return 0, nil
	}
	n := int(p.f.Sections[list].Size / 4)
	if !p.flag(list, elf.SHF_ALLOC) {
		return n, nil
	}
	rs, err := p.relocsSpent(list)
	if err != nil {
		return 0, err
	}
	last := ^uint64(0)
	for _, r := range rs {
		if r.Offset == last || r.Offset%4 != 0 {
			continue
		}
		if to, ok := p.reaches(r); ok {
			found, err := is(to)
			if err != nil {
				return 0, err
			}
			if found {
				last = r.Offset
				n--
			}
		}
	}
	return max(0, n), nil
}

// endbr reports whether ENDBR64 or ENDBR32 stands at a place
// (arch/x86/include/asm/ibt.h: is_endbr).
func (p *parser) endbr(at place) (bool, error) {
	return insn32(p.codeAt(at, 4))|0x01000000 == 0xfb1e0ff3, nil
}

// retpoline reports whether a call, a jump or a conditional jump to a thunk for
// indirect branches stands at a place.
func (p *parser) retpoline(at place) (bool, error) {
	b := p.codeAt(at, 7)
	off := uint64(0)
	for len(b) > 0 && (b[0] == 0x2e || b[0] == 0x3e) { // -mindirect-branch-cs-prefix
		b, off = b[1:], off+1
	}
	switch {
	case len(b) >= 5 && (b[0] == 0xe8 || b[0] == 0xe9):
		off++
	case len(b) >= 6 && b[0] == 0x0f && b[1]&0xf0 == 0x80:
		off += 2
	default:
		return false, nil
	}
	rs, err := p.relocsIn(at.Section, at.Offset+off, at.Offset+off+1)
	if err != nil {
		return false, err
	}
	for _, r := range rs {
		if strings.HasPrefix(p.symName(r.Sym), "__x86_indirect_") {
			return true, nil
		}
	}
	return false, nil
}
