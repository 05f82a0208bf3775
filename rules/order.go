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

// order is which of a pair is loaded later.
type order int

const (
	untold order = iota
	nextLater
	activeLater
)

// byNames is the order that names tell. What is active already is earlier.
func byNames(s *moduleset.Set, p moduleset.Pair) order {
	switch {
	case p.Active.Baseline:
		return nextLater
	case s.Options.EitherOrder:
		return untold
	case s.Follows(p.Next, p.Active):
		return nextLater
	case s.Follows(p.Active, p.Next):
		return activeLater
	}
	return untold
}

// byStates is the order that names tell or, where they do not, the versions of
// states.
func byStates(s *moduleset.Set, p moduleset.Pair) order {
	named := byNames(s, p)
	switch {
	case named != untold || s.Options.EitherOrder:
		return named
	case laterByStates(p.Next, p.Active):
		return nextLater
	case laterByStates(p.Active, p.Next):
		return activeLater
	}
	return untold
}

// happening leaves out of pairs whose loads are refused the candidates that are not
// loaded in this order: Active was built after Next, or nothing tells which was
// and the other order is accepted, which is KLP410's.
func (o *orders) happening(pairs iter.Seq[moduleset.Pair]) iter.Seq[moduleset.Pair] {
	return func(yield func(moduleset.Pair) bool) {
		for p := range pairs {
			if !p.TooMany() && !o.set.Options.EitherOrder {
				switch byNames(o.set, p) {
				case activeLater:
					continue
				case untold:
					if o.matters(p) {
						continue
					}
				}
			}
			if !yield(p) {
				return
			}
		}
	}
}

// inOrder is happening for pairs of which both orders have the same problem: the
// order that the versions of states tell is taken too.
func (o *orders) inOrder(pairs iter.Seq[moduleset.Pair]) iter.Seq[moduleset.Pair] {
	return func(yield func(moduleset.Pair) bool) {
		for p := range o.happening(pairs) {
			if (p.TooMany() || byStates(o.set, p) != activeLater) && !yield(p) {
				return
			}
		}
	}
}

// avoidable reports whether nothing tells the order of two candidates, and the other
// one may be accepted.
func (o *orders) avoidable(p moduleset.Pair) bool {
	if o.set.Options.EitherOrder || byNames(o.set, p) != untold {
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
