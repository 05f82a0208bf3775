package moduleset

import (
	"encoding/binary"
	"iter"
	"slices"

	"github.com/klplint/klplint/klp"
)

// LackingPairs yields the pairs of which Next lacks states of Active, where the
// effect of the load makes that matter, in the order of Next and Active.
// Shared.Next is -1. It may be the one that is TooMany.
func (s *Set) LackingPairs(matters func(Effect) bool) iter.Seq[Pair] {
	return func(yield func(Pair) bool) {
		if s.evictions() > MaxPairs {
			yield(Pair{})
			return
		}
		byClass := s.byStates()
		p := partners{set: s, slots: make([]int32, len(s.Members))}
		var class *Class // that buckets is about
		var buckets [][]*Member
		var lacking []Shared
		for _, next := range s.Members {
			if next.Baseline {
				continue
			}
			if class != next.class {
				class, buckets = next.class, buckets[:0]
				evicted, undetermined := s.EvictedBy(class)
				for _, active := range mattering(evicted, undetermined, matters) {
					buckets = append(buckets, byClass[active]...)
				}
			}
			p.begin(next)
			for _, bucket := range buckets {
				lacking = lackingStates(lacking[:0], next, bucket[0])
				if len(lacking) == 0 {
					continue
				}
				for _, active := range bucket {
					p.note(active, lacking...) // never next itself, which lacks nothing of its own
				}
			}
			if !p.all(yield) {
				return
			}
		}
	}
}

func mattering(evicted, undetermined []*Class, matters func(Effect) bool) []*Class {
	var out []*Class
	if matters(Evicts) {
		out = append(out, evicted...)
	}
	if matters(Undetermined) {
		out = append(out, undetermined...)
	}
	return out
}

// byStates groups the members of each class that have equal state ids in equal
// order. Members without states are left out.
func (s *Set) byStates() map[*Class][][]*Member {
	out := make(map[*Class][][]*Member)
	for _, c := range s.classes {
		known := make(map[string]int)
		for _, m := range c.Members {
			if len(m.States) == 0 {
				continue
			}
			var key []byte
			for i := range m.States {
				key = binary.LittleEndian.AppendUint64(key, m.States[i].ID)
			}
			i, ok := known[string(key)]
			if !ok {
				i = len(out[c])
				known[string(key)] = i
				out[c] = append(out[c], nil)
			}
			out[c][i] = append(out[c][i], m)
		}
	}
	return out
}

// lackingStates appends the states of active that next lacks.
func lackingStates(out []Shared, next, active *Member) []Shared {
	for i := range active.States {
		id := active.States[i].ID
		same := func(st klp.State) bool { return st.ID == id }
		if !slices.ContainsFunc(next.States, same) && !slices.ContainsFunc(active.States[:i], same) {
			out = append(out, Shared{int32(i), -1})
		}
	}
	return out
}
