package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp118 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"module", "crash"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP118",
		Doc: `livepatch tables are read-only

klp_enable_patch() writes to the structs it is given: each holds a kobject and list
heads (kernel/livepatch/core.c: klp_init_patch_early, klp_init_func). In a section
that the loader maps read-only the first such write is an oops in the module's init
function (kernel/module/main.c: module_enable_ro). Linux 6.12 does so with const
tables. An array of states may be const: the core never writes to it, only callbacks
do.

Fix: remove const and __ro_after_init from klp_patch, its objects and funcs.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	if neverEnables(m) {
		return nil, nil // nothing is written: KLP115 says so
	}
	return staticTables(m, false, func(at klp.Location) string {
		if s := m.SectionOf(at); s != nil && s.ReadOnly() {
			return "read-only"
		}
		return ""
	}, func() *finding.Answer { return crashes("the kernel oopses when it writes to it") }), nil
})
