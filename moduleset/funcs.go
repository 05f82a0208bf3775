package moduleset

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sort"
)

// funcEntry is one func of one member. The index of funcs is a sorted list of
// these, for a map of two hundred thousand keys would take the memory of all
// members once more.
type funcEntry struct {
	hash          uint64
	member, index uint32
}

// hashSeed makes the hashes of funcs differ from run to run, so that no module
// can be made to collide. No order that is seen depends on it.
var hashSeed = maphash.MakeSeed()

func (s *Set) funcAt(e funcEntry) *Func { return &s.Members[e.member].Funcs[e.index] }

// compareFuncs orders by hash first, and then exactly.
func (s *Set) compareFuncs(a, b funcEntry) int {
	if a.hash != b.hash {
		return cmp.Compare(a.hash, b.hash)
	}
	f, g := s.funcAt(a).Key(), s.funcAt(b).Key()
	literal := 0
	if f.Literal != g.Literal {
		literal = 1
		if g.Literal {
			literal = -1
		}
	}
	return cmp.Or(cmp.Compare(f.Name, g.Name), cmp.Compare(f.Object, g.Object), literal, cmp.Compare(f.Position, g.Position),
		cmp.Compare(a.member, b.member), cmp.Compare(a.index, b.index))
}

// index makes the index when the first question needs all of it.
func (s *Set) index() { s.indexed.Do(s.indexFuncs) }

// indexFuncs finds the funcs that several members patch.
func (s *Set) indexFuncs() {
	count := 0
	for _, m := range s.Members {
		count += len(m.Funcs)
	}
	s.funcs = make([]funcEntry, 0, count)
	for i, m := range s.Members {
		for j := range m.Funcs {
			s.funcs = append(s.funcs, funcEntry{maphash.Comparable(hashSeed, m.Funcs[j].Key()), uint32(i), uint32(j)})
		}
	}
	slices.SortFunc(s.funcs, s.compareFuncs)
	s.numbers = make([][]int32, len(s.Members))
	numbers := make([]int32, 0, count)
	for i, m := range s.Members {
		n := len(numbers)
		numbers = numbers[:n+len(m.Funcs)]
		s.numbers[i] = numbers[n:n:len(numbers)]
	}
	for start := 0; start < len(s.funcs); {
		end := start + 1
		for end < len(s.funcs) && s.funcs[end].hash == s.funcs[start].hash && s.funcAt(s.funcs[end]).Key() == s.funcAt(s.funcs[start]).Key() {
			end++
		}
		for i, e := range s.funcs[start:end] {
			if i == 0 || s.funcs[start+i-1].member != e.member {
				s.numbers[e.member] = append(s.numbers[e.member], int32(s.different))
			}
		}
		s.different++
		if s.funcs[start].member != s.funcs[end-1].member {
			s.shared = append(s.shared, s.funcs[start:end])
		}
		start = end
	}
	slices.SortFunc(s.shared, func(a, b []funcEntry) int {
		return cmp.Or(cmp.Compare(a[0].member, b[0].member), cmp.Compare(a[0].index, b[0].index))
	})
}

// FuncNumbers returns the numbers of the member's funcs, in ascending order: one for
// all funcs of one Key, from 0 to below DifferentFuncs.
func (s *Set) FuncNumbers(m *Member) []int32 {
	s.index()
	return s.numbers[m.index]
}

// DifferentFuncs is how many different funcs the members patch.
func (s *Set) DifferentFuncs() int {
	s.index()
	return s.different
}

// Patching returns the entries of all members that patch the func, by path and
// in table order.
func (s *Set) Patching(key FuncKey) []Row {
	s.index()
	hash := maphash.Comparable(hashSeed, key)
	var out []Row
	for i := sort.Search(len(s.funcs), func(i int) bool { return s.funcs[i].hash >= hash }); i < len(s.funcs) && s.funcs[i].hash == hash; i++ {
		if e := s.funcs[i]; s.funcAt(e).Key() == key {
			out = append(out, Row{s.Members[e.member], int(e.index)})
		}
	}
	return out
}

// SharedFuncs calls yield with the entries of each func that several members
// patch. The slice is good until yield returns.
func (s *Set) SharedFuncs(yield func([]Row) bool) {
	s.index()
	var rows []Row
	for _, entries := range s.shared {
		rows = rows[:0]
		for _, e := range entries {
			rows = append(rows, Row{s.Members[e.member], int(e.index)})
		}
		if !yield(rows) {
			return
		}
	}
}

// candidateFuncs is SharedFuncs without the funcs that no candidate patches. Where the
// candidates are a small part of the set that is one walk along its funcs, without the
// index: a module beside ten thousand.
func (s *Set) candidateFuncs(yield func([]Row) bool) {
	theirs, all := 0, 0
	for _, m := range s.Members {
		all += len(m.Funcs)
		if !m.Baseline {
			theirs += len(m.Funcs)
		}
	}
	if theirs > all/8 {
		s.SharedFuncs(yield)
		return
	}
	slots, names := make(map[FuncKey]int, theirs), make(map[string]bool, theirs)
	for _, m := range s.candidates {
		for i := range m.Funcs {
			key := m.Funcs[i].Key()
			names[key.Name] = true
			if _, known := slots[key]; !known {
				slots[key] = len(slots)
			}
		}
	}
	rows := make([][]Row, len(slots))
	for _, m := range s.Members {
		for i := range m.Funcs {
			f := &m.Funcs[i]
			name := f.Name
			if f.code != nil {
				name = f.code.name
			}
			if !names[name] {
				continue
			}
			if slot, wanted := slots[f.Key()]; wanted {
				rows[slot] = append(rows[slot], Row{m, i})
			}
		}
	}
	rows = slices.DeleteFunc(rows, func(r []Row) bool { return r[0].Member == r[len(r)-1].Member })
	slices.SortFunc(rows, func(a, b []Row) int { return compareRows(a[0], b[0]) })
	for _, r := range rows {
		if !yield(r) {
			return
		}
	}
}
