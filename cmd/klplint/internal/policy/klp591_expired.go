package policy

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/rules"
)

const klp591ID = "KLP591"

// klp591 is reported by Judge, which alone knows the day.
func klp591() *rules.Rule {
	return rules.NewModuleRule(&rules.Rule{
		Severity: finding.Warning,
		Since:    "0.1",
		Tags:     []string{"policy", "waivers"},
		Analyzer: &analysis.Analyzer{
			Name: klp591ID,
			Doc: `waiver has expired

A waiver with "until" holds up to and including that day, UTC. After it the
findings that it covered count again, and the entry itself is reported, so that
somebody looks at it.

Fix: mend what the waiver is about, or decide anew and give it another day.`,
		},
	}, nothing)
}
