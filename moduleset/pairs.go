package moduleset

import (
	"cmp"
	"iter"
	"slices"
)

// MaxPairs bounds the pairs that one question about a set is answered with: two
// thousand candidates that all concern each other, or four hundred beside ten
// thousand livepatches. Beyond it nothing is compared, and Pair.TooMany says so.
const MaxPairs = 1 << 22

// TooMany reports whether a question has more than MaxPairs answers: the pair is
// none, and the only one.
func (p Pair) TooMany() bool { return p.Next == nil }

// Pair is two modules that concern each other: Active is loaded when Next, a
// candidate, comes. Two candidates are two pairs, one for each order.
//
// Pairs are yielded one after the other and not kept: ten thousand candidates
// that all concern each other are a hundred million.
type Pair struct {
	Active, Next *Member
	Effect       Effect // of the load of Next on Active
	// Shared are the entries that concern each other, in the order of Next's
	// table, or of Active's where Next has none. It is good until yield returns.
	Shared []Shared
}

// Shared is one entry that two modules have in common: indices into the tables
// of Active and of Next.
type Shared struct{ Active, Next int32 }

// Match says which entries of two modules concern each other.
type Match struct {
	// Variant tells apart entries of one func, state or shadow variable, such
	// as the versions of a state; nil where they are all alike.
	Variant func(Row) uint64
	// Concerns says whether an entry of the active module concerns one of the
	// module that is loaded, by the effect of the load and by the variants.
	Concerns func(e Effect, active, next uint64) bool
}

// FuncPairs yields the pairs of modules that share a func in a way that
// concerns them, in the order of Next and Active, or the one that is TooMany. skip leaves out a func, told
// by one of its entries; nil leaves out none.
func (s *Set) FuncPairs(m Match, skip func(Row) bool) iter.Seq[Pair] {
	return s.pairs(m, func(yield func([]Row) bool) {
		for rows := range s.candidateFuncs {
			if (skip == nil || !skip(rows[0])) && !yield(rows) {
				return
			}
		}
	})
}

// StatePairs yields the pairs that share a state id, as FuncPairs does.
func (s *Set) StatePairs(m Match) iter.Seq[Pair] { return s.pairs(m, s.states.all) }

// ShadowPairs yields the pairs that share the id of a shadow variable, as FuncPairs does.
func (s *Set) ShadowPairs(m Match) iter.Seq[Pair] { return s.pairs(m, s.shadows.all) }

func (s *Set) pairs(m Match, groups iter.Seq[[]Row]) iter.Seq[Pair] {
	return func(yield func(Pair) bool) {
		x := common{match: m, of: make(map[*Member][]place)}
		for rows := range groups {
			x.add(rows)
		}
		if x.work > MaxPairs {
			yield(Pair{})
			return
		}
		p := partners{set: s, slots: make([]int32, len(s.Members))}
		for _, next := range s.Members {
			places := x.of[next]
			if len(places) == 0 {
				continue
			}
			slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.row, b.row) })
			p.begin(next)
			for _, at := range places {
				x.join(&p, at)
			}
			if !p.all(yield) {
				return
			}
		}
	}
}

// common are the funcs or ids that a candidate has in common with others.
type common struct {
	match  Match
	groups [][]variant
	of     map[*Member][]place // by candidate
	work   int                 // pairs to look at
}

// variant is a row of a func or an id, without those of the same module that are
// alike.
type variant struct {
	member *Member
	row    int32
	kind   uint64
}

// place is where a candidate has what a group is about: the first of its rows, for
// klp_get_state() and klp_find_func() take the first of duplicates.
type place struct {
	group, row int32
	kind       uint64
}

func (x *common) add(rows []Row) {
	if !slices.ContainsFunc(rows, func(r Row) bool { return !r.Member.Baseline }) || rows[0].Member == rows[len(rows)-1].Member {
		return
	}
	group := make([]variant, 0, len(rows))
	var kinds map[uint64]bool // of the last member, where it has several rows
	candidates := 0
	for i, r := range rows {
		v := variant{member: r.Member, row: int32(r.Index)}
		if x.match.Variant != nil {
			v.kind = x.match.Variant(r)
		}
		if i > 0 && rows[i-1].Member == r.Member {
			if kinds == nil {
				kinds = map[uint64]bool{group[len(group)-1].kind: true}
			}
			if kinds[v.kind] {
				continue
			}
			kinds[v.kind] = true
		} else {
			kinds = nil
			if !r.Member.Baseline {
				candidates++
				x.of[r.Member] = append(x.of[r.Member], place{int32(len(x.groups)), v.row, v.kind})
			}
		}
		group = append(group, v)
	}
	x.groups = append(x.groups, group)
	x.work += candidates * len(group)
}

// join notes whom one func or id of a candidate concerns.
func (x *common) join(p *partners, at place) {
	for i := range x.groups[at.group] {
		v := &x.groups[at.group][i]
		if v.member == p.next {
			continue
		}
		if e := p.effect(v.member.class); e != Unjudged && x.match.Concerns(e, v.kind, at.kind) {
			p.note(v.member, Shared{v.row, at.row})
		}
	}
}

// partners gathers the pairs of one candidate after the other, in memory that is
// bounded by the rows of the modules.
type partners struct {
	set     *Set
	next    *Member
	slots   []int32 // by the index of a member: 1 + its index in list; 0 for none
	list    []partner
	effects []Effect // of the candidate's class on each class; -1 for not asked
	class   *Class   // that effects is about
}

type partner struct {
	active *Member
	shared []Shared
}

func (p *partners) begin(next *Member) {
	p.next = next
	if p.class == next.class {
		return
	}
	p.class = next.class
	p.effects = slices.Grow(p.effects[:0], len(p.set.classes))[:len(p.set.classes)]
	for i := range p.effects {
		p.effects[i] = -1
	}
}

// effect is Set.Effect of a load of the candidate, asked once for each class.
func (p *partners) effect(active *Class) Effect {
	e := p.effects[active.index]
	if e < 0 {
		e = p.set.Effect(p.class, active)
		p.effects[active.index] = e
	}
	return e
}

func (p *partners) note(active *Member, shared ...Shared) {
	slot := p.slots[active.index]
	if slot == 0 {
		n := len(p.list)
		if n < cap(p.list) { // with the memory of the candidate before
			p.list = p.list[:n+1]
		} else {
			p.list = append(p.list, partner{})
		}
		p.list[n].active, p.list[n].shared = active, p.list[n].shared[:0]
		slot = int32(n + 1)
		p.slots[active.index] = slot
	}
	at := &p.list[slot-1]
	at.shared = append(at.shared, shared...)
}

// all yields what was gathered, and forgets it.
func (p *partners) all(yield func(Pair) bool) bool {
	slices.SortFunc(p.list, func(a, b partner) int { return cmp.Compare(a.active.index, b.active.index) })
	for i := range p.list {
		p.slots[p.list[i].active.index] = 0
	}
	for i := range p.list {
		if !yield(Pair{Active: p.list[i].active, Next: p.next, Effect: p.effect(p.list[i].active.class), Shared: p.list[i].shared}) {
			return false
		}
	}
	p.list = p.list[:0]
	return true
}

// EvictionPairs yields the pairs of which a load of Next replaces Active, or may
// replace it, in the order of Next and Active, or the one that is TooMany. Shared is
// empty.
func (s *Set) EvictionPairs(yield func(Pair) bool) {
	type evicted struct {
		member *Member
		effect Effect
	}
	if s.evictions() > MaxPairs {
		yield(Pair{})
		return
	}
	var list []evicted
	var class *Class // that list is about
	for _, next := range s.Members {
		if next.Baseline {
			continue
		}
		if class != next.class {
			class, list = next.class, list[:0]
			sure, undetermined := s.EvictedBy(class)
			for i, active := range slices.Concat(sure, undetermined) {
				effect := Evicts
				if i >= len(sure) {
					effect = Undetermined
				}
				for _, a := range active.Members {
					list = append(list, evicted{a, effect})
				}
			}
			slices.SortFunc(list, func(a, b evicted) int { return cmp.Compare(a.member.index, b.member.index) })
		}
		for _, a := range list {
			if a.member != next && !yield(Pair{Active: a.member, Next: next, Effect: a.effect}) {
				return
			}
		}
	}
}

// evictions counts the pairs of a candidate and what a load of it may replace.
func (s *Set) evictions() int {
	count := 0
	for _, c := range s.classes {
		candidates := 0
		for _, m := range c.Members {
			if !m.Baseline {
				candidates++
			}
		}
		if candidates == 0 {
			continue
		}
		sure, undetermined := s.EvictedBy(c)
		for _, active := range slices.Concat(sure, undetermined) {
			count += candidates * len(active.Members)
		}
	}
	return count
}
