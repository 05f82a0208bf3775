package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp207 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"relocations", "toolchain", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP207",
		Doc: `livepatch symbol was left undefined

The loader leaves symbols with the index SHN_LIVEPATCH to the livepatch core and
resolves undefined ones among the exported symbols, where no .klp.sym name is
found (kernel/module/main.c: simplify_symbols). An undefined .klp.sym or
.klp.tombstone symbol shows that the last step of the build was skipped: objtool
klp post-link, create-klp-module or klp-convert.

Fix: run that step, or let the build tool run it.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	const shnUndef = 0
	var c collector
	for i := range m.KlpSyms {
		s := &m.KlpSyms[i]
		if s.Shndx != shnUndef || c.full() {
			continue
		}
		answer := refused("ENOENT", "Unknown symbol "+names.Cut(s.Raw)+" (err -2)")
		if s.Weak {
			answer = accepted("the loader resolves a missing weak symbol to address 0")
		}
		c.add(finding.Finding{
			Message:  "symbol " + names.Cut(s.Raw) + " is SHN_UNDEF instead of SHN_LIVEPATCH",
			Object:   s.Object,
			Location: s.At,
			Kernel:   answer,
		})
	}
	return c.findings(), nil
})
