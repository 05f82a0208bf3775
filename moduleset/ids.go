package moduleset

import (
	"maps"
	"slices"
)

// idIndex finds the entries of a numeric id: of states, and of shadow variables.
type idIndex map[uint64][]Row

func indexIDs(members []*Member, ids func(m *Member, yield func(uint64))) idIndex {
	x := make(idIndex)
	for _, m := range members {
		i := 0
		ids(m, func(id uint64) {
			x[id] = append(x[id], Row{m, i})
			i++
		})
	}
	return x
}

// all calls yield with the entries of each id, in ascending order of the ids.
func (x idIndex) all(yield func([]Row) bool) {
	for _, id := range slices.Sorted(maps.Keys(x)) {
		if !yield(x[id]) {
			return
		}
	}
}
