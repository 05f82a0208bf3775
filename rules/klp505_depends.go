package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp505 = NewModuleRule(&Rule{
	Severity:   finding.Info,
	Since:      "0.1",
	Tags:       []string{"hygiene"},
	NonDefault: true,
	Analyzer: &analysis.Analyzer{
		Name: "KLP505",
		Doc: `livepatch depends on other modules

A livepatch that uses a module's exported symbols in the ordinary way depends on it:
modprobe loads that module first, and it cannot be unloaded while the livepatch is
loaded (kernel/module/main.c: ref_module). Livepatch symbols need no dependency and
are resolved when the module is loaded
(Documentation/livepatch/module-elf-format.rst). Some distributions therefore
require an empty depends entry.

Fix: refer to the module's symbols through livepatch relocations.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	for i := range m.Modinfo.Entries {
		e := &m.Modinfo.Entries[i]
		if e.Key != "depends" || e.Value == "" {
			continue
		}
		return []finding.Finding{{
			Message:  "the module depends on " + names.Cut(e.Value),
			Location: placeIn(m, ".modinfo", e.Offset),
		}}, nil
	}
	return nil, nil
})
