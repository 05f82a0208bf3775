package rules

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

// Set is what the rules over several modules see: the modules of one kernel
// release and architecture, each as a compact row, and indexes that find what
// two of them share without comparing pairs.
//
// A Set of 10,000 modules with 200,000 funcs takes about 20 MiB. It is not
// changed after NewSet, and several goroutines may read it.
type Set struct {
	Members []*Member // in the order given, without those of Dropped
	// Dropped are the members of the baseline that are candidates too: by path,
	// or by name and SHA-256. A module is not judged against itself.
	Dropped []*Member
	Options SetOptions

	candidates []int // indices of members that are not of the baseline

	// keys holds, for each key that several funcs have, the first of them; and for
	// a few that one func has alone. Of the others only the number counts: all
	// keys are below keyCount.
	keys     []posting
	keyCount uint32
	funcs    postings // by key
	states   idIndex
	shadows  idIndex
	names    map[string][]int // members by module name, of names that several have
	classes  []klp.Replace    // the distinct values of Replace, places left out

	problem   string // why there is no model to judge under; "" when there is
	judged    []judged
	unread    []bool // by class: a model cannot read it
	relations *relations
}

// SetOptions are the choices that the set rules depend on.
type SetOptions struct {
	// Target is the group's kernel; nil when nothing is known of it. The driver
	// fills it in.
	Target klp.Target
	// Behaviour is how this kernel answers where releases differ. It is taken
	// from Target where that is given, and where it names no release from the
	// one in the members' vermagic.
	Behaviour klp.Behaviour
	// AssumeSympos01: the kernel has the fix that makes klp_find_func() take
	// sympos 0 and 1 for equal (--assume-fix sympos01).
	AssumeSympos01 bool
	// Model is the name of the replace model to judge under; "" lets the
	// modules' own fields decide.
	Model string
	// ZeroSpecial: set 0 is replaced by a patch of set 0 only.
	ZeroSpecial bool
	// SharedFuncs are globs over func names, or over "object:func" where they
	// hold a colon (path.Match), that every module of a vendor patches on
	// purpose: KLP401 does not warn of them. Where a model refuses the load, no
	// purpose helps, and it stays an error.
	SharedFuncs []string
	// SameFile tells whether two files hold the same bytes. It is asked only
	// for modules of one name and size that were not hashed; nil means that
	// they are taken for different.
	SameFile func(a, b string) (bool, error)
}

// NewSet makes the set of one group of members, in any order of roles, and
// takes them over. The indexes are built in time linear in the rows.
func NewSet(members []*Member, o SetOptions) *Set {
	s := &Set{Options: o}
	s.takeOver(members)
	s.settleBehaviour()
	s.indexFuncs()
	s.states = indexIDs(s.Members, func(m *Member) int { return len(m.states) }, func(m *Member, row int) uint64 { return m.states[row].id })
	s.shadows = indexIDs(s.Members, func(m *Member) int { return len(m.shadows) }, func(m *Member, row int) uint64 { return m.shadows[row].id })
	s.indexNames()
	s.classify()
	s.chooseModels()
	if s.problem == "" {
		s.relations = newRelations(s)
		if s.relations.pairs() > maxPairs {
			s.problem = fmt.Sprintf("fewer different lists of replace sets: the %d here overlap in more than %d pairs", len(s.classes), maxPairs)
		}
	}
	return s
}

func (s *Set) settleBehaviour() {
	o := &s.Options
	switch {
	case o.Target != nil:
		o.Behaviour = o.Target.Behaviour()
	case o.Behaviour.Release == "" && len(s.Members) > 0:
		o.Behaviour = kernel.BehaviourOf(s.Members[0].Release)
	}
	if o.AssumeSympos01 {
		o.Behaviour.Sympos01 = klp.Yes
	}
}

// takeOver splits off the members of the baseline that are candidates too.
func (s *Set) takeOver(members []*Member) {
	paths, hashes := make(map[string]bool), make(map[[2]string]bool)
	baseline := slices.ContainsFunc(members, func(m *Member) bool { return m.Baseline })
	for _, m := range members {
		if !m.Baseline && baseline {
			paths[m.Path] = true
			if m.SHA256 != "" {
				hashes[[2]string{m.Name, m.SHA256}] = true
			}
		}
	}
	s.Members = make([]*Member, 0, len(members))
	for _, m := range members {
		if m.Baseline && (paths[m.Path] || m.SHA256 != "" && hashes[[2]string{m.Name, m.SHA256}]) {
			s.Dropped = append(s.Dropped, m)
			continue
		}
		m.index = len(s.Members)
		if !m.Baseline {
			s.candidates = append(s.candidates, m.index)
		}
		s.Members = append(s.Members, m)
	}
}

// posting is one row of one member.
type posting struct{ member, row uint32 }

// postings are lists of rows behind each other: those of key k stand at
// list[start[k]:start[k+1]], in the order of the members.
type postings struct {
	start []uint32
	list  []posting
}

// of returns the rows of a key, none for one that is not listed.
func (p *postings) of(key uint32) []posting {
	if int(key)+1 >= len(p.start) {
		return nil
	}
	return p.list[p.start[key]:p.start[key+1]]
}

// count is a counting sort of rows by key; rows is walked twice.
func count(keys int, rows func(func(uint32, posting) bool)) postings {
	p := postings{start: make([]uint32, keys+2)}
	rows(func(key uint32, _ posting) bool { p.start[key+2]++; return true })
	for k := 2; k < len(p.start); k++ {
		p.start[k] += p.start[k-1]
	}
	p.list = make([]posting, p.start[len(p.start)-1])
	rows(func(key uint32, row posting) bool {
		p.list[p.start[key+1]] = row
		p.start[key+1]++
		return true
	})
	p.start = p.start[:keys+1]
	return p
}

// indexNames lists the members of each name that several have.
func (s *Set) indexNames() {
	first := make(map[string]int, len(s.Members))
	s.names = make(map[string][]int)
	for i, m := range s.Members {
		if m.Name == "" {
			continue
		}
		j, ok := first[m.Name]
		switch {
		case !ok:
			first[m.Name] = i
		case s.names[m.Name] == nil:
			s.names[m.Name] = []int{j, i}
		default:
			s.names[m.Name] = append(s.names[m.Name], i)
		}
	}
}

// idIndex finds the rows of a numeric id: of states and of shadow variables.
type idIndex struct {
	ids []uint64 // ascending
	postings
}

// indexIDs sorts rather than hashes: most modules have no states at all.
func indexIDs(members []*Member, rows func(*Member) int, id func(*Member, int) uint64) idIndex {
	type entry struct {
		id uint64
		posting
	}
	var entries []entry
	for i, m := range members {
		for row := range rows(m) {
			entries = append(entries, entry{id(m, row), posting{uint32(i), uint32(row)}})
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(a.id, b.id) })
	var x idIndex
	x.list = make([]posting, len(entries))
	for i, e := range entries {
		if i == 0 || e.id != entries[i-1].id {
			x.ids = append(x.ids, e.id)
			x.start = append(x.start, uint32(i))
		}
		x.list[i] = e.posting
	}
	x.start = append(x.start, uint32(len(entries)))
	return x
}

// classify numbers the distinct values of Replace: what two modules mean to
// each other depends on these alone, and a set has few of them.
func (s *Set) classify() {
	known := make(map[string]uint32)
	for _, m := range s.Members {
		key := replaceKey(m.Replace)
		class, ok := known[key]
		if !ok {
			class = uint32(len(s.classes))
			known[key] = class
			r := *m.Replace
			r.At, r.Reason = klp.Location{}, ""
			s.classes = append(s.classes, r)
		}
		m.class = class
	}
}
