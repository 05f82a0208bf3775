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
			if (p.TooMany() || orders.matters(p)) && !yield(p) {
				return
			}
		}
	}
	return atBoth(s, pairs, always, func(p moduleset.Pair) pairFinding {
		next, active := p.Next.Title(), p.Active.Title()
		return pairFinding{
			Finding: finding.Finding{
				Kernel: incompatible(p.Next),
				Message: fmt.Sprintf("load order matters: %s after %s is accepted, %s after %s is refused with EINVAL: %s",
					active, next, next, active, settled(s, p.Next, p.Active).Refused),
			},
			places: []pairPlace{{p.Next.Replace.At, p.Active.Replace.At, "is the other one", "is the other one"}},
		}
	})
})

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

// orders tells of which pairs one order is refused and the other accepted.
type orders struct {
	set *moduleset.Set
	// alike numbers members whose replace fields and states mean the same; nil
	// where funcs decide too.
	alike []int
	known map[[2]int]bool // by the numbers of Next and Active
}

// maxOrders bounds what is kept of pairs that were judged before.
const maxOrders = 1 << 16

func newOrders(s *moduleset.Set) *orders {
	o := &orders{set: s, known: make(map[[2]int]bool)}
	if s.RefusesSharing() {
		return o
	}
	type states struct {
		class *moduleset.Class
		text  string
	}
	numbers := make(map[states]int)
	for _, m := range s.Members {
		k := states{m.Class(), fmt.Sprint(versions(m))}
		n, ok := numbers[k]
		if !ok {
			n = len(numbers)
			numbers[k] = n
		}
		o.alike = append(o.alike, n)
	}
	return o
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
