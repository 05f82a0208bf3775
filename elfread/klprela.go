package elfread

import (
	"debug/elf"
	"fmt"
	"sort"
	"strings"

	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/klp"
)

// maxNonZero is how many non-zero targets of one section are listed.
const maxNonZero = 16

// readKlpRelas reads every section that is, or is named like, a livepatch
// relocation section.
func (p *parser) readKlpRelas() error {
	if !p.sec.klpRelas {
		return nil
	}
	n := 0
	for _, s := range p.f.Sections {
		if isKlpRela(s) {
			n++
		}
	}
	p.m.KlpRelas = make([]klp.KlpRela, 0, n)
	used := make([]int32, len(p.m.KlpSyms)) // 1 + index of the last section that used it
	for i, s := range p.f.Sections {
		if !isKlpRela(s) {
			continue
		}
		k := klp.KlpRela{Section: s.Name, Index: i, At: p.at(place{Section: i})}
		k.Object, k.Target, k.Malformed = parseKlpRela(s.Name)
		if s.Type == elf.SHT_RELA {
			if err := p.klpEntries(i, &k, used); err != nil {
				return err
			}
		}
		p.m.KlpRelas = append(p.m.KlpRelas, k)
	}
	return nil
}

func isKlpRela(s *elf.Section) bool {
	return strings.HasPrefix(s.Name, relaPrefix) || s.Type == elf.SHT_RELA && s.Flags&klp.SHFRelaLivepatch != 0
}

// klpEntries reads the relocations of one section.
func (p *parser) klpEntries(i int, k *klp.KlpRela, used []int32) error {
	rela, err := p.f.Relas(i)
	if err != nil {
		return err
	}
	if err := p.spend(i, rela.Len()); err != nil {
		return err
	}
	k.Entries = rela.Len()
	for j := range rela.Len() {
		e := rela.At(j)
		entry := placeAt(i, uint64(j)*safeelf.RelaSize)
		if p.m.Arch != "" && int64(p.f.Sections[i].Info) < int64(len(p.f.Sections)) {
			if target := int(p.f.Sections[i].Info); !p.arch.applies(e.Type) {
				p.oddRela(klp.RelaUnknown, target, e, 0)
			} else if p.m.Arch == klp.X86_64 && e.Type == uint32(elf.R_X86_64_32) {
				p.oddRela(klp.RelaOverflow, target, e, 0) // the kernel and its modules lie above four gigabytes
			}
		}
		y, ok := p.sym(e.Sym)
		if !ok {
			if p.m.Symtab.Damaged == "" {
				p.m.Symtab.Damaged = fmt.Sprintf("relocation %d of %s refers to symbol %d, the table has %d symbols", j, k.Section, e.Sym, p.syms.tab.Len())
			}
			p.foreign(k, klp.Foreign{At: p.at(entry)})
			continue
		}
		if n := p.klpSymOf(int(e.Sym)); n >= 0 {
			if used[n] != int32(i) {
				used[n] = int32(i)
				k.Symbols = append(k.Symbols, n)
			}
		}
		if int(p.f.Sections[i].Info) < len(p.m.Sections) && e.Type != none {
			p.m.Sections[p.f.Sections[i].Info].Relas++
		}
		if y.Shndx != klp.SHNLivepatch {
			f := klp.Foreign{Shndx: y.Shndx, At: p.at(entry)}
			if k.ForeignCount < maxListed {
				f.Symbol = p.symName(e.Sym)
			}
			p.foreign(k, f)
		}
		if err := p.klpTarget(i, k, e); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) foreign(k *klp.KlpRela, f klp.Foreign) {
	if k.ForeignCount++; k.ForeignCount <= maxListed {
		k.Foreign = append(k.Foreign, f)
	}
}

// klpSymOf returns the index in KlpSyms of a symbol-table entry, -1 for others.
func (p *parser) klpSymOf(index int) int {
	list := p.m.KlpSyms
	n := sort.Search(len(list), func(i int) bool { return list[i].Index >= index })
	if n < len(list) && list[n].Index == index {
		return n
	}
	return -1
}

// klpTarget notes a target whose bytes are not zero before relocation.
func (p *parser) klpTarget(section int, k *klp.KlpRela, e safeelf.Rela) error {
	info := p.f.Sections[section].Info
	if int64(info) >= int64(len(p.f.Sections)) || info == 0 {
		return nil
	}
	width := p.arch.width(e.Type)
	if width == 0 {
		return nil
	}
	at := placeAt(int(info), e.Off)
	if p.m.Arch == klp.X86_64 && !p.tableRela(int(info), e) {
		p.oddRela(klp.RelaTable, int(info), e, 0)
	}
	b, ok := p.bytesAt(at, width)
	if !ok {
		return p.fail(place{Section: section}, "relocation at 0x%x, past the end of %s", e.Off, p.f.Sections[info].Name)
	}
	relocated := false
	if allZero(b) {
		if p.f.Sections[section].Flags&klp.SHFRelaLivepatch == 0 {
			return nil // to the loader it is an ordinary one itself
		}
		var err error
		if relocated, err = p.fills(at, width); err != nil || !relocated {
			return err
		}
	}
	if k.NonZeroCount++; k.NonZeroCount <= maxNonZero {
		v := uint64(0)
		if width == 8 {
			v = p.f.Uint64(b)
		} else {
			v = uint64(p.f.Uint32(b))
		}
		k.NonZero = append(k.NonZero, klp.NonZero{At: p.locate(at), Type: e.Type, Value: v, Relocated: relocated})
	}
	return nil
}

// fills reports whether an ordinary relocation fills a byte of a field.
func (p *parser) fills(at place, width uint64) (bool, error) {
	const widest = 8
	rs, err := p.relocsIn(at.Section, at.Offset-min(at.Offset, widest-1), at.Offset+width)
	if err != nil {
		return false, err
	}
	for _, r := range rs {
		if w := p.arch.width(r.Type); w > 0 && r.Offset+w > at.Offset {
			return true, nil
		}
	}
	return false, nil
}
