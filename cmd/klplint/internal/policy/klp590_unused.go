package policy

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/rules"
)

const klp590ID = "KLP590"

// klp590 is reported by Judge, which alone knows what waivers were good for.
func klp590() *rules.Rule {
	return rules.NewModuleRule(&rules.Rule{
		Severity: finding.Warning,
		Since:    "0.1",
		Tags:     []string{"policy", "waivers"},
		Analyzer: &analysis.Analyzer{
			Name: klp590ID,
			Doc: `unused waiver

A waiver that fits no finding is left over from a defect that was mended, or has
never fitted: a misspelt func, a module of another name. It would hide the next
defect of its kind. It is judged only where its rule was evaluated for a module
that its glob names, so that a run over some of the modules does not complain
about waivers for the others.

Fix: take the entry out of the waivers.`,
		},
	}, nothing)
}
