package elfread

import (
	"debug/elf"
	"math/rand/v2"
)

// startIndex finds symbols by the place where they start: a hash table, which
// costs a tenth of sorting the symbols. Its hash starts from a random number,
// so that no file can be made to collide.
type startIndex struct {
	slots []int32 // 1 + index into symbols.defined; 0 is free
	seed  uint64
	ready bool
}

// build enters the defined symbols. Of several of one type at one place the
// first with a size counts; labels that only mark code or data ($x, .L1) are
// left out.
func (t *startIndex) build(s *symbols) {
	n := 64
	for n < 2*len(s.defined) {
		n *= 2
	}
	t.slots = cleared(t.slots, n)
	if t.seed == 0 {
		t.seed = rand.Uint64() | 1
	}
	t.ready = true
	for i, y := range s.defined {
		if y.typ == elf.STT_NOTYPE {
			if name := s.tab.Name(s.tab.At(int(y.index))); len(name) == 0 || name[0] == '$' || name[0] == '.' {
				continue
			}
		}
		slot := t.slot(s.defined, place{Section: int(y.section), Offset: y.value}, y.typ)
		if *slot == 0 || s.defined[*slot-1].size == 0 && y.size > 0 {
			*slot = int32(i + 1)
		}
	}
}

func (t *startIndex) find(defined []symPlace, at place, typ elf.SymType) (symPlace, bool) {
	slot := *t.slot(defined, at, typ)
	if slot == 0 {
		return symPlace{}, false
	}
	return defined[slot-1], true
}

// slot returns the slot of the symbol of a type at a place, or the free one
// where it would go.
func (t *startIndex) slot(defined []symPlace, at place, typ elf.SymType) *int32 {
	mask := uint64(len(t.slots) - 1)
	h := (at.Offset ^ uint64(at.Section)<<48 ^ uint64(typ)<<44) + t.seed
	h = (h ^ h>>31) * (t.seed | 1)
	h = (h ^ h>>29) * 0x9e3779b97f4a7c15
	for h ^= h >> 32; ; h++ {
		slot := &t.slots[h&mask]
		if *slot == 0 {
			return slot
		}
		if y := &defined[*slot-1]; y.value == at.Offset && int(y.section) == at.Section && y.typ == typ {
			return slot
		}
	}
}
