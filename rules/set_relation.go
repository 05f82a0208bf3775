package rules

import (
	"slices"
	"sync"

	"github.com/klplint/klplint/replace"
)

// row says what a load of a member of one class does to active members of the
// others. Classes that are in neither list stay active beside it.
type row struct {
	gone   []uint32 // evicted, under every model and value; ascending
	either []uint32 // evicted under some model or value only; ascending
}

// relations answers for pairs of classes, through an index on set numbers: two
// readings that have no number in common, and not 0, relate as any two such do,
// for a model looks at common numbers alone. So a row costs as many questions
// as it has exceptions, however many classes there are.
type relations struct {
	set      *Set
	bySet    []map[uint32][]uint32 // for each model: the classes of which a member is in the set
	flagOnly bool                  // mainline: there are no numbers, every class is asked

	mu   sync.Mutex // rules run side by side
	rows map[uint32]row
}

// maxPairs bounds the pairs of classes that have a set in common: two thousand
// different lists that all share one. Each is compared once and remembered. A
// set beyond it is not judged, and says so.
const maxPairs = 4 << 20

func newRelations(s *Set) *relations {
	r := &relations{set: s, rows: make(map[uint32]row)}
	for _, j := range s.judged {
		index := make(map[uint32][]uint32)
		for class, readings := range j.readings {
			for _, reading := range readings {
				if len(reading.Sets) == 0 {
					r.flagOnly = true
				}
				for _, number := range reading.Sets {
					if list := index[number]; len(list) == 0 || list[len(list)-1] != uint32(class) {
						index[number] = append(list, uint32(class))
					}
				}
			}
		}
		r.bySet = append(r.bySet, index)
	}
	return r
}

// pairs counts the pairs of classes that have a number in common, or whose
// active one is in set 0.
func (r *relations) pairs() (n int) {
	for i, j := range r.set.judged {
		for _, readings := range j.readings {
			for _, reading := range readings {
				for _, numbers := range [][]uint32{reading.Sets, reading.Evicts, {0}} {
					for _, number := range numbers {
						n += len(r.bySet[i][number])
					}
				}
			}
		}
	}
	return n
}

// of returns the row of a class whose member is loaded.
func (r *relations) of(next uint32) row {
	r.mu.Lock()
	known, ok := r.rows[next]
	r.mu.Unlock()
	if ok {
		return known
	}
	var out row
	for _, active := range r.exceptions(next) {
		evicted, kept := r.ask(next, active)
		switch {
		case evicted && kept:
			out.either = append(out.either, active)
		case evicted:
			out.gone = append(out.gone, active)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows[next] = out
	return out
}

// exceptions lists the classes that share a set number with the class, and
// those that are in set 0, in ascending order.
func (r *relations) exceptions(next uint32) []uint32 {
	var out []uint32
	if r.flagOnly {
		for class := range r.set.classes {
			if !r.set.unread[class] {
				out = append(out, uint32(class))
			}
		}
		return out
	}
	if r.set.unread[next] {
		return nil
	}
	for i, j := range r.set.judged {
		for _, reading := range j.readings[next] {
			for _, numbers := range [][]uint32{reading.Sets, reading.Evicts, {0}} {
				for _, n := range numbers {
					out = append(out, r.bySet[i][n]...)
				}
			}
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(class uint32) bool { return r.set.unread[class] })
}

// ask puts one pair to every model and value.
func (r *relations) ask(next, active uint32) (evicted, kept bool) {
	for _, j := range r.set.judged {
		for _, n := range j.readings[next] {
			for _, a := range j.readings[active] {
				if j.model.Relate(n, a, r.set.replaceOptions()).Evicted {
					evicted = true
				} else {
					kept = true
				}
			}
		}
	}
	return evicted, kept
}

func (s *Set) replaceOptions() replace.Options {
	return replace.Options{ZeroSpecial: s.Options.ZeroSpecial}
}

// fate is what becomes of an active member when another is loaded.
type fate int8

const (
	unjudged fate = iota // a model cannot read one of the two
	stays
	goes
	depends // on the reading, or on a value that is not known
)

// fate answers for one ordered pair of members: active is loaded, next comes.
func (s *Set) fate(active, next *Member) fate {
	if s.problem != "" || s.unread[active.class] || s.unread[next.class] {
		return unjudged
	}
	return s.relations.of(next.class).fate(active.class)
}

// underSets reports whether the set is judged under models that refuse what
// livepatches of different sets share.
func (s *Set) underSets() bool {
	if len(s.judged) == 0 {
		return false
	}
	_, mainline := s.judged[0].model.(replace.Mainline)
	return !mainline
}

// fate is what becomes of the active members of a class.
func (r row) fate(active uint32) fate {
	if _, ok := slices.BinarySearch(r.gone, active); ok {
		return goes
	}
	if _, ok := slices.BinarySearch(r.either, active); ok {
		return depends
	}
	return stays
}
