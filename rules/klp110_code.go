package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp110 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"module", "crash"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP110",
		Doc: `replacement or callback is not a function, or is in init text

The kernel does not look at where new_func and the callbacks point: it jumps there
(kernel/livepatch/patch.c: klp_ftrace_handler; core.h: klp_pre_patch_callback). They
must be the start of a function, in a section that is executable, and not in init
text, which is freed when the module's init function has returned
(kernel/module/main.c: do_init_module). Whether a function starts there is checked
only where the module has function symbols in that section.

Fix: point .new_func at the replacement itself, and remove __init from it.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		for j := range o.Funcs {
			f := &o.Funcs[j]
			if f.New.Import && f.New.Nameless {
				continue // a number: KLP119
			}
			if why, then := misplaced(&f.New); why != "" && !c.full() {
				c.add(finding.Finding{
					Message:  fmt.Sprintf("replacement of %s %s", patched(o, f), why),
					Object:   o.Name,
					Func:     funcName(f),
					Location: f.New.At,
					Kernel:   accepted(then),
				})
			}
		}
		for j := range o.Callbacks {
			cb := &o.Callbacks[j]
			if why, then := misplaced(&cb.Func); why != "" && !c.full() {
				c.add(finding.Finding{
					Message:  fmt.Sprintf("%s callback of %s %s", cb.Kind, names.Cut(o.Name), why),
					Object:   o.Name,
					Location: cb.Func.At,
					Kernel:   accepted(then),
				})
			}
		}
	}
	return c.findings(), nil
})

// misplaced says what is wrong with the place, and what follows when the
// kernel goes there; "" where nothing is. A NULL pointer is not its business.
func misplaced(code *klp.Code) (why, then string) {
	switch {
	case code.Null:
		return "", ""
	case code.Import:
		return fmt.Sprintf("is the undefined symbol %s, not a function of this module", show(code.Symbol)),
			"the kernel jumps out of the module"
	case !code.Exec:
		return fmt.Sprintf("is in %s, which is not executable", section(code.At)),
			"the kernel oopses at the first call"
	case code.Init:
		return fmt.Sprintf("is in %s, which is freed after load", section(code.At)),
			"the kernel jumps into freed memory"
	case code.Symbols && !code.Start:
		return fmt.Sprintf("is not the start of a function: it points into %s", show(code.Symbol)),
			"the kernel jumps into the middle of other code"
	}
	return "", ""
}

func section(at klp.Location) string {
	if at.Section == "" {
		return "no section of the module"
	}
	return names.Cut(at.Section)
}
