package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp115 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"module", "silent"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP115",
		Doc: `nothing enables the patch

A livepatch does nothing until its init function passes the patch to
klp_enable_patch() (Documentation/livepatch/livepatch.rst; kernel/module/main.c:
do_init_module accepts a module without an init function). Modules for kernels
before 5.1 and for openEuler's call klp_register_patch() first and are not
reported.

Fix: call klp_enable_patch(&patch) in the function given to module_init(), and
return its result.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	switch {
	case m.Init.Missing:
		return []finding.Finding{{
			Message: "the module has no init function",
			Kernel:  accepted("the module stays loaded and patches nothing"),
		}}, nil
	case neverEnables(m):
		return []finding.Finding{{
			Message:  "the module never calls klp_enable_patch()",
			Location: m.Init.At,
			Kernel:   accepted("the module stays loaded and patches nothing"),
		}}, nil
	}
	return nil, nil
})

// neverEnables reports whether it is proven that no code of the module calls
// klp_enable_patch(). Without a symbol table nothing is.
func neverEnables(m *klp.Module) bool {
	if m.Symtab.Missing || m.Init.UsesRegister || len(m.Init.Enables) > 0 {
		return false
	}
	return m.Init.Decoded || !imports(m, "klp_enable_patch")
}
