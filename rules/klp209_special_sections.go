package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp209 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"relocations", "crash"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP209",
		Doc: `module's livepatch relocations in a special section

Jump tables, static calls and alternatives are read by the module loader and its
notifiers when the livepatch is loaded (kernel/jump_label.c: jump_label_add_module;
kernel/static_call_inline.c: static_call_add_module; arch/x86/kernel/alternative.c:
apply_alternatives). Relocations of another module are applied when that module is
patched, which is later: the loader has then read zeros. The kernel does not check
this. Relocations of vmlinux are applied before, since 5.8, and are fine.

Fix: replace the static branch or call in the patched code:
static_key_enabled() for a key, KLP_STATIC_CALL() for a call, both of which are
plain loads.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.KlpRelas {
		r := &m.KlpRelas[i]
		if r.Object == klp.VmlinuxObjectName || r.Entries == 0 || !special(r.Target) || c.full() {
			continue
		}
		c.add(finding.Finding{
			Message: plural(r.Entries, "relocation", "relocations") + " of module " + names.Cut(r.Object) + " in " + r.Target +
				", which the loader reads before they are applied",
			Object:   r.Object,
			Location: r.At,
			Kernel:   accepted("the loader works on zeros where it needs addresses"),
		})
	}
	return c.findings(), nil
})

func special(section string) bool {
	switch section {
	case "__jump_table", ".static_call_sites", ".altinstructions":
		return true
	}
	return false
}
