package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp201 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"relocations", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP201",
		Doc: `livepatch relocation section has a malformed name

The name must be .klp.rela.OBJECT.SECTION with an object of at most 55 characters
and without a dot (kernel/livepatch/core.c: klp_apply_section_relocs scans it with
".klp.rela.%55[^.]"). The section keeps its own leading dot, so relocations of .text
are in .klp.rela.vmlinux..text (Documentation/livepatch/module-elf-format.rst).

Fix: the name comes from the tool that made the section (create-klp-module,
objtool klp post-link, klp-convert): correct its input.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.KlpRelas {
		r := &m.KlpRelas[i]
		if r.Malformed == "" || c.full() {
			continue
		}
		c.add(finding.Finding{
			Message:  "section " + names.Cut(r.Section) + " has a malformed name: " + r.Malformed,
			Location: r.At,
			Kernel:   refused("EINVAL", "section "+names.Cut(r.Section)+" has an incorrectly formatted name"),
		})
	}
	return c.findings(), nil
})
