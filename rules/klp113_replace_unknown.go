package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp113 = NewModuleRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.1",
	Tags:     []string{"module", "replace"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP113",
		Doc: `cannot determine whether the module replaces other livepatches

What klp_patch.replace holds decides whether loading this module removes the others
(kernel/livepatch/core.c: klp_init_patch; transition.c: klp_complete_transition) and
which states it must carry (state.c: klp_is_state_compatible). Here it could not be
proven from the file, or the module's init function takes it from a module
parameter: the one called replace, or the only one that is a number or a truth, is
named with its default. Rules over several modules consider both cases; a plan
(klplint trace) says which holds at a load.

Fix: set .replace to a constant. Where the value is constant but cannot be derived
from the file, the build log or sysfs (/sys/kernel/livepatch/NAME/replace, since
6.11) shows it.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	r := &m.Replace
	if r.Known() || !m.Patch.Found {
		return nil, nil
	}
	message := "cannot determine whether the module replaces other livepatches"
	if r.Source == klp.FromRuntime {
		message = "whether the module replaces other livepatches is decided at load time"
		if p := r.Param; p != nil {
			message += ", by the module parameter " + names.Cut(p.String())
		}
	}
	if r.Reason != "" {
		message += ": " + r.Reason
	}
	return []finding.Finding{{Message: message, Location: r.At}}, nil
})
