package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp102 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"module", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP102",
		Doc: `licence is not GPL-compatible

klp_enable_patch() is exported to GPL-compatible modules only
(kernel/livepatch/core.c: EXPORT_SYMBOL_GPL), so the loader does not resolve it
for a module of another licence. The accepted strings are those of
include/linux/license.h: license_is_gpl_compatible; a module without a license
entry counts as "unspecified", which is none of them. Modules named "driverloader" or
"lve" are taken for proprietary ones whatever they say (kernel/module/main.c:
module_augment_kernel_taints).

Fix: MODULE_LICENSE("GPL"); in the module, provided that this is its licence.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	if m.GPLCompatible() {
		return nil, nil
	}
	license, ok := m.Modinfo.Get("license")
	message := ".modinfo has no license entry"
	at := modinfoEntry(m, "license")
	switch {
	case m.NameDistrusted():
		message = "the kernel takes every module named " + m.StructName + " for a proprietary one"
		at = klp.Location{Section: ".gnu.linkonce.this_module", Offset: structName}
	case ok:
		message = `licence "` + names.Cut(license) + `" is not GPL-compatible`
	}
	symbol := "klp_enable_patch"
	if m.Init.UsesRegister {
		symbol = "klp_register_patch"
	}
	return []finding.Finding{{
		Message:  message,
		Location: at,
		Kernel:   refused("ENOENT", "Unknown symbol "+symbol+" (err -2)"),
	}}, nil
})
