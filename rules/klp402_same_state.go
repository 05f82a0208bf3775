package rules

import (
	"fmt"
	"strconv"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/moduleset"
)

var klp402 = NewSetRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"set", "conflict", "states"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP402",
		Doc: `two livepatches use the same state id across replace sets

Under the replace-set proposals a state belongs to one set: a load is refused
with EINVAL when an active livepatch that stays has a state id that the new one
lists too, whatever the versions (kernel/livepatch/state.c: klp_is_patch_compatible,
in the second posting, 20260529034542.68766-3-laoar.shao@gmail.com). Mainline has
no such rule; there KLP403 judges the versions.

Candidates are judged in the order that their names or the versions of their states
give; without one in both, and a pair of which one order loads is KLP410.

Fix: give the states of livepatches of different sets different ids, or put the
livepatches into one set.`,
	},
}, func(s *moduleset.Set) ([]finding.Finding, error) {
	if !s.RefusesSharing() {
		return nil, missing(s)
	}
	pairs := s.StatePairs(moduleset.Match{Concerns: func(e moduleset.Effect, _, _ uint64) bool { return e == moduleset.Keeps }})
	return atBoth(s, newOrders(s).inOrder(pairs), always, func(p moduleset.Pair) pairFinding {
		var out pairFinding
		ids := make([]uint64, len(p.Shared))
		for i, shared := range p.Shared {
			st := &p.Next.States[shared.Next]
			ids[i] = st.ID
			says := fmt.Sprintf("uses state %d too", st.ID)
			out.places = append(out.places, pairPlace{next: side{st.At, says}, active: side{p.Active.States[shared.Active].At, says}})
		}
		out.places = out.places[:min(len(out.places), maxListed)]
		out.Identity = unlisted("state", ids)
		out.Kernel = incompatible(p.Next)
		out.Message = fmt.Sprintf("%s and %s, which %s does not replace, both use %s: under %s the load is refused with EINVAL when %s",
			p.Next.Title(), p.Active.Title(), p.Next.Title(), numbered("state", ids), s.ModelNames(), when(s, p))
		return out
	})
})

// numbered is "state 1" or "states 1, 2 and 3 more".
func numbered[N uint32 | uint64](noun string, list []N) string {
	if len(list) != 1 {
		noun += "s"
	}
	return noun + " " + numbersOf(list)
}

// unlisted are the numbers that numbered counts and does not list, for
// finding.Finding.Identity.
func unlisted[N uint32 | uint64](noun string, list []N) []string {
	var out []string
	for _, n := range list[min(len(list), maxListed):] {
		out = append(out, fmt.Sprintf("%s %d", noun, n))
	}
	return out
}

// numbersOf is "1, 2 and 3 more".
func numbersOf[N uint32 | uint64](list []N) string {
	words := make([]string, 0, maxListed)
	for _, n := range list[:min(len(list), maxListed)] {
		words = append(words, strconv.FormatUint(uint64(n), 10))
	}
	return listing(words, len(list))
}
