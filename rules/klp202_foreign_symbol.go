package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp202 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"relocations", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP202",
		Doc: `livepatch relocation against an ordinary symbol

Every symbol that a livepatch relocation section uses must have the section index
SHN_LIVEPATCH, 0xff20 (kernel/livepatch/core.c: klp_resolve_symbols). A single other
symbol makes the section fail: at load for sections of vmlinux, when the target
module is loaded for others.

Fix: relocations against ordinary symbols belong in the ordinary .rela section.
Tools that rewrite the symbol table after the build can lose the index: do not run
them on a livepatch.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.KlpRelas {
		r := &m.KlpRelas[i]
		if len(r.Foreign) == 0 || c.full() {
			continue
		}
		list := make([]string, len(r.Foreign))
		for i := range r.Foreign {
			list[i] = r.Foreign[i].Symbol
		}
		first := &r.Foreign[0]
		c.add(finding.Finding{
			Message: fmt.Sprintf("section %s: %s against symbols that are not SHN_LIVEPATCH: %s",
				names.Cut(r.Section), plural(len(r.Foreign), "relocation is", "relocations are"), someOf(list, len(r.Foreign))),
			Object:   r.Object,
			Identity: unlistedNames(list, maxListed),
			Unshown:  max(0, r.ForeignCount-len(list)),
			Location: first.At,
			Kernel:   refused("EINVAL", "symbol "+names.Cut(first.Symbol)+" is not marked as a livepatch symbol"),
		})
	}
	return c.findings(), nil
})
