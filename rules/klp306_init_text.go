package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp306 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"kernel", "symbols", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP306",
		Doc: `func is in init text

Code marked __init is freed once the kernel is up or the module's init function
has returned (Documentation/livepatch/livepatch.rst). In vmlinux the symbol is
still found, but ftrace has dropped its location (kernel/trace/ftrace.c:
ftrace_free_init_mem); of a loaded module the symbol is gone too. While a module
is being loaded its init functions can be found, and a patch of them would be
written into memory that is freed right after.

Fix: do not patch init functions: they have already run.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	var c collector
	var w wanting
	lookUps(m, t, &w, t.FindFunc, func(o *klp.Object, f *klp.Func, a klp.SymbolAnswer) {
		if a.Reason != initText || c.full() {
			return
		}
		answer := refused(a.Refusal.Errno, a.Refusal.Message)
		if o.Name != klp.VmlinuxObjectName {
			answer.Note = "if the module is not loaded yet, the livepatch loads, and later patches memory that is freed after the module's init"
		}
		c.add(finding.Finding{
			Message: fmt.Sprintf("%s is in init text, which is freed after init", patched(o, f)),
			Object:  o.Name, Func: funcName(f), Location: f.At,
			Kernel: answer,
		})
	})
	return c.findings(), w.err()
})
