package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp113 = NewModuleRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.1",
	Tags:     []string{"module", "replace"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP113",
		Doc: `whether the module replaces others is not known

What klp_patch.replace holds decides whether loading this module removes the
others (kernel/livepatch/core.c: klp_init_patch; transition.c:
klp_complete_transition) and which states it must carry (state.c:
klp_is_state_compatible). Here it could not be proven from the file, or the
module's init function takes it from a module parameter. Rules over several
modules judge such a module both ways.

Fix: set .replace to a constant. If the file only withholds the value, the
module's build log or sysfs (/sys/kernel/livepatch/NAME/replace, since 6.11) has
it.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	r := &m.Replace
	if r.Known() || !m.Patch.Found {
		return nil, nil
	}
	message := "it is not known whether the module replaces others"
	if r.Source == klp.FromRuntime {
		message = "whether the module replaces others is decided when it is loaded"
	}
	if r.Reason != "" {
		message += ": " + r.Reason
	}
	return []finding.Finding{{Message: message, Location: r.At}}, nil
})
