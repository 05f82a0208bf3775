package elfread

import (
	"cmp"
	"debug/elf"
	"slices"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/klp"
)

// relocs keeps the decoded relocations of the sections that were asked for.
// Those of .klp.rela sections are apart: the module loader does not apply them
// to data before init runs.
type relocs struct {
	head, next []int32    // by section: first relocation section for it; by relocation section: the next one
	parts      []part     // by section: its part of all
	all        []ir.Reloc // sorted by offset within each part
}

// part is the relocations of one section within relocs.all.
type part struct {
	done       bool
	start, end int32
	last       int32 // where the last search ended, for reading in order
}

// indexRelocs finds, once, which relocation sections apply to which section.
func (p *parser) indexRelocs() {
	r := &p.relocs
	n := len(p.f.Sections)
	r.head, r.next = cleared(r.head, n), cleared(r.next, n)
	r.all = r.all[:0]
	r.parts = cleared(r.parts, n)
	for i := n - 1; i > 0; i-- {
		s := p.f.Sections[i]
		if s.Type != elf.SHT_RELA || s.Flags&klp.SHFRelaLivepatch != 0 || int64(s.Info) >= int64(n) {
			continue
		}
		r.next[i], r.head[s.Info] = r.head[s.Info], int32(i)
	}
}

// cleared returns a slice of n zeros, in the memory of s where that suffices.
func cleared[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// relocsOf returns the relocations for a section, sorted by offset.
func (p *parser) relocsOf(section int) ([]ir.Reloc, error) {
	r := &p.relocs
	if section <= 0 || section >= len(r.head) || r.head[section] == 0 {
		return nil, nil
	}
	if d := &r.parts[section]; d.done {
		return r.all[d.start:d.end:d.end], nil
	}
	start := len(r.all)
	sorted := true
	for i := int(r.head[section]); i != 0; i = int(r.next[i]) {
		rela, err := p.f.Relas(i)
		if err != nil {
			return nil, err
		}
		if len(r.all)+rela.Len() > maxRelocs {
			return nil, p.fail(place{Section: i}, "more than %d relocations", maxRelocs)
		}
		r.all = slices.Grow(r.all, rela.Len())
		for j := range rela.Len() {
			e := rela.At(j)
			if len(r.all) > start && e.Off < r.all[len(r.all)-1].Offset {
				sorted = false
			}
			r.all = append(r.all, ir.Reloc{Offset: e.Off, Type: e.Type, Sym: e.Sym, Addend: e.Addend})
		}
	}
	list := r.all[start:]
	if !sorted {
		slices.SortStableFunc(list, func(a, b ir.Reloc) int { return cmp.Compare(a.Offset, b.Offset) })
	}
	r.parts[section] = part{done: true, start: int32(start), end: int32(len(r.all))}
	return list[:len(list):len(list)], nil
}

// relocsSpent is relocsOf for who looks at all of them.
func (p *parser) relocsSpent(section int) ([]ir.Reloc, error) {
	rs, err := p.relocsOf(section)
	if err != nil {
		return nil, err
	}
	return rs, p.spend(section, len(rs))
}

// allRelocsOf returns the relocations for a section, those of .klp.rela
// sections included, sorted by offset: what code does depends on all of them.
func (p *parser) allRelocsOf(section int) ([]ir.Reloc, error) {
	rs, err := p.relocsOf(section)
	if err != nil || !p.sec.klpRelas {
		return rs, err
	}
	merged := false
	for i, s := range p.f.Sections {
		if s.Type != elf.SHT_RELA || s.Flags&klp.SHFRelaLivepatch == 0 || int64(s.Info) != int64(section) {
			continue
		}
		rela, err := p.f.Relas(i)
		if err != nil {
			return nil, err
		}
		if err := p.spend(i, rela.Len()); err != nil {
			return nil, err
		}
		if len(rs)+rela.Len() > maxRelocs {
			return nil, p.fail(place{Section: i}, "more than %d relocations", maxRelocs)
		}
		rs = slices.Grow(slices.Clip(rs), rela.Len())
		for j := range rela.Len() {
			e := rela.At(j)
			rs = append(rs, ir.Reloc{Offset: e.Off, Type: e.Type, Sym: e.Sym, Addend: e.Addend})
		}
		merged = true
	}
	if merged {
		slices.SortStableFunc(rs, func(a, b ir.Reloc) int { return cmp.Compare(a.Offset, b.Offset) })
	}
	return rs, nil
}

// relocsIn returns the relocations of a section in [lo, hi).
func (p *parser) relocsIn(section int, lo, hi uint64) ([]ir.Reloc, error) {
	all, err := p.relocsOf(section)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	// Tables are read in order: the wanted one is mostly where the last
	// search ended or a few behind.
	last := &p.relocs.parts[section].last
	from := int(*last)
	if from > 0 && all[from-1].Offset >= lo || from+8 < len(all) && all[from+8].Offset < lo {
		from = search(all, lo)
	}
	for from < len(all) && all[from].Offset < lo {
		from++
	}
	to := from
	for to < len(all) && all[to].Offset < hi {
		to++
	}
	*last = int32(from)
	return all[from:to], nil
}

// search returns the index of the first relocation at or behind off.
func search(rs []ir.Reloc, off uint64) int {
	i, _ := slices.BinarySearchFunc(rs, off, func(r ir.Reloc, off uint64) int { return cmp.Compare(r.Offset, off) })
	return i
}
