package rules

import (
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
)

var klp410 = NewSetRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.1",
	Tags:     []string{"set", "conflict"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP410",
		Doc: `order matters: one after the other is accepted, the other way round refused

Two candidates load in one order and not in the other: a state has a higher
version in one of them (kernel/livepatch/state.c: klp_is_patch_compatible), or one
replaces the other and not the reverse. Tools that load livepatches in the order
of their names, as systemd units and init scripts do, then fail on some machines
only.

Of more than 32 candidates only those that share a func or a state are compared,
at most 16 of each.

Fix: ship and load them in the order that works; give the older one with
--against, so that only the way forward is judged.`,
	},
}, func(s *Set) ([]finding.Finding, error) {
	if s.problem != "" {
		return nil, s.missing()
	}
	var findings []finding.Finding
	for _, pair := range s.orderPairs() {
		a, b := s.Members[pair[0]], s.Members[pair[1]]
		aThenB, bThenA := s.settled(a, b), s.settled(b, a)
		if aThenB == nil || bThenA == nil {
			continue
		}
		if aThenB.refused != "" {
			a, b = b, a
			aThenB, bThenA = bThenA, aThenB
		}
		if aThenB.refused != "" || bThenA.refused == "" {
			continue
		}
		findings = append(findings, finding.Finding{
			Module: a.Path, Location: a.Replace.At, Kernel: incompatible(a),
			Message: fmt.Sprintf("order matters: %s after %s is accepted, %s after %s is refused with EINVAL: %s",
				b.title(), a.title(), a.title(), b.title(), bThenA.refused),
			Related: []finding.Related{{Module: b.Path, Message: b.title() + " is the other one", Location: b.Replace.At}},
		})
	}
	return findings, s.missing()
})

// settled is the verdict on an ordered pair where every model and value agrees
// whether it is accepted; nil where they do not.
func (s *Set) settled(active, next *Member) *verdict {
	if s.unread[active.class] || s.unread[next.class] {
		return nil
	}
	verdicts := s.verdicts(active, next)
	for _, v := range verdicts {
		if (v.refused == "") != (verdicts[0].refused == "") {
			return nil
		}
	}
	return &verdicts[0]
}

const (
	allPairsUpTo = 32 // candidates that are all held against each other
	perKey       = 16 // candidates of one func or state, beyond that
)

// orderPairs lists the pairs of candidates whose order can matter, in
// ascending order.
func (s *Set) orderPairs() [][2]uint32 {
	var out [][2]uint32
	if n := len(s.candidates); n <= allPairsUpTo {
		for i := range n {
			for j := i + 1; j < n; j++ {
				out = append(out, [2]uint32{uint32(s.candidates[i]), uint32(s.candidates[j])})
			}
		}
		return out
	}
	seen := make(map[[2]uint32]bool)
	pair := func(rows []posting, alike func(a, b posting) bool) {
		rows = s.someCandidates(rows)
		for i, a := range rows {
			for _, b := range rows[i+1:] {
				k := [2]uint32{a.member, b.member}
				if a.member != b.member && !seen[k] && !alike(a, b) {
					seen[k] = true
					out = append(out, k)
				}
			}
		}
	}
	fates := func(a, b posting) bool {
		x, y := s.Members[a.member], s.Members[b.member]
		return x.class == y.class || s.fate(x, y) == s.fate(y, x)
	}
	for i := range s.states.ids {
		pair(s.states.of(uint32(i)), func(a, b posting) bool {
			return fates(a, b) && s.Members[a.member].states[a.row].version == s.Members[b.member].states[b.row].version
		})
	}
	if s.underSets() {
		for key := range s.keys {
			if rows := s.funcs.of(uint32(key)); len(rows) > 1 {
				pair(rows, fates)
			}
		}
	}
	slices.SortFunc(out, func(a, b [2]uint32) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return out
}

func (s *Set) someCandidates(rows []posting) []posting {
	out := make([]posting, 0, perKey)
	for _, p := range rows {
		if len(out) == perKey {
			break
		}
		if m := s.Members[p.member]; !m.Baseline && !s.unread[m.class] {
			out = append(out, p)
		}
	}
	return out
}
