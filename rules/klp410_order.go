package rules

import (
	"fmt"
	"slices"

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
	refusable, err := refusable(s)
	if err != nil {
		return nil, tooMany(err)
	}
	var pairs []moduleset.Pair
	for _, p := range refusable {
		if there, back := settled(s, p.Next, p.Active), settled(s, p.Active, p.Next); there != nil && back != nil && there.Refused != "" && back.Refused == "" {
			pairs = append(pairs, p)
		}
	}
	return atBoth(pairs, func(p moduleset.Pair) pairFinding {
		next, active := p.Next.Title(), p.Active.Title()
		return pairFinding{
			Finding: finding.Finding{
				Kernel: incompatible(p.Next),
				Message: fmt.Sprintf("load order matters: %s after %s is accepted, %s after %s is refused with EINVAL: %s",
					active, next, next, active, settled(s, p.Next, p.Active).Refused),
			},
			places: []pairPlace{{p.Next.Replace.At, p.Active.Replace.At, "is the other one", "is the other one"}},
		}
	}), missing(s)
})

// refusable returns the ordered pairs of candidates, by Next and Active, of which
// the load of Next may be refused: for a state, or for a func under the models
// that refuse sharing.
func refusable(s *moduleset.Set) ([]moduleset.Pair, error) {
	refuses := s.RefusesSharing()
	states, err := s.StatePairs(moduleset.Match{
		Variant: func(r moduleset.Row) uint64 { return uint64(r.Member.States[r.Index].Version) },
		Concerns: func(e moduleset.Effect, active, next uint64) bool {
			return next < active || refuses && e != moduleset.Evicts
		},
	})
	if err != nil {
		return nil, err
	}
	lacking, err := s.LackingPairs(func(moduleset.Effect) bool { return true })
	if err != nil {
		return nil, err
	}
	var funcs []moduleset.Pair
	if refuses {
		if funcs, err = s.FuncPairs(moduleset.Match{Concerns: func(e moduleset.Effect, _, _ uint64) bool { return e != moduleset.Evicts }}, nil); err != nil {
			return nil, err
		}
	}
	type ordered struct{ next, active *moduleset.Member }
	known := make(map[ordered]bool)
	var out []moduleset.Pair
	for _, p := range slices.Concat(states, lacking, funcs) {
		if k := (ordered{p.Next, p.Active}); !p.Active.Baseline && !known[k] {
			known[k] = true
			out = append(out, p)
		}
	}
	return out, nil
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
