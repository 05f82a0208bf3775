package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

var klp206 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"relocations", "silent"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP206",
		Doc: `livepatch relocation section is ignored

A livepatch relocation section is of type SHT_RELA with the flags SHF_ALLOC and
SHF_RELA_LIVEPATCH (0x00100000); its sh_link names the symbol table and its sh_info
the section that it relocates, which must itself be allocated
(Documentation/livepatch/module-elf-format.rst). Where one of these is wrong, the
loader misinterprets or silently ignores the section (kernel/module/main.c:
apply_relocations; kernel/livepatch/core.c: klp_apply_section_relocs), and the code
runs unrelocated.

Fix: rebuild the module. If the build is right, find the tool that rewrote the
section headers afterwards: objcopy and strip must keep flags they do not know.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.KlpRelas {
		r := &m.KlpRelas[i]
		why, _ := replace.KlpRelaDefect(m, r)
		if why == "" || c.full() {
			continue
		}
		c.add(finding.Finding{
			Message:  "section " + names.Cut(r.Section) + ": " + why,
			Object:   r.Object,
			Location: r.At,
			Kernel:   accepted("the relocations are not applied as intended, and the code runs unrelocated"),
		})
	}
	return c.findings(), nil
})
