package rules

import (
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp125 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.2",
	Tags:     []string{"module", "load", "exports"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP125",
		Doc: `module imports a symbol namespace that is reserved for named modules

Since 6.16 a symbol can be exported to modules by name: its namespace starts with
"module:". Such a namespace cannot be imported, and the loader refuses a module that
tries (kernel/module/main.c: setup_modinfo). Older kernels do not check.

Fix: drop the import; what is exported to other modules only is reached through a
livepatch symbol.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.Modinfo.Entries {
		e := &m.Modinfo.Entries[i]
		if e.Key != "import_ns" || !strings.HasPrefix(e.Value, "module:") || c.full() {
			continue
		}
		f := finding.Finding{
			Message:  "import_ns=" + names.Cut(e.Value) + " names a namespace that cannot be imported",
			Location: placeIn(m, ".modinfo", e.Offset),
			Kernel:   refused("EPERM", "module "+names.Cut(m.Name)+" tries to import module namespace: "+names.Cut(e.Value)),
		}
		switch behaviourOf(m).RefusesModuleNamespace {
		case klp.No:
			f.Severity, f.Kernel = finding.Warning, accepted("this release does not check it")
		case klp.Unknown:
			f.Undecided = true
		}
		c.add(f)
	}
	return c.findings(), nil
})
