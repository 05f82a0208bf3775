package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/moduleset"
)

var klp411 = NewSetRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.1",
	Tags:     []string{"set", "conflict", "shadow"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP411",
		Doc: `two livepatches that may be active together use the same shadow variable id

Shadow variables are in one table for the whole kernel, keyed by object address and
id (kernel/livepatch/shadow.c). Two livepatches that use one number for different
data read and free each other's, and nothing checks it; for replace sets the
proposal leaves it to the authors ("developers must assign unique shadow IDs",
20260529034542.68766-3-laoar.shao@gmail.com). Ids are arguments of calls: only
constants that could be decoded from the code are compared.

Fix: give each livepatch's shadow data an id of its own, or, where the data is
shared on purpose, let one livepatch replace the other.`,
	},
}, func(s *moduleset.Set) ([]finding.Finding, error) {
	if !s.Judged() {
		return nil, missing(s)
	}
	pairs := s.ShadowPairs(moduleset.Match{Concerns: func(e moduleset.Effect, _, _ uint64) bool {
		return e == moduleset.Keeps || e == moduleset.Undetermined
	}})
	undecided := func(p moduleset.Pair) bool {
		return p.Effect == moduleset.Undetermined
	}
	return atBoth(s, pairs, func(p moduleset.Pair) weight { return weight{undecided: undecided(p)} }, func(p moduleset.Pair) pairFinding {
		var out pairFinding
		may := "may be active together"
		if undecided(p) {
			may = "may be active together, depending on how replace is set or read,"
		}
		var ids []string
		for i, shared := range p.Shared {
			next, active := &p.Next.Shadows[shared.Next], &p.Active.Shadows[shared.Active]
			if i < maxListed {
				says := fmt.Sprintf("uses shadow variable id %#x too", next.ID)
				ids = append(ids, fmt.Sprintf("%#x", next.ID))
				out.places = append(out.places, pairPlace{next: side{next.At, says}, active: side{active.At, says}})
			} else {
				out.Identity = append(out.Identity, fmt.Sprintf("id %#x", next.ID))
			}
		}
		noun := "id"
		if len(p.Shared) > 1 {
			noun = "ids"
		}
		out.Kernel = accepted("the two share the data under the " + noun)
		out.Message = fmt.Sprintf("%s and %s %s and both use shadow variable %s %s", p.Next.Title(), p.Active.Title(), may, noun, listing(ids, len(p.Shared)))
		return out
	})
})
