package rules

import (
	"fmt"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/moduleset"
)

var klp403 = NewSetRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.1",
	Tags:     []string{"set", "conflict", "states"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP403",
		Doc: `state of an active livepatch has a lower version in the new one, or is missing

klp_is_patch_compatible() (kernel/livepatch/state.c) looks up every state of every
active livepatch in the new one. A lower version is refused with EINVAL, whether or
not the new one replaces; a missing state is refused where the new one replaces the
livepatch that has it. Of duplicate ids the first entry of the new livepatch counts,
and every one of the active. Under the replace-set proposals both apply to the
livepatches that are replaced; for the others see KLP402.

Candidates are compared in the order that their names give them: those of one owner
that differ in the version at the end of the name alone. The order in which they are
given says nothing. Without an order a pair that loads in one order and not in the
other is KLP410, a warning; only a pair that neither order loads is an error here. The
gate takes no order from names, and judges both. Give the older ones with --against
where another order than that of the names is meant.

Fix: carry every state of the livepatch that is replaced, at the same or a higher
version, and migrate or undo it in the callbacks
(Documentation/livepatch/system-state.rst).`,
	},
}, func(s *moduleset.Set) ([]finding.Finding, error) {
	if !s.Judged() {
		return nil, missing(s)
	}
	mainline := !s.RefusesSharing()
	lower := s.StatePairs(moduleset.Match{
		Variant: func(r moduleset.Row) uint64 { return uint64(r.Member.States[r.Index].Version) },
		Concerns: func(e moduleset.Effect, active, next uint64) bool {
			return next < active && (mainline || e == moduleset.Evicts)
		},
	})
	lacking := s.LackingPairs(func(e moduleset.Effect) bool {
		return e == moduleset.Evicts || mainline // KLP407 has what the reading of sets decides
	})
	orders := newOrders(s)
	atLower, err := atBoth(s, orders.happening(lower), func(p moduleset.Pair) weight { return weightOfLower(orders, p) }, func(p moduleset.Pair) pairFinding { return lowerStates(s, p) })
	atLacking, err2 := atBoth(s, orders.happening(lacking), func(p moduleset.Pair) weight { return weightOfLacking(orders, p) }, func(p moduleset.Pair) pairFinding { return lackingStates(s, p) })
	if err == nil {
		err = err2
	}
	return slices.Concat(atLower, atLacking), err
})

func weightOfLower(o *orders, p moduleset.Pair) weight {
	if o.avoidable(p) {
		return weight{severity: finding.Warning}
	}
	return weight{severity: finding.Error}
}

func weightOfLacking(o *orders, p moduleset.Pair) weight {
	if p.Effect == moduleset.Undetermined {
		return weight{finding.Warning, true}
	}
	return weightOfLower(o, p)
}

func lowerStates(s *moduleset.Set, p moduleset.Pair) pairFinding {
	var out pairFinding
	var ids []uint64
	var have, want []uint32
	for i, shared := range p.Shared {
		next, active := &p.Next.States[shared.Next], &p.Active.States[shared.Active]
		if n := len(ids); n > 0 && ids[n-1] == next.ID { // a duplicate in Active
			want[n-1] = max(want[n-1], active.Version)
			continue
		}
		ids, have, want = append(ids, next.ID), append(have, next.Version), append(want, active.Version)
		if i < maxListed {
			out.places = append(out.places, pairPlace{
				next:   side{next.At, fmt.Sprintf("has state %d at version %d", next.ID, next.Version)},
				active: side{active.At, fmt.Sprintf("has state %d at version %d", active.ID, active.Version)},
			})
		}
	}
	for i := maxListed; i < len(ids); i++ {
		out.Identity = append(out.Identity, fmt.Sprintf("state %d at version %d, below %d", ids[i], have[i], want[i]))
	}
	out.Kernel = incompatible(p.Next)
	out.Message = fmt.Sprintf("%s has %s at %s, %s at %s: under %s the load is refused with EINVAL when %s",
		p.Next.Title(), numbered("state", ids), numbered("version", have), p.Active.Title(), numbered("version", want), s.ModelNames(), whenOnce(p))
	return out
}

func lackingStates(s *moduleset.Set, p moduleset.Pair) pairFinding {
	var out pairFinding
	var ids []uint64
	for i, shared := range p.Shared {
		st := &p.Active.States[shared.Active]
		ids = append(ids, st.ID)
		if i < maxListed {
			out.places = append(out.places, pairPlace{side{p.Next.Replace.At, "lacks"}, side{st.At, "has"}, fmt.Sprintf("state %d", st.ID)})
		}
	}
	next, active, states := p.Next.Title(), p.Active.Title(), numbered("state", ids)
	out.Identity = unlisted("state", ids)
	out.Kernel = incompatible(p.Next)
	if p.Effect == moduleset.Undetermined {
		out.Message = fmt.Sprintf("%s lacks %s of %s, and whether it replaces is not known (%s): if it does, the load is refused with EINVAL when %s; if it does not, it is accepted",
			next, states, active, p.Next.Replace.String(), whenOnce(p))
		return out
	}
	out.Message = fmt.Sprintf("%s replaces %s and lacks its %s: under %s the load is refused with EINVAL when %s",
		next, active, states, s.ModelNames(), whenOnce(p))
	return out
}
