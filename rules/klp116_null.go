package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp116 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"module", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP116",
		Doc: `NULL where the kernel needs a pointer

klp_enable_patch() refuses a NULL patch, and a patch whose mod or objs is NULL,
before it looks at anything else (kernel/livepatch/core.c: klp_enable_patch).

Fix: pass the address of the patch, and set .mod = THIS_MODULE and .objs to the
array of objects.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	null := func(message string, at klp.Location) {
		if !c.full() {
			c.add(finding.Finding{Message: message, Location: at, Kernel: refused("EINVAL", "")})
		}
	}
	for i := range m.Init.Enables {
		if e := &m.Init.Enables[i]; e.Arg == klp.ArgNull {
			null("klp_enable_patch() is called with NULL", e.At)
		}
	}
	if m.Patch.ModNull {
		null("the patch's mod pointer is NULL", m.Patch.At)
	}
	if m.Patch.ObjsNull {
		null("the patch's objs pointer is NULL", m.Patch.At)
	}
	return c.findings(), nil
})

// passesNull reports whether some call of klp_enable_patch() is given NULL.
func passesNull(m *klp.Module) bool {
	for i := range m.Init.Enables {
		if m.Init.Enables[i].Arg == klp.ArgNull {
			return true
		}
	}
	return false
}
