package rules

import (
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp216 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.2",
	Tags:     []string{"code", "crash"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP216",
		Doc: `replacement calls the function that it replaces

An undefined symbol, or a .klp.sym one, resolves to the original function
(kernel/module/main.c: simplify_symbols), whose first instruction ftrace has turned
into a jump to the replacement (kernel/livepatch/patch.c: klp_ftrace_handler). The
old code cannot be reached: the call enters the replacement again, and unless it is
conditional the task recurses until its stack overflows, or loops forever if it is a
tail call. On 6.12 seq_putc() patched like this causes an RCU stall. On x86_64 calls
through a register, the stack or a constant of the module, and those of an
alternative, are found too. Where a function of the module that the replacement calls
does it, or where the pointer is a variable that is only loaded with the address,
that is a warning. Where recursion is intended, each call goes through ftrace.

Fix: copy what is needed of the original into the replacement; for a recursion call
the replacement by its own name.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		for j := range o.Funcs {
			f := &o.Funcs[j]
			if len(f.CallsOld)+len(f.LeadsToOld)+len(f.PointsToOld) == 0 || !resolvesToOld(m, o, f) || c.full() {
				continue
			}
			found := finding.Finding{
				Object: o.Name,
				Func:   funcName(f),
				Kernel: accepted("the replacement calls itself"),
			}
			switch {
			case len(f.CallsOld) > 0:
				found.Message = "the replacement of " + patched(o, f) + " calls " + show(f.Name) + ", which is redirected to the replacement"
				found.Location = f.CallsOld[0]
			case len(f.PointsToOld) > 0:
				found.Severity = finding.Warning
				found.Message = "the replacement of " + patched(o, f) + " calls through a variable that holds " + show(f.Name) + ", which is redirected to the replacement"
				found.Location = f.PointsToOld[0]
			default:
				found.Severity = finding.Warning
				found.Message = "the replacement of " + patched(o, f) + " calls " + show(f.LeadsToOld[0].Symbol) + ", which leads to " + show(f.Name) + ", which is redirected to the replacement"
				found.Location = f.LeadsToOld[0]
			}
			c.add(found)
		}
	}
	return c.findings(), nil
})

// resolvesToOld reports whether a symbol of the func's name, which the
// replacement calls, is certainly the function it replaces. A klp symbol says
// so itself. An undefined one is some exported function of that name: of
// vmlinux it is the patched one if the name is unique there, which sympos 0
// demands; a module's is found only where the loader is told of the module.
func resolvesToOld(m *klp.Module, o *klp.Object, f *klp.Func) bool {
	if !imports(m, f.Name) {
		return true
	}
	if f.Sympos > 0 || o.Literal {
		return false
	}
	if o.Name == klp.VmlinuxObjectName {
		return true
	}
	depends, _ := m.Modinfo.Get("depends")
	return slices.Contains(strings.Split(depends, ","), o.Name)
}
