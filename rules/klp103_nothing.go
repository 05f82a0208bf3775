package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp103 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.1",
	Tags:     []string{"module", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP103",
		Doc: `nothing to patch

The kernel refuses a patch whose objs pointer is NULL and a named object whose funcs
pointer is NULL (kernel/livepatch/core.c: klp_enable_patch); klp-build's init code
refuses an empty table of objects (scripts/livepatch/init.c). An empty array of
objects or of funcs loads, and does nothing. A patch of callbacks or states alone is
legal and not reported: it has an object with a funcs array, even if an empty one.

Severity is error where the kernel refuses and warning where it does not. A module
that is marked as a livepatch but has no tables that could be found is an error too:
it could not be checked.

Fix: give the patch an object with at least one func. Where an object has
callbacks only, point .funcs at an array that holds just the terminator.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	p := &m.Patch
	var c collector
	switch {
	case !p.Found:
		if m.Init.Missing || neverEnables(m) || passesNull(m) {
			return nil, nil // KLP115 and KLP116 say why
		}
		message := "marked as a livepatch, but no patch tables were found"
		if p.Reason != "" {
			message += ": " + p.Reason
		}
		return []finding.Finding{{Message: message, Location: p.At}}, nil
	case p.ObjsNull:
		return []finding.Finding{{
			Message:  "the patch's objs pointer is NULL",
			Location: p.At,
			Kernel:   refused("EINVAL", ""),
		}}, nil
	case len(p.Objects) == 0 && m.Toolchain == klp.KlpBuild:
		return []finding.Finding{{
			Message:  "the table of objects is empty",
			Location: p.At,
			Kernel:   refused("EINVAL", names.Cut(m.Name)+": nothing to patch!"),
		}}, nil
	case len(p.Objects) == 0:
		return []finding.Finding{{
			Severity: finding.Warning,
			Message:  "the patch has no objects",
			Location: p.At,
			Kernel:   accepted("the patch is enabled and does nothing"),
		}}, nil
	}
	statesOnly := len(p.States) > 0 && !acts(p)
	for i := range p.Objects {
		o := &p.Objects[i]
		switch {
		case o.FuncsNull && m.Toolchain == klp.Static:
			if !c.full() {
				c.add(finding.Finding{
					Message:  fmt.Sprintf("the funcs pointer of object %s is NULL", names.Cut(o.Name)),
					Object:   o.Name,
					Location: o.At,
					Kernel:   refused("EINVAL", ""),
				})
			}
		case len(o.Funcs) == 0 && len(o.Callbacks) == 0 && !statesOnly:
			if !c.full() {
				c.add(finding.Finding{
					Severity: finding.Warning,
					Message:  fmt.Sprintf("object %s has neither funcs nor callbacks", names.Cut(o.Name)),
					Object:   o.Name,
					Location: o.At,
					Kernel:   accepted("nothing is done for this object"),
				})
			}
		}
	}
	return c.findings(), nil
})

// acts reports whether the patch has a func or a callback anywhere.
func acts(p *klp.Patch) bool {
	for i := range p.Objects {
		if len(p.Objects[i].Funcs) > 0 || len(p.Objects[i].Callbacks) > 0 {
			return true
		}
	}
	return false
}
