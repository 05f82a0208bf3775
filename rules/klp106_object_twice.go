package rules

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp106 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"module", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP106",
		Doc: `object is listed twice

Each object of a patch becomes a directory in sysfs, and the second of one name
cannot be created (kernel/livepatch/core.c: klp_init_object). The kernel image is
called vmlinux there, so a NULL name and the string "vmlinux" collide too; so do
names that differ in '/' and '!' alone, and the names of a patch's own attributes
(enabled, transition, force, since 6.11 replace). The init function fails with
-EEXIST; releases differ in what insmod sees of it (kernel/module/main.c:
do_init_module).

Fix: merge the funcs of both into one object.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	objects := m.Patch.Objects
	var c collector
	duplicates(len(objects), func(i int) (string, bool) {
		return sysfsName(objects[i].Name), objects[i].Name == ""
	}, func(first, i int) {
		if c.full() {
			return
		}
		o := &objects[i]
		message := fmt.Sprintf("object %s is listed twice", names.Cut(o.Name))
		switch {
		case objects[first].Literal != o.Literal:
			message += `, once as NULL and once as the string "vmlinux"`
		case objects[first].Name != o.Name:
			message = fmt.Sprintf("objects %s and %s have the same name in sysfs, which replaces '/' by '!'", names.Cut(objects[first].Name), names.Cut(o.Name))
		}
		c.add(finding.Finding{
			Message:  message,
			Object:   o.Name,
			Location: o.At,
			Kernel: initEEXIST(m, fmt.Sprintf("sysfs: cannot create duplicate filename '/kernel/livepatch/%s/%s'",
				names.Cut(m.Name), sysfsName(names.Cut(o.Name)))),
			Related: []finding.Related{{Module: m.Path, Message: "first occurrence", Location: objects[first].At}},
		})
	})
	attributes := behaviourOf(m).SysfsAttributes
	for i := range objects {
		if o := &objects[i]; slices.Contains(attributes, o.Name) && !c.full() {
			c.add(finding.Finding{
				Message:  fmt.Sprintf("object %s has the name of a sysfs attribute that every livepatch has", o.Name),
				Object:   o.Name,
				Location: o.At,
				Kernel:   initEEXIST(m, fmt.Sprintf("sysfs: cannot create duplicate filename '/kernel/livepatch/%s/%s'", names.Cut(m.Name), o.Name)),
			})
		}
	}
	return c.findings(), nil
})

// sysfsName is what kobject_set_name_vargs() makes of a name (lib/kobject.c).
func sysfsName(name string) string { return strings.ReplaceAll(name, "/", "!") }
