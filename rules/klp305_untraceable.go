package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

var klp305 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"kernel", "symbols", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP305",
		Doc: `func cannot be traced

A livepatch redirects the call that the compiler places at a function's entry for
ftrace. A notrace or noinstr function, assembler code and data have none, so
ftrace_location() finds nothing there (kernel/livepatch/patch.c: klp_patch_func;
Documentation/livepatch/livepatch.rst). Where the remains of an overridden weak
function follow such a function, the kernel finds the call in those: it accepts the
livepatch, and nothing is redirected.

Fix: patch the callers of the function.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	var c collector
	var w wanting
	lookUps(m, t, &w, t.FindFunc, func(o *klp.Object, f *klp.Func, a klp.SymbolAnswer) {
		if a.Status != klp.SymbolUntraceable || a.Reason == initText || c.full() {
			return
		}
		c.add(finding.Finding{
			Message: fmt.Sprintf("%s cannot be patched: %s", patched(o, f), a.Refusal.Reason),
			Object:  o.Name, Func: funcName(f), Location: f.At,
			Kernel: symbolAnswer(o, a),
		})
	})
	appliedFuncs(m, func(o *klp.Object, f *klp.Func) {
		if offset := siteOffset(t, o.Name, f); offset > 0 && !c.full() {
			c.add(finding.Finding{
				Message: fmt.Sprintf("%s would be patched without effect: its only ftrace location is %#x bytes after its entry, in the code of another function", patched(o, f), offset),
				Object:  o.Name, Func: funcName(f), Location: f.At,
				Kernel: accepted("the livepatch is enabled, and the function runs as before"),
			})
		}
		// Found, but nothing tells whether ftrace can attach.
		if a := t.FindFunc(o.Name, f.Name, f.Sympos); a.Status == klp.SymbolUnknown && a.Matches > 0 {
			w.add("traceable functions of " + names.Cut(o.Name))
		}
	})
	return c.findings(), w.err()
})

// siteOffset is kernel.Position.SiteOffset of the function that a func resolves
// to; 0 where nothing is wrong with it or known of it.
func siteOffset(t klp.Target, object string, f *klp.Func) uint64 {
	k, ok := t.(*kernel.Kernel)
	if !ok {
		return 0
	}
	o, err := k.Object(object)
	if err != nil {
		return 0
	}
	positions := o.Positions(f.Name)
	if n := max(1, f.Sympos); n <= uint64(len(positions)) && (f.Sympos > 0 || len(positions) == 1) {
		return positions[n-1].SiteOffset
	}
	return 0
}
