package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp101 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"module", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP101",
		Doc: `module is not marked as a livepatch

The module has livepatch tables, but .modinfo has no livepatch entry. The loader
looks for the key alone, whatever its value (kernel/module/main.c:
check_modinfo_livepatch), and klp_enable_patch() refuses the patch of a module
without it (kernel/livepatch/core.c: klp_enable_patch, is_livepatch_module).

Fix: put MODULE_INFO(livepatch, "Y"); into the module.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	if m.Modinfo.Has("livepatch") {
		return nil, nil
	}
	return []finding.Finding{{
		Message:  "the module has livepatch tables but no livepatch entry in .modinfo",
		Location: modinfoEntry(m, "livepatch"),
		Kernel:   refused("EINVAL", "module "+names.Cut(m.Name)+" is not marked as a livepatch module"),
	}}, nil
})
