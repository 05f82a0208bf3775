package rules

import (
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp210 = NewModuleRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.1",
	Tags:     []string{"relocations", "toolchain"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP210",
		Doc: `.klp.arch section for a kernel that no longer reads it

Before 5.8 the livepatch core applied alternatives and paravirt sites of a patched
module from sections .klp.arch.OBJECT.SECTION (arch/x86/kernel/livepatch.c:
arch_klp_init_object_loaded). 5.8 removed that, together with the file. On such a
kernel the entries have no effect: the module was built by a tool, or with settings,
for another kernel.

Fix: build with a kpatch-build that supports the kernel's release.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.Sections {
		s := &m.Sections[i]
		if !strings.HasPrefix(s.Name, ".klp.arch.") {
			continue
		}
		if behaviourOf(m).RefusesVmlinuxInModuleRela != klp.Yes {
			return nil, nil
		}
		if c.full() {
			continue
		}
		c.add(finding.Finding{
			Message:  "section " + names.Cut(s.Name) + " is not read by kernels since 5.8",
			Location: startOf(s),
			Kernel:   accepted("the section is ignored"),
		})
	}
	return c.findings(), nil
})
