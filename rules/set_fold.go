package rules

// fold is what several members share, as one finding: a pair that shows it, and
// how many members are in such a pair.
type fold struct {
	// next is a candidate, and active another member that is (or may be) still
	// active when next is loaded.
	next, active posting
	others       []posting // more members that are in such a pair, at most maxListed
	total        int       // all members that are in one
}

// folder folds the rows of one key. It holds scratch space by class, so that a
// key costs its rows and the exceptions of its classes, and never all pairs:
// a func that all of ten thousand modules patch is one finding.
type folder struct {
	set     *Set
	members []uint32 // members with the key, by class
	next    []bool   // by class: its candidates are the next of a pair
	active  []bool   // by class: its members are the active of a pair
	classes []uint32 // the classes that occur, to reset the rest by
	todo    []uint32 // scratch of findActive
}

func newFolder(s *Set) *folder {
	n := len(s.classes)
	return &folder{set: s, members: make([]uint32, n), next: make([]bool, n), active: make([]bool, n)}
}

// fold folds rows, which are in the order of the members, over pairs of which
// the active member has that fate, stays or depends.
func (f *folder) fold(rows []posting, want fate) (fold, bool) {
	if len(rows) < 2 {
		return fold{}, false
	}
	total := f.count(rows)
	found := false
	for _, class := range f.classes {
		if f.next[class] && !f.meets(class, total, want) {
			f.next[class] = false
		}
		found = found || f.next[class]
	}
	if !found {
		return fold{}, false
	}
	f.findActive(want)
	return f.gather(rows, want), true
}

// count fills the scratch space. For now next marks the classes that have
// candidates among the rows.
func (f *folder) count(rows []posting) (total uint32) {
	for _, class := range f.classes {
		f.members[class], f.next[class], f.active[class] = 0, false, false
	}
	f.classes = f.classes[:0]
	last := ^uint32(0)
	for _, p := range rows {
		m := f.set.Members[p.member]
		if p.member == last || f.set.unread[m.class] {
			continue
		}
		last = p.member
		if f.members[m.class] == 0 {
			f.classes = append(f.classes, m.class)
		}
		f.members[m.class]++
		total++
		if !m.Baseline {
			f.next[m.class] = true
		}
	}
	return total
}

// meets reports whether a candidate of the class meets another member of that fate.
func (f *folder) meets(class, total uint32, want fate) bool {
	r := f.set.relations.of(class)
	var count [depends + 1]uint32
	if len(f.classes) < len(r.gone)+len(r.either) {
		for _, x := range f.classes {
			count[r.fate(x)] += f.members[x]
		}
	} else {
		for _, x := range r.gone {
			count[goes] += f.members[x]
		}
		for _, x := range r.either {
			count[depends] += f.members[x]
		}
		count[stays] = total - count[goes] - count[depends]
	}
	n := count[want]
	if r.fate(class) == want {
		n-- // the candidate is not beside itself
	}
	return n > 0
}

// findActive marks the classes whose members are the active one of a pair.
// Each class that is a next one settles most of what is left to do at once.
func (f *folder) findActive(want fate) {
	f.todo = append(f.todo[:0], f.classes...)
	for _, class := range f.classes {
		if !f.next[class] {
			continue
		}
		r := f.set.relations.of(class)
		left := f.todo[:0]
		for _, x := range f.todo {
			if r.fate(x) == want && (x != class || f.members[x] > 1) {
				f.active[x] = true
			} else {
				left = append(left, x)
			}
		}
		f.todo = left
	}
}

// gather names the last candidate that is in a pair, the first member that it
// meets, and others in the order of the members.
func (f *folder) gather(rows []posting, want fate) fold {
	var out fold
	for i := len(rows) - 1; i >= 0; i-- {
		m := f.set.Members[rows[i].member]
		if !m.Baseline && f.next[m.class] {
			out.next = rows[i]
			break
		}
	}
	next := f.set.Members[out.next.member]
	r := f.set.relations.of(next.class)
	met := false
	last := ^uint32(0)
	for _, p := range rows {
		m := f.set.Members[p.member]
		if p.member == last || !(f.active[m.class] || !m.Baseline && f.next[m.class]) {
			continue
		}
		last = p.member
		out.total++
		switch {
		case m == next:
		case !met && f.active[m.class] && r.fate(m.class) == want:
			met = true
			out.active = p
		case len(out.others) < maxListed:
			out.others = append(out.others, p)
		}
	}
	return out
}
