package moduleset

import (
	"cmp"
	"slices"

	"github.com/klplint/klplint/replace"
)

// Effect is what loading one livepatch does to another that is active.
type Effect int8

// The effects.
const (
	Unjudged     Effect = iota // a model cannot read one of the two
	Keeps                      // the other stays active beside it
	Evicts                     // the other is replaced
	Undetermined               // it depends on the reading, or on a value that is not known
)

// String returns "unjudged", "keeps", "evicts" or "undetermined".
func (e Effect) String() string {
	switch e {
	case Keeps:
		return "keeps"
	case Evicts:
		return "evicts"
	case Undetermined:
		return "undetermined"
	}
	return "unjudged"
}

// Effect says what loading a member of the class next does to an active member
// of the class active. The two may be one class.
func (s *Set) Effect(next, active *Class) Effect {
	if s.problem != "" || next.unread || active.unread {
		return Unjudged
	}
	evicted, kept := false, false
	for i, m := range s.models {
		for _, n := range next.readings[i] {
			for _, a := range active.readings[i] {
				if m.Relate(n, a, s.options()).Evicted {
					evicted = true
				} else {
					kept = true
				}
			}
		}
	}
	switch {
	case evicted && kept:
		return Undetermined
	case evicted:
		return Evicts
	}
	return Keeps
}

// Evicts reports whether loading next replaces active under every model and
// every value that is possible.
func (s *Set) Evicts(next, active *Member) bool { return s.Effect(next.class, active.class) == Evicts }

func (s *Set) options() replace.Options { return replace.Options{ZeroSpecial: s.Options.ZeroSpecial} }

// EvictedBy returns the classes whose members a load of a member of the class
// next replaces, and those where that is undetermined, in the order of Classes.
// The members of all other classes stay active.
func (s *Set) EvictedBy(next *Class) (evicted, undetermined []*Class) {
	if s.problem != "" || next.unread {
		return nil, nil
	}
	for _, c := range s.mayMeet(next) {
		switch s.Effect(next, c) {
		case Evicts:
			evicted = append(evicted, c)
		case Undetermined:
			undetermined = append(undetermined, c)
		}
	}
	return evicted, undetermined
}

// mayMeet lists the classes that could be evicted by the class: under mainline
// all, under the set models those that are in a set that it is in or evicts,
// and those in set 0. Two readings without a common number keep each other,
// for a model looks at common numbers alone; so a load among ten thousand sets
// asks for the few that it names.
func (s *Set) mayMeet(next *Class) []*Class {
	if !s.RefusesSharing() {
		return s.classes
	}
	var out []*Class
	for i := range s.models {
		for _, reading := range next.readings[i] {
			for _, numbers := range [][]uint32{reading.Sets, reading.Evicts, {0}} {
				for _, n := range numbers {
					out = append(out, s.bySet[i][n]...)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b *Class) int { return cmp.Compare(a.index, b.index) })
	return slices.Compact(out)
}

// indexSets finds classes by the sets that they belong to.
func (s *Set) indexSets() {
	s.bySet = make([]map[uint32][]*Class, len(s.models))
	for i := range s.models {
		s.bySet[i] = make(map[uint32][]*Class)
		for _, c := range s.classes {
			for _, reading := range c.readings[i] {
				for _, n := range reading.Sets {
					s.bySet[i][n] = append(s.bySet[i][n], c)
				}
			}
		}
	}
}
