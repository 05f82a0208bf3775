package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp127 = NewModuleRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.2",
	Tags:     []string{"module", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP127",
		Doc: `module asks for a taint that no livepatch needs

An entry staging or test in .modinfo taints the kernel, whatever its value
(kernel/module/main.c: module_augment_kernel_taints): modpost writes them into modules
below drivers/staging and tools/testing. The taint stays until the next boot, and
support for a machine may end with it.

Fix: build the livepatch outside of these folders, and drop the entry.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for _, taint := range [...]struct{ key, logs string }{
		{"staging", "module is from the staging directory, the quality is unknown, you have been warned."},
		{"test", "loading test module taints kernel."},
	} {
		if !m.Modinfo.Has(taint.key) {
			continue
		}
		c.add(finding.Finding{
			Message:  ".modinfo has an entry " + taint.key + ", for which the kernel is tainted",
			Location: modinfoEntry(m, taint.key),
			Kernel:   warns(taint.logs),
		})
	}
	return c.findings(), nil
})
