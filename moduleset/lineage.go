package moduleset

import (
	"cmp"
	"strconv"

	"github.com/klplint/klplint/internal/names"
)

// Lineage names what a member follows and is followed by.
type Lineage struct {
	Owner string
	// Name is the stem of the modules' names: without the version and the
	// kernel's release in them. Under the set models "set N" stands for it,
	// because only one of a set is active; set 0 is the default of those who do
	// not think of sets, and says nothing.
	Name string
}

// Lineage returns the lineage of a member.
func (s *Set) Lineage(m *Member) Lineage {
	if s.RefusesSharing() && !m.class.unread {
		if own := m.class.readings[0][0].Sets[0]; own != 0 {
			return Lineage{m.Owner, "set " + strconv.FormatUint(uint64(own), 10)}
		}
	}
	return Lineage{m.Owner, m.stem}
}

// older orders the generations of a lineage by their names, as people count. Two
// builds of one name are no generations: the kernel loads one of them at a time.
func older(a, b *Member) int {
	return names.Natural(cmp.Or(a.Name, a.Path), cmp.Or(b.Name, b.Path))
}

// earlier orders the baseline: a registry knows in which order its modules became active,
// others have their names alone.
func earlier(a, b *Member) int { return cmp.Or(cmp.Compare(a.Since, b.Since), older(a, b)) }

// generation is the members of one lineage, channel and class; those of a registry, and
// those that are given beside it, of which nobody knows whether they were loaded before.
type generation struct {
	Lineage
	channel  string
	recorded bool
	class    *Class
}

// Succession returns what became of each member of the baseline, by Member.Index,
// when the later ones of its lineage and channel were loaded: Evicts where one of
// these replaces it for sure, Undetermined where one may, else Keeps. A candidate has
// Unjudged.
func (s *Set) Succession() []Effect {
	// Of the members of a generation the latest one evicts what all of them do, so
	// that none is compared with each of the others.
	latest := make(map[generation]*Member)
	of := make([]generation, len(s.Members))
	for i, m := range s.Members {
		if m.Baseline {
			of[i] = generation{s.Lineage(m), m.Channel, m.Since > 0, m.class}
			keepLatest(latest, of[i], m)
		}
	}
	type effects struct{ evicted, undetermined []*Class }
	known := make(map[*Class]effects)
	evicts, may := make(map[generation]*Member), make(map[generation]*Member)
	for next, m := range latest {
		e, asked := known[next.class]
		if !asked {
			e.evicted, e.undetermined = s.EvictedBy(next.class)
			known[next.class] = e
		}
		for _, c := range e.evicted {
			keepLatest(evicts, generation{next.Lineage, next.channel, next.recorded, c}, m)
		}
		for _, c := range e.undetermined {
			keepLatest(may, generation{next.Lineage, next.channel, next.recorded, c}, m)
		}
	}
	out := make([]Effect, len(s.Members))
	for i, m := range s.Members {
		switch {
		case !m.Baseline:
		case isEarlier(m, evicts[of[i]]):
			out[i] = Evicts
		case isEarlier(m, may[of[i]]):
			out[i] = Undetermined
		default:
			out[i] = Keeps
		}
	}
	return out
}

func keepLatest(of map[generation]*Member, g generation, m *Member) {
	if of[g] == nil || earlier(of[g], m) < 0 {
		of[g] = m
	}
}

func isEarlier(m, than *Member) bool { return than != nil && earlier(m, than) < 0 }

// Follows reports whether the names of two modules say that next was built after
// the other: one owner, one stem, and a later version.
func (s *Set) Follows(next, other *Member) bool {
	return next.Owner == other.Owner && next.Name != other.Name && next.stem == other.stem && older(other, next) < 0
}
