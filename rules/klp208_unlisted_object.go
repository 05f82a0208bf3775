package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp208 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"relocations", "silent"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP208",
		Doc: `livepatch relocations of an object that is not patched

The sections .klp.rela.OBJECT.* are applied when OBJECT is patched, that is, when
the patch lists it and its module is loaded (kernel/livepatch/core.c:
klp_init_object_loaded, klp_apply_object_relocs). Those of an object that the
patch does not list are never applied, and the code that they belong to runs with
zeros in it. Sections of vmlinux are exempt since 5.8: the loader applies them
with the livepatch itself (kernel/module/main.c: apply_relocations).

Fix: list the object in the patch, with an empty funcs array if none of its funcs is
patched, or move the relocations to the object whose code needs them.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	if !m.Patch.Found {
		return nil, nil
	}
	var c collector
	for i := range m.KlpRelas {
		r := &m.KlpRelas[i]
		if r.Object == "" || r.Entries == 0 || lists(m, r.Object) {
			continue
		}
		if r.Object == klp.VmlinuxObjectName && behaviourOf(m).RefusesVmlinuxInModuleRela != klp.No {
			continue
		}
		if c.full() {
			continue
		}
		c.add(finding.Finding{
			Message: "section " + names.Cut(r.Section) + " targets " + names.Cut(r.Object) +
				", which klp_patch.objs does not list",
			Object:   r.Object,
			Location: r.At,
			Kernel:   accepted("the relocations are never applied, and " + names.Cut(r.Target) + " is used unrelocated"),
		})
	}
	return c.findings(), nil
})

// lists reports whether the patch has an object of the name. The string
// "vmlinux" in a static table is not the kernel image.
func lists(m *klp.Module, object string) bool {
	for i := range m.Patch.Objects {
		if o := &m.Patch.Objects[i]; o.Name == object && !o.Literal {
			return true
		}
	}
	return false
}
