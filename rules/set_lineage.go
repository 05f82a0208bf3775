package rules

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/klplint/klplint/internal/names"
)

// lineageKey names what a member follows and is followed by: livepatches of
// one owner and one stem. Under set models the own set takes the stem's place,
// because only one of a set is active; set 0 is the default of those who
// do not think of sets, and says nothing.
func (s *Set) lineageKey(m *Member) [2]string {
	if s.underSets() && !s.unread[m.class] {
		if own := s.judged[0].readings[m.class][0].Sets[0]; own != 0 {
			return [2]string{m.Owner, "set " + strconv.FormatUint(uint64(own), 10)}
		}
	}
	return [2]string{m.Owner, names.Stem(cmp.Or(m.Name, m.Path), m.Release)}
}

// older orders the generations of a lineage by their names, as people count.
// The digest breaks ties, so that the order in which members were given does not
// decide.
func older(a, b *Member) int {
	return cmp.Or(names.Natural(a.Name, b.Name), names.Natural(a.Path, b.Path), cmp.Compare(a.SHA256, b.SHA256))
}

// newest returns the newest member of each lineage of the baseline, by class.
// What came before it was replaced, or left behind, by those who built it.
func (s *Set) newest() map[uint32][]*Member {
	last := make(map[[2]string]*Member)
	for _, m := range s.Members {
		if !m.Baseline {
			continue
		}
		k := s.lineageKey(m)
		if last[k] == nil || older(last[k], m) < 0 {
			last[k] = m
		}
	}
	all := make([]*Member, 0, len(last))
	for _, m := range last {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *Member) int { return cmp.Compare(a.index, b.index) })
	out := make(map[uint32][]*Member)
	for _, m := range all {
		out[m.class] = append(out[m.class], m)
	}
	return out
}

// predecessors pairs each candidate with the next older candidate of its stem.
func (s *Set) predecessors() [][2]*Member {
	type named struct {
		stem string
		*Member
	}
	list := make([]named, 0, len(s.candidates))
	for _, i := range s.candidates {
		m := s.Members[i]
		list = append(list, named{names.Stem(cmp.Or(m.Name, m.Path), m.Release), m})
	}
	slices.SortFunc(list, func(a, b named) int {
		return cmp.Or(cmp.Compare(a.stem, b.stem), cmp.Compare(a.Owner, b.Owner), older(a.Member, b.Member))
	})
	var out [][2]*Member
	for i := 1; i < len(list); i++ {
		a, b := list[i-1], list[i]
		if a.stem == b.stem && a.Owner == b.Owner && a.Name != b.Name {
			out = append(out, [2]*Member{a.Member, b.Member})
		}
	}
	return out
}
