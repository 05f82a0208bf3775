package moduleset

import (
	"cmp"
	"encoding/binary"
	"iter"
	"slices"

	"github.com/klplint/klplint/klp"
)

// Pair is two modules that concern each other: Active is loaded when Next, a
// candidate, comes. Two candidates are two pairs, one for each order.
type Pair struct {
	Active, Next *Member
	// Shared are the entries that concern each other, in the order of Next's
	// table, or of Active's where Next has none.
	Shared []Shared
}

// Shared is one entry that two modules have in common: indices into the tables
// of Active and of Next.
type Shared struct{ Active, Next int32 }

// The bounds of an answer. Findings are made of pairs, and take about a
// kilobyte each.
const (
	MaxPairs  = 1 << 16 // pairs of modules; 256 candidates that all concern each other
	maxShared = 1 << 22 // entries compared or listed
)

// Match says which entries of two modules concern each other.
type Match struct {
	// Variant tells apart entries of one func, state or shadow variable, such
	// as the versions of a state; nil where they are all alike.
	Variant func(Row) uint64
	// Concerns says whether an entry of the active module concerns one of the
	// module that is loaded, by the effect of the load and by the variants.
	Concerns func(e Effect, active, next uint64) bool
}

// FuncPairs returns the pairs of modules that share a func in a way that
// concerns them, in the order of Next and Active. skip leaves out a func, told
// by one of its entries; nil leaves out none.
func (s *Set) FuncPairs(m Match, skip func(Row) bool) ([]Pair, error) {
	return s.pairs(m, func(yield func([]Row) bool) {
		for rows := range s.SharedFuncs {
			if (skip == nil || !skip(rows[0])) && !yield(rows) {
				return
			}
		}
	})
}

// StatePairs returns the pairs that share a state id.
func (s *Set) StatePairs(m Match) ([]Pair, error) { return s.pairs(m, s.states.all) }

// ShadowPairs returns the pairs that share the id of a shadow variable.
func (s *Set) ShadowPairs(m Match) ([]Pair, error) { return s.pairs(m, s.shadows.all) }

func (s *Set) pairs(m Match, groups iter.Seq[[]Row]) ([]Pair, error) {
	p := pairing{set: s, match: m, known: make(map[[2]int]int), buckets: make(map[alike]*bucket)}
	for rows := range groups {
		if len(rows) < 2 {
			continue
		}
		if err := p.add(rows); err != nil {
			return nil, err
		}
	}
	return p.sorted(), nil
}

// pairing gathers pairs from the rows of one func or id after the other.
type pairing struct {
	set     *Set
	match   Match
	pairs   []Pair
	known   map[[2]int]int // by the indices of Next and Active: index in pairs
	buckets map[alike]*bucket
	shared  int // entries compared or listed
}

// alike rows concern the same others: those of one class and variant.
type alike struct {
	class   *Class
	variant uint64
}

type bucket struct {
	alike
	rows       []Row // one of each member
	candidates []Row // of these, the first row of each candidate
}

func (p *pairing) add(rows []Row) error {
	clear(p.buckets)
	var order []*bucket
	var last *Member
	members, placed := 0, 0 // members, and their places in buckets
	candidates := false
	for _, r := range rows {
		k := alike{class: r.Member.class}
		if p.match.Variant != nil {
			k.variant = p.match.Variant(r)
		}
		b := p.buckets[k]
		if b == nil {
			b = &bucket{alike: k}
			p.buckets[k], order = b, append(order, b)
		}
		if n := len(b.rows); n == 0 || b.rows[n-1].Member != r.Member {
			b.rows = append(b.rows, r)
			placed++
		}
		if r.Member != last {
			members++
		}
		if !r.Member.Baseline && r.Member != last { // klp_get_state() and klp_find_func() take the first of duplicates
			b.candidates, candidates = append(b.candidates, r), true
		}
		last = r.Member
	}
	if !candidates {
		return nil
	}
	joins, pairs, err := p.joins(order)
	if err != nil {
		return err
	}
	// Where no member has two variants of the id, these are all different pairs:
	// there is no answer, and none needs to be begun.
	if members == placed && pairs > MaxPairs {
		return &TooManyPairs{MaxPairs}
	}
	for _, j := range joins {
		if err := p.join(j.next, j.active); err != nil {
			return err
		}
	}
	return nil
}

// joint is two buckets whose rows concern each other; they may be one.
type joint struct{ next, active *bucket }

// joins lists the buckets that concern each other, and counts the pairs of
// rows of two members in them.
func (p *pairing) joins(order []*bucket) (list []joint, pairs int, err error) {
	for _, next := range order {
		if len(next.candidates) == 0 {
			continue
		}
		for _, active := range order {
			if err := p.spend(1); err != nil {
				return nil, 0, err
			}
			e := p.set.Effect(next.class, active.class)
			if e == Unjudged || !p.match.Concerns(e, active.variant, next.variant) {
				continue
			}
			list = append(list, joint{next, active})
			pairs += len(next.candidates) * len(active.rows)
			if next == active {
				pairs -= len(next.candidates) // nobody meets itself
			}
		}
	}
	return list, pairs, nil
}

// spend counts work, of which there is a bound.
func (p *pairing) spend(n int) error {
	if p.shared += n; p.shared > maxShared {
		return &TooManyPairs{MaxPairs}
	}
	return nil
}

func (p *pairing) join(next, active *bucket) error {
	if err := p.spend(len(next.candidates) * len(active.rows)); err != nil {
		return err
	}
	for _, n := range next.candidates {
		for _, a := range active.rows {
			if a.Member == n.Member {
				continue
			}
			if err := p.note(n.Member, a.Member, Shared{int32(a.Index), int32(n.Index)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pairing) note(next, active *Member, shared Shared) error {
	k := [2]int{next.index, active.index}
	i, ok := p.known[k]
	if !ok {
		if i = len(p.pairs); i == MaxPairs {
			return &TooManyPairs{MaxPairs}
		}
		p.known[k] = i
		p.pairs = append(p.pairs, Pair{Active: active, Next: next})
	}
	p.pairs[i].Shared = append(p.pairs[i].Shared, shared)
	return nil
}

// sorted puts the pairs and what they share in order.
func (p *pairing) sorted() []Pair {
	for i := range p.pairs {
		slices.SortFunc(p.pairs[i].Shared, func(a, b Shared) int {
			return cmp.Or(cmp.Compare(a.Next, b.Next), cmp.Compare(a.Active, b.Active))
		})
	}
	slices.SortFunc(p.pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.Next.index, b.Next.index), cmp.Compare(a.Active.index, b.Active.index))
	})
	return p.pairs
}

// LackingPairs returns the pairs of which Next lacks states of Active, where the
// effect of the load makes that matter. Shared.Next is -1.
func (s *Set) LackingPairs(matters func(Effect) bool) ([]Pair, error) {
	p := pairing{set: s, known: make(map[[2]int]int)}
	byClass := s.byStates()
	for _, next := range s.classes {
		if len(next.Candidates()) == 0 {
			continue
		}
		evicted, undetermined := s.EvictedBy(next)
		for _, active := range s.mattering(evicted, undetermined, matters) {
			for _, a := range byClass[active] {
				for _, n := range byClass[next] {
					if len(n.candidates) == 0 {
						continue
					}
					lacking := lackingStates(n.members[0], a.members[0])
					if err := p.spend(1 + len(lacking)*len(n.candidates)*len(a.members)); err != nil {
						return nil, err
					}
					if err := p.lack(n, a, lacking); err != nil {
						return nil, err
					}
				}
			}
		}
	}
	return p.sorted(), nil
}

func (s *Set) mattering(evicted, undetermined []*Class, matters func(Effect) bool) []*Class {
	var out []*Class
	if matters(Evicts) {
		out = append(out, evicted...)
	}
	if matters(Undetermined) {
		out = append(out, undetermined...)
	}
	return out
}

func (p *pairing) lack(next, active *stateBucket, lacking []int32) error {
	for _, n := range next.candidates {
		for _, a := range active.members {
			if a == n {
				continue
			}
			for _, row := range lacking {
				if err := p.note(n, a, Shared{row, -1}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// stateBucket is members of one class with equal state ids in equal order.
type stateBucket struct{ members, candidates []*Member }

func (s *Set) byStates() map[*Class][]*stateBucket {
	out := make(map[*Class][]*stateBucket)
	for _, c := range s.classes {
		known := make(map[string]*stateBucket)
		for _, m := range c.Members {
			var key []byte
			for i := range m.States {
				key = binary.LittleEndian.AppendUint64(key, m.States[i].ID)
			}
			b := known[string(key)]
			if b == nil {
				b = &stateBucket{}
				known[string(key)] = b
				out[c] = append(out[c], b)
			}
			b.members = append(b.members, m)
			if !m.Baseline {
				b.candidates = append(b.candidates, m)
			}
		}
	}
	return out
}

// lackingStates returns the indices of the states of active that next lacks.
func lackingStates(next, active *Member) []int32 {
	var out []int32
	for i := range active.States {
		id := active.States[i].ID
		has := slices.ContainsFunc(next.States, func(st klp.State) bool { return st.ID == id })
		if !has && !slices.ContainsFunc(active.States[:i], func(st klp.State) bool { return st.ID == id }) {
			out = append(out, int32(i))
		}
	}
	return out
}

// EvictionPairs returns the pairs of which a load of Next replaces Active, or may
// replace it, as far as they concern the caller. Shared is empty.
func (s *Set) EvictionPairs(concerns func(p Pair, e Effect) bool) ([]Pair, error) {
	p := pairing{set: s, known: make(map[[2]int]int)}
	for _, next := range s.classes {
		candidates := next.Candidates()
		if len(candidates) == 0 {
			continue
		}
		evicted, undetermined := s.EvictedBy(next)
		for i, active := range slices.Concat(evicted, undetermined) {
			effect := Evicts
			if i >= len(evicted) {
				effect = Undetermined
			}
			if err := p.spend(len(candidates) * len(active.Members)); err != nil {
				return nil, err
			}
			for _, n := range candidates {
				for _, a := range active.Members {
					if a != n && concerns(Pair{Active: a, Next: n}, effect) {
						if len(p.pairs) == MaxPairs {
							return nil, &TooManyPairs{MaxPairs}
						}
						p.pairs = append(p.pairs, Pair{Active: a, Next: n})
					}
				}
			}
		}
	}
	return p.sorted(), nil
}
