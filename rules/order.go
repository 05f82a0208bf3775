package rules

import (
	"fmt"
	"iter"

	"github.com/klplint/klplint/moduleset"
)

// orders tells in which order two candidates are loaded, and of which pairs one
// order is refused and the other accepted.
type orders struct {
	set *moduleset.Set
	// alike numbers members whose replace fields and states mean the same; nil
	// where funcs decide too. It is made when the first pair is asked about, which a
	// gate's never is.
	alike []int
	known map[[2]int]bool // by the numbers of Next and Active; nil before alike is made
}

// maxOrders bounds what is kept of pairs that were judged before.
const maxOrders = 1 << 16

func newOrders(s *moduleset.Set) *orders { return &orders{set: s} }

// number makes alike.
func (o *orders) number() {
	o.known = make(map[[2]int]bool)
	if o.set.RefusesSharing() {
		return
	}
	type states struct {
		class *moduleset.Class
		text  string
	}
	numbers := make(map[states]int)
	for _, m := range o.set.Members {
		k := states{m.Class(), fmt.Sprint(versions(m))}
		n, ok := numbers[k]
		if !ok {
			n = len(numbers)
			numbers[k] = n
		}
		o.alike = append(o.alike, n)
	}
}

// given reports whether names tell which of a pair was built later.
func (o *orders) given(p moduleset.Pair) bool {
	return !o.set.Options.EitherOrder && (o.set.Follows(p.Next, p.Active) || o.set.Follows(p.Active, p.Next))
}

// happening leaves out of pairs whose loads are refused the candidates that are not
// loaded in this order: Active was built after Next, or nothing tells which was
// and the other order is accepted, which is KLP410's.
func (o *orders) happening(pairs iter.Seq[moduleset.Pair]) iter.Seq[moduleset.Pair] {
	return func(yield func(moduleset.Pair) bool) {
		for p := range pairs {
			if !p.TooMany() && !p.Active.Baseline && !o.set.Options.EitherOrder && !o.set.Follows(p.Next, p.Active) &&
				(o.set.Follows(p.Active, p.Next) || o.matters(p)) {
				continue
			}
			if !yield(p) {
				return
			}
		}
	}
}

// told reports whether names, or the versions of states alone, tell that later is
// loaded after earlier.
func told(s *moduleset.Set, later, earlier *moduleset.Member) bool {
	switch {
	case earlier.Baseline:
		return true
	case s.Options.EitherOrder:
		return false
	case s.Follows(later, earlier) || s.Follows(earlier, later):
		return s.Follows(later, earlier)
	}
	return laterByStates(later, earlier)
}

// inOrder is happening for pairs of which both orders have the same problem: the
// order that the versions of states tell is taken too.
func (o *orders) inOrder(pairs iter.Seq[moduleset.Pair]) iter.Seq[moduleset.Pair] {
	return func(yield func(moduleset.Pair) bool) {
		for p := range o.happening(pairs) {
			if (p.TooMany() || p.Active.Baseline || !told(o.set, p.Active, p.Next)) && !yield(p) {
				return
			}
		}
	}
}

// avoidable reports whether nothing tells the order of two candidates, and the other
// one may be accepted.
func (o *orders) avoidable(p moduleset.Pair) bool {
	if p.Active.Baseline || o.set.Options.EitherOrder || o.given(p) {
		return false
	}
	back := settled(o.set, p.Active, p.Next)
	return back == nil || back.Refused == ""
}

// laterByStates reports whether the states of later say that it was built after
// earlier: of those that both have some are at a higher version, and none is at a
// lower one.
func laterByStates(later, earlier *moduleset.Member) bool {
	higher := false
	for i := range later.States {
		for j := range earlier.States {
			a, b := &later.States[i], &earlier.States[j]
			if a.ID != b.ID {
				continue
			}
			if a.Version < b.Version {
				return false
			}
			higher = higher || a.Version > b.Version
		}
	}
	return higher
}

func versions(m *moduleset.Member) [][2]uint64 {
	out := make([][2]uint64, len(m.States))
	for i := range m.States {
		out[i] = [2]uint64{m.States[i].ID, uint64(m.States[i].Version)}
	}
	return out
}

// matters reports whether Next after Active is refused, and the reverse is not.
func (o *orders) matters(p moduleset.Pair) bool {
	if o.known == nil {
		o.number()
	}
	if o.alike == nil {
		return o.judge(p)
	}
	k := [2]int{o.alike[p.Next.Index()], o.alike[p.Active.Index()]}
	answer, ok := o.known[k]
	if !ok {
		answer = o.judge(p)
		if len(o.known) == maxOrders {
			clear(o.known)
		}
		o.known[k] = answer
	}
	return answer
}

func (o *orders) judge(p moduleset.Pair) bool {
	there := settled(o.set, p.Next, p.Active)
	if there == nil || there.Refused == "" {
		return false
	}
	back := settled(o.set, p.Active, p.Next)
	return back != nil && back.Refused == ""
}

// settled is the verdict on an ordered pair where every model and value agrees
// whether it is accepted; nil where they do not.
func settled(s *moduleset.Set, next, active *moduleset.Member) *moduleset.Verdict {
	verdicts := s.Verdicts(next, active)
	if len(verdicts) == 0 {
		return nil
	}
	for _, v := range verdicts {
		if (v.Refused == "") != (verdicts[0].Refused == "") {
			return nil
		}
	}
	return &verdicts[0]
}
