package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp111 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"module", "crash"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP111",
		Doc: `livepatch tables are freed after load

klp_enable_patch() keeps the structures it is given: they join the kernel's lists
and hold its kobjects (kernel/livepatch/core.c: klp_init_patch). Sections called
.init.* are freed when the module's init function has returned
(kernel/module/main.c: do_init_module), and the kernel then uses freed memory. Only
klp-build's tables may lie there: its init code copies them first
(scripts/livepatch/init.c).

Fix: remove __initdata or __initconst from the tables.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	return staticTables(m, true, func(at klp.Location) string {
		if inInit(at) {
			return "freed after load"
		}
		return ""
	}, func() *finding.Answer { return accepted("the kernel keeps using freed memory") }), nil
})
