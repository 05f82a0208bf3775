package rules

import (
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp501 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"hygiene", "toolchain"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP501",
		Doc: `leftovers of an intermediate build step

Some sections are passed between the steps of a livepatch build, and the last step
converts them into what the kernel reads (kernel/livepatch/core.c:
klp_apply_section_relocs): kpatch-build's .kpatch.symbols, .kpatch.relocations and
.kpatch.arch (create-klp-module), klp-convert's .klp.module_relocs.* and
.klp.sym.rela.*, objtool's .klp.symid. In a finished module they mean that the step
did not run, and that the relocations in them are missing. objtool's __klp_relocs
may stay, as long as each entry has its counterpart in a .klp.rela section.

Fix: run the build to its end. Do not sign objects from its temporary directories.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.Sections {
		s := &m.Sections[i]
		step := unfinished(s.Name)
		if step == "" || c.full() {
			continue
		}
		c.add(finding.Finding{
			Message:  "section " + names.Cut(s.Name) + " is left over: " + step,
			Location: startOf(s),
		})
	}
	for i := range m.Leftovers {
		if c.full() {
			continue
		}
		l := &m.Leftovers[i]
		c.add(finding.Finding{Message: "left over: " + l.What, Location: l.At})
	}
	return c.findings(), nil
})

// unfinished returns which step did not consume the section, "" where the
// section may stay.
func unfinished(name string) string {
	if rest, ok := strings.CutPrefix(name, ".kpatch."); ok {
		switch rest {
		case "symbols", "relocations", "arch":
			return "create-klp-module did not run"
		case "dynrelas", "checksum":
			return "it belongs to a module for the out-of-tree kpatch core"
		}
		if strings.HasPrefix(rest, "ignore.") {
			return "create-diff-object did not consume it"
		}
		return ""
	}
	if rest, ok := strings.CutPrefix(name, ".klp."); ok {
		switch {
		case rest == "symid":
			return "objtool klp diff did not consume it"
		case strings.HasPrefix(rest, "module_relocs."), strings.HasPrefix(rest, "sym.rela."):
			return "klp-convert did not run"
		}
	}
	return ""
}
