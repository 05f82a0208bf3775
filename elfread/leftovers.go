package elfread

import (
	"debug/elf"
	"fmt"
	"slices"
	"strings"

	"github.com/klplint/klplint/klp"
)

// relocSize is the size of struct klp_reloc in klp-build's __klp_relocs
// sections: a pointer to the place, a pointer to the symbol, a 32-bit type.
const relocSize = 24

// readLeftovers compares what klp-build wrote before its last step, objtool
// klp post-link, with what that step made of it: each entry of __klp_relocs
// must have a relocation in a .klp.rela section.
func (p *parser) readLeftovers() error {
	if !p.sec.klpRelocs {
		return nil
	}
	made, err := p.klpPlaces()
	if err != nil {
		return err
	}
	for i, s := range p.f.Sections {
		if !strings.HasPrefix(s.Name, "__klp_relocs") || s.Type == elf.SHT_RELA || s.Type == elf.SHT_NOBITS {
			continue
		}
		if s.FileSize%relocSize != 0 {
			return p.fail(place{Section: i}, "size %d is not a multiple of %d, the size of an entry", s.FileSize, relocSize)
		}
		if err := p.spend(i, int(s.FileSize/relocSize)); err != nil {
			return err
		}
		for off := uint64(0); off < s.FileSize; off += relocSize {
			ptr, err := p.pointerAt(placeAt(i, off))
			if err != nil {
				return err
			}
			if _, ok := slices.BinarySearchFunc(made, ptr.to, comparePlaces); ok && !ptr.null {
				continue
			}
			if len(p.m.Leftovers) == maxListed {
				return nil
			}
			what := "__klp_relocs entry without its .klp.rela counterpart"
			if !ptr.null && !ptr.undef {
				what += fmt.Sprintf(" (for %s+0x%x)", p.f.Sections[ptr.to.Section].Name, ptr.to.Offset)
			}
			p.m.Leftovers = append(p.m.Leftovers, klp.Leftover{At: p.at(placeAt(i, off)), What: what})
		}
	}
	return nil
}

// klpPlaces lists, sorted, every place that a livepatch relocation changes.
func (p *parser) klpPlaces() ([]place, error) {
	var list []place
	for _, k := range p.m.KlpRelas {
		if p.f.Sections[k.Index].Type != elf.SHT_RELA {
			continue
		}
		rela, err := p.f.Relas(k.Index)
		if err != nil {
			return nil, err
		}
		if len(list)+rela.Len() > maxRelocs {
			return nil, p.fail(place{Section: k.Index}, "more than %d livepatch relocations", maxRelocs)
		}
		for j := range rela.Len() {
			list = append(list, placeAt(int(p.f.Sections[k.Index].Info), rela.At(j).Off))
		}
	}
	slices.SortFunc(list, comparePlaces)
	return list, nil
}

func comparePlaces(a, b place) int {
	if a.Section != b.Section {
		return a.Section - b.Section
	}
	switch {
	case a.Offset < b.Offset:
		return -1
	case a.Offset > b.Offset:
		return 1
	}
	return 0
}
