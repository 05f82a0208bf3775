package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp303 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"kernel", "symbols", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP303",
		Doc: `func's name is ambiguous and sympos is 0

A sympos of 0 demands that the object has one symbol of that name
(include/linux/livepatch.h: klp_func; kernel/livepatch/core.c:
klp_find_object_symbol). Otherwise it is the position among the symbols of that
name: by address in vmlinux, by symbol-table order in a module.

Fix: give the func the position of the function that is meant;
klplint kernel --lookup OBJECT:FUNC lists them.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	var c collector
	var w wanting
	lookUps(m, t, &w, t.FindSym, func(o *klp.Object, f *klp.Func, a klp.SymbolAnswer) {
		if a.Status != klp.SymbolAmbiguous || c.full() {
			return
		}
		c.add(finding.Finding{
			Message: fmt.Sprintf("%s is ambiguous: %s has %d symbols of that name, and sympos is 0",
				patched(o, f), names.Cut(o.Name), a.Matches),
			Object: o.Name, Func: funcName(f), Location: f.At,
			Kernel:  symbolAnswer(o, a),
			Related: positionsOf(t, o.Name, f.Name),
		})
	})
	return c.findings(), w.err()
})
