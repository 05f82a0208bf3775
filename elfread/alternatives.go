package elfread

import (
	"cmp"
	"debug/elf"
	"slices"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/klp"
)

// maxAlternatives is how many places of one section are listed.
const maxAlternatives = 16

// readAlternatives notes the targets of livepatch relocations that lie within
// instructions which .altinstructions names. Only modules' relocations matter:
// those of vmlinux are applied before the loader looks at alternatives.
func (p *parser) readAlternatives() error {
	if p.m.Arch != klp.X86_64 || p.sec.altinstructions == 0 {
		return nil
	}
	var spans []span
	for i := range p.m.KlpRelas {
		k := &p.m.KlpRelas[i]
		s := p.f.Sections[k.Index]
		if k.Object == klp.VmlinuxObjectName || s.Type != elf.SHT_RELA || s.Flags&klp.SHFRelaLivepatch == 0 || !p.flag(int(s.Info), elf.SHF_EXECINSTR) {
			continue
		}
		if spans == nil {
			var err error
			if spans, err = p.alternatives(); err != nil {
				return err
			}
		}
		rela, err := p.f.Relas(k.Index)
		if err != nil {
			return err
		}
		if err := p.spend(k.Index, rela.Len()); err != nil {
			return err
		}
		for j := range rela.Len() {
			p.rewritten(k, spans, placeAt(int(s.Info), rela.At(j).Off))
		}
	}
	return nil
}

// span is a run of bytes of one section, and the one that may be copied over it;
// section 0 for none.
type span struct {
	from     place
	size     uint64
	with     place
	withSize uint64
}

// alternatives lists, sorted, the instructions that .altinstructions names.
// struct alt_instr begins with the distances to the instructions and to their
// replacement, one relocation each, and ends with their lengths; in between
// stand 2 or, since 6.3, 4 bytes of flags
// (arch/x86/include/asm/alternative.h). The relocations tell which of the two.
func (p *parser) alternatives() ([]span, error) {
	section := p.sec.altinstructions
	rs, err := p.relocsSpent(section)
	if err != nil {
		return nil, err
	}
	size := p.f.Sections[section].FileSize
	stride := uint64(0)
	for _, candidate := range []uint64{14, 12} {
		if size > 0 && size%candidate == 0 && !slices.ContainsFunc(rs, func(r ir.Reloc) bool { return r.Offset%candidate != 0 && r.Offset%candidate != 4 }) {
			stride = candidate
			break
		}
	}
	spans := []span{}
	if stride == 0 {
		return spans, nil // a form that no release has: the loader reads it as something else
	}
	for _, r := range rs {
		if r.Offset%stride != 0 || r.Type != uint32(elf.R_X86_64_PC32) {
			continue
		}
		to, ok := p.reaches(r)
		lengths, whole := p.bytesAt(placeAt(section, r.Offset+stride-2), 2)
		if ok && whole {
			s := span{from: to, size: uint64(lengths[0]), withSize: uint64(lengths[1])}
			if s.withSize > 0 {
				s.with = p.replacement(rs, r.Offset+4)
			}
			spans = append(spans, s)
		}
	}
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(comparePlaces(a.from, b.from), cmp.Compare(b.size, a.size))
	})
	return spans, nil
}

// replacement is the place that the relocation at an offset of .altinstructions leads
// to; the zero value for none.
func (p *parser) replacement(rs []ir.Reloc, off uint64) place {
	if i := search(rs, off); i < len(rs) && rs[i].Offset == off {
		if to, ok := p.reaches(rs[i]); ok {
			return to
		}
	}
	return place{}
}

// rewritten notes a target that one of the spans holds. Spans of one place are
// alternatives of each other; those of different places do not overlap.
func (p *parser) rewritten(k *klp.KlpRela, spans []span, at place) {
	i, exact := slices.BinarySearchFunc(spans, at, func(s span, at place) int { return comparePlaces(s.from, at) })
	if !exact {
		if i--; i < 0 {
			return
		}
	}
	s := spans[i]
	for i > 0 && spans[i-1].from == s.from {
		i--
		s = spans[i] // the longest of one place
	}
	if s.from.Section != at.Section || at.Offset-s.from.Offset >= s.size {
		return
	}
	if k.AlternativeCount++; k.AlternativeCount <= maxAlternatives {
		k.Alternatives = append(k.Alternatives, p.locate(at))
	}
}
