package rules

import (
	"cmp"
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

var klp302 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"kernel", "symbols", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP302",
		Doc: `func is not among the object's symbols

klp_find_object_symbol() looks the name up in the object's kallsyms
(kernel/livepatch/core.c). A function that was inlined everywhere has no symbol; one
that the compiler cloned has another name (.isra.0, .constprop.0, .part.0). For
vmlinux the load fails at once. For a module it fails once both are loaded: if the
livepatch is loaded first, loading the module fails.

Fix: patch the name that the kernel has, or the callers into which the function
was inlined.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	var c collector
	var w wanting
	lookUps(m, t, &w, t.FindSym, func(o *klp.Object, f *klp.Func, a klp.SymbolAnswer) {
		if a.Status != klp.SymbolMissing || a.Reason == initText || c.full() {
			return
		}
		message := fmt.Sprintf("%s: %s has no such symbol", patched(o, f), names.Cut(o.Name))
		if what := kernel.Derived(f.Name); what != "" {
			message += "; the name is that of " + names.Cut(what)
		}
		if len(c.list) < maxProposed {
			message += proposals(t, o.Name, f.Name)
		}
		c.add(finding.Finding{Message: message, Object: o.Name, Func: funcName(f), Location: f.At, Kernel: missingAnswer(m, o, f, a)})
	})
	return c.findings(), w.err()
})

// missingAnswer is what the kernel says of a name that it does not find. One of
// KSYM_NAME_LEN bytes or more it refuses without a word, before it looks
// (kernel/livepatch/core.c: klp_init_func).
func missingAnswer(m *klp.Module, o *klp.Object, f *klp.Func, a klp.SymbolAnswer) *finding.Answer {
	if limit := cmp.Or(behaviourOf(m).KsymNameLen, longestNameLimit); len(f.Name) >= limit {
		return refused(a.Refusal.Errno, "")
	}
	return symbolAnswer(o, a)
}

// initText is the reason of an answer about code that is freed after init.
const initText = "init text"

// maxProposed bounds for how many funcs of a module similar symbols are looked for: each
// search goes through all of the kernel's, and a module that lacks more is for another one.
const maxProposed = 5

// proposals names symbols that may be meant.
func proposals(t klp.Target, object, name string) string {
	k, ok := t.(*kernel.Kernel)
	if !ok {
		return ""
	}
	o, err := k.Object(object)
	if err != nil {
		return ""
	}
	similar := o.Similar(name)
	if len(similar) == 0 {
		return ""
	}
	return "; similar symbols: " + someOf(similar, len(similar))
}
