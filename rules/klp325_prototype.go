package rules

import (
	"errors"
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp325 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.2",
	Tags:     []string{"kernel", "types", "crash"},
	Types:    true,
	Analyzer: &analysis.Analyzer{
		Name: "KLP325",
		Doc: `prototype of the replacement differs from the original's

Callers pass parameters and use the result according to the original's prototype;
ftrace only redirects the call (kernel/livepatch/patch.c: klp_ftrace_handler).
klp_func.new_func is a void pointer, so the compiler cannot compare the two. Another
number of parameters, or a parameter or result of another size, is an error: the
replacement reads registers that the callers did not set, or the reverse. Another
type of the same size is a warning. Compared are the module's BTF, or its debug
information where it has none, and the kernel's BTF, for functions of vmlinux.

Fix: give the replacement the prototype that the function has in this kernel;
"klplint kernel --lookup vmlinux:FUNC" prints it.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	types := k.TypesOf(m)
	var c collector
	var w wanting
	appliedFuncs(m, func(o *klp.Object, f *klp.Func) {
		if o.Name != klp.VmlinuxObjectName {
			w.add("BTF of " + names.Cut(o.Name))
			return
		}
		if f.New.Null || f.New.Import || f.New.Symbol == "" {
			return
		}
		d, err := types.ComparePrototype(f.Name, f.New.Symbol)
		var missing *MissingInput
		if err != nil && errors.As(typesMissing(err), &missing) {
			w.add(missing.Needs)
			return
		}
		if d.What == "" || c.full() {
			return
		}
		add := finding.Finding{
			Message:  fmt.Sprintf("%s: the replacement is %s, the original %s: %s", patched(o, f), names.Cut(d.New), names.Cut(d.Old), names.Cut(d.What)),
			Object:   o.Name,
			Func:     funcName(f),
			Location: f.New.At,
			Kernel:   accepted("the replacement reads whatever the callers left in the registers"),
		}
		if !d.Calls {
			add.Severity = finding.Warning
			add.Kernel = accepted("the same registers, interpreted differently")
		}
		c.add(add)
	})
	return c.findings(), w.err()
})
