package rules

import (
	"fmt"
	"iter"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/moduleset"
)

var klp410 = NewSetRule(&Rule{
	Severity: finding.Warning,
	Also:     []finding.Severity{finding.Info},
	Since:    "0.1",
	Tags:     []string{"set", "conflict"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP410",
		Doc: `load order matters: one order is accepted, the other refused

Two candidates load in one order and not in the other: a state has a higher
version in one of them (kernel/livepatch/state.c: klp_is_patch_compatible), or one
replaces the other and not the reverse. Tools that load livepatches in the order
of their names, as systemd units and init scripts do, then fail on some machines
only.

Of modules whose names give their order, such as fix_1 and fix_2 of one owner, that
one alone is judged, and there is nothing to warn of (see KLP403). Where the versions
of their states alone give it, and it is the order that works, this is an info. The
finding is at the module that is refused. The gate takes no order from names or
states: there it is a warning at both.

Fix: ship and load them in the order that works; give the older one with --against,
so that only the upgrade is checked.`,
	},
}, func(s *moduleset.Set) ([]finding.Finding, error) {
	if !s.Judged() {
		return nil, missing(s)
	}
	orders := newOrders(s)
	pairs := func(yield func(moduleset.Pair) bool) {
		for p := range refusable(s) {
			if (p.TooMany() || byNames(s, p) == untold && orders.matters(p)) && !yield(p) {
				return
			}
		}
	}
	tell := atBoth
	if !s.Options.EitherOrder {
		tell = atNext
	}
	return tell(s, pairs, func(p moduleset.Pair) weight { return weightOfOrder(s, p) }, func(p moduleset.Pair) pairFinding {
		next, active := p.Next.Title(), p.Active.Title()
		return pairFinding{
			Finding: finding.Finding{
				Kernel: incompatible(p.Next),
				Message: fmt.Sprintf("load order matters: %s after %s is accepted, %s after %s is refused with EINVAL: %s",
					active, next, next, active, settled(s, p.Next, p.Active).Refused),
			},
			places: []pairPlace{{side{p.Next.Replace.At, "is"}, side{p.Active.Replace.At, "is"}, "the other one"}},
		}
	})
})

func weightOfOrder(s *moduleset.Set, p moduleset.Pair) weight {
	if !s.Options.EitherOrder && laterByStates(p.Active, p.Next) {
		return weight{severity: finding.Info}
	}
	return weight{severity: finding.Warning}
}

// refusable yields the ordered pairs of candidates, by Next and Active, of which
// the load of Next may be refused: for a state, or for a func under the models
// that refuse sharing.
func refusable(s *moduleset.Set) iter.Seq[moduleset.Pair] {
	refuses := s.RefusesSharing()
	states := s.StatePairs(moduleset.Match{
		Variant: func(r moduleset.Row) uint64 { return uint64(r.Member.States[r.Index].Version) },
		Concerns: func(e moduleset.Effect, active, next uint64) bool {
			return next < active || refuses && e != moduleset.Evicts
		},
	})
	lacking := s.LackingPairs(func(moduleset.Effect) bool { return true })
	funcs := iter.Seq[moduleset.Pair](func(func(moduleset.Pair) bool) {})
	if refuses {
		funcs = s.FuncPairs(moduleset.Match{Concerns: func(e moduleset.Effect, _, _ uint64) bool { return e != moduleset.Evicts }}, nil)
	}
	return func(yield func(moduleset.Pair) bool) {
		seen := make(pairTable, len(s.Members))
		for _, pairs := range [...]iter.Seq[moduleset.Pair]{states, lacking, funcs} {
			for p := range pairs {
				if p.TooMany() {
					yield(p)
					return
				}
				next, active := p.Next.Index(), p.Active.Index()
				if p.Active.Baseline || seen.has(next, active) {
					continue
				}
				seen.set(next, active)
				if !yield(p) {
					return
				}
			}
		}
	}
}
