package rules

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/moduleset"
)

var klp407 = NewSetRule(&Rule{
	Severity:     finding.Warning,
	GateSeverity: finding.Error,
	Since:        "0.1",
	Tags:         []string{"set", "replace"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP407",
		Doc: `verdict depends on the interpretation of a list of replace sets

The proposed u32 *replace_sets, in the place of the bool that klp_enable_patch()
reads (kernel/livepatch/core.c), has two interpretations, and which one will be
chosen is open (ajL-Y3dapC1FiAwx@redhat.com, 17 June 2026). Positional: a livepatch
belongs to the first set of its list, and replaces those of all listed. Flat: it
belongs to all of them alike, and replaces whatever shares one. So {2} after {1,2}
is active beside it under one, and replaces it under the other.

Both are checked unless --model names one. Where they agree the other rules report;
where they do not, this one does, with both verdicts: a warning in lint. In the gate
it is an error, for such a pair may be refused, or revert a fix, under either: the
gate wants --model.

Fix: avoid lists whose meaning depends on it (give a later livepatch a set that no
active list names), or choose the interpretation of your kernel with --model.`,
	},
}, func(s *moduleset.Set) ([]finding.Finding, error) {
	if len(s.Models()) < 2 {
		return nil, missing(s)
	}
	undetermined := func(p moduleset.Pair) bool { return p.Effect == moduleset.Undetermined }
	return atBoth(s, evictions(s, undetermined), always, func(p moduleset.Pair) pairFinding {
		next, active := p.Next.Replace.String(), p.Active.Replace.String()
		verdicts := bothVerdicts(s, p)
		return pairFinding{
			Finding: finding.Finding{Identity: longFields(p), Message: fmt.Sprintf("what loading %s (%s) does to %s (%s) depends on the interpretation of the sets: %s",
				p.Next.Title(), next, p.Active.Title(), active, verdicts)},
			places: []pairPlace{{next: side{p.Next.Replace.At, "has " + next}, active: side{p.Active.Replace.At, "has " + active + ": " + verdicts}}},
		}
	})
})

// bothVerdicts says what each model makes of an ordered pair.
func bothVerdicts(s *moduleset.Set, p moduleset.Pair) string {
	verdicts := s.Verdicts(p.Next, p.Active)
	parts := make([]string, 0, len(s.Models()))
	for i, m := range s.Models() {
		parts = append(parts, fmt.Sprintf("under %s it %s", m.Name(), verdicts[i]))
	}
	return strings.Join(parts, ", ")
}
