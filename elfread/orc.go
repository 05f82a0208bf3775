package elfread

import (
	"debug/elf"
	"slices"

	"github.com/klplint/klplint/klp"
)

// orcEntry is the size of struct orc_entry of x86_64, whose fifth byte has the
// register that the stack is found by in its lower half
// (arch/x86/include/asm/orc_types.h).
const (
	orcEntry    = 6
	orcRegister = 4
)

// orcPlace is what an entry of .orc_unwind_ip leads to, up to the next one of the
// section: known where the entry in .orc_unwind tells how to unwind.
type orcPlace struct {
	at    place
	known bool
}

// readORC marks the replacements that the unwinder's tables, where the module has
// such, do not know: functions that objtool did not see, or was told to ignore
// (STACK_FRAME_NON_STANDARD), for which it writes an entry without a register
// (tools/objtool/orc_gen.c).
func (p *parser) readORC() error {
	if p.m.Arch != klp.X86_64 || p.sec.orcPlaces == 0 || p.sec.orc == 0 {
		return nil
	}
	rs, err := p.relocsSpent(p.sec.orcPlaces)
	if err != nil {
		return err
	}
	list := make([]orcPlace, 0, len(rs))
	for _, r := range rs {
		to, ok := p.reaches(r)
		b, whole := p.bytesAt(placeAt(p.sec.orc, r.Offset/4*orcEntry+orcRegister), 1)
		if ok && whole && r.Type == uint32(elf.R_X86_64_PC32) {
			list = append(list, orcPlace{to, b[0]&0xf != 0})
		}
	}
	slices.SortStableFunc(list, func(a, b orcPlace) int { return comparePlaces(a.at, b.at) })
	for i := range p.m.Patch.Objects {
		o := &p.m.Patch.Objects[i]
		for j := range o.Funcs {
			c := &o.Funcs[j].New
			if c.Null || c.Import || !c.Exec || c.Init {
				continue
			}
			at := placeAt(p.f.Index(c.At.Section), c.At.Offset)
			n, exact := slices.BinarySearchFunc(list, at, func(o orcPlace, at place) int { return comparePlaces(o.at, at) })
			if !exact {
				n--
			}
			c.NoORC = n < 0 || list[n].at.Section != at.Section || !list[n].known
		}
	}
	return nil
}
