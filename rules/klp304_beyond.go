package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp304 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"kernel", "symbols", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP304",
		Doc: `sympos is beyond the symbols of that name

A sympos of n is the n-th symbol of that name in the object, counted from 1
(kernel/livepatch/core.c: klp_find_object_symbol); the object has fewer. The
position was taken from another build: positions move when a compiler or a
configuration changes.

Fix: determine the position in this kernel; klplint kernel --lookup OBJECT:FUNC
lists them.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	var c collector
	var w wanting
	lookUps(m, t, &w, t.FindSym, func(o *klp.Object, f *klp.Func, a klp.SymbolAnswer) {
		if a.Status != klp.SymbolBeyond || c.full() {
			return
		}
		c.add(finding.Finding{
			Message: fmt.Sprintf("%s: sympos is %d, but %s has %s of that name",
				patched(o, f), f.Sympos, names.Cut(o.Name), plural(a.Matches, "symbol", "symbols")),
			Object: o.Name, Func: funcName(f), Location: f.At,
			Kernel:  symbolAnswer(o, a),
			Related: positionsOf(t, o.Name, f.Name),
		})
	})
	return c.findings(), w.err()
})
