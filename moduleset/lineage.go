package moduleset

import (
	"cmp"
	"slices"
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

// older orders the generations of a lineage by their names, as people count.
// The digest breaks ties.
func older(a, b *Member) int {
	return cmp.Or(names.Natural(a.Name, b.Name), names.Natural(a.Path, b.Path), cmp.Compare(a.SHA256, b.SHA256))
}

// Newest returns the newest member of each lineage of the baseline, by path. What
// came before it was replaced, or left behind, by those who built it.
func (s *Set) Newest() []*Member {
	last := make(map[Lineage]*Member, len(s.Members))
	for _, m := range s.Members {
		if !m.Baseline {
			continue
		}
		if l := s.Lineage(m); last[l] == nil || older(last[l], m) < 0 {
			last[l] = m
		}
	}
	out := make([]*Member, 0, len(last))
	for _, m := range last {
		out = append(out, m)
	}
	slices.SortFunc(out, order)
	return out
}

// Follows reports whether the names of two modules say that next was built after
// the other: one owner, one stem, and a later version.
func (s *Set) Follows(next, other *Member) bool {
	return next.Owner == other.Owner && next.Name != other.Name && next.stem == other.stem && older(other, next) < 0
}
