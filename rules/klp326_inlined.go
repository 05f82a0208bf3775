package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

var klp326 = NewKernelRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.2",
	Tags:     []string{"kernel", "code", "old-code"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP326",
		Doc: `copy of a patched function, inlined into another one, keeps the old code

The compiler inlines a function into some of its callers and keeps it as a function
of its own for the others. ftrace redirects only the latter
(kernel/livepatch/patch.c: klp_ftrace_handler): the inlined copies run the old code.
A vmlinux with DWARF tells where they are (DW_TAG_inlined_subroutine); distributions
have it in a debug package. Copies in functions that are freed after boot do not
count. Tools that compare objects (kpatch-build, klp-build) patch those callers
themselves; their modules are not checked.

Fix: patch the functions that hold a copy too, if the change affects it; "klplint
kernel --lookup vmlinux:FUNC" lists all of them.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	if m.Toolchain != klp.Static {
		return nil, nil
	}
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	var c collector
	var failed error
	var w wanting
	known := eachPosition(m, t, func(o *klp.Object, f *klp.Func, of *kernel.Object, at kernel.Position) {
		if o.Name != klp.VmlinuxObjectName {
			w.add("DWARF of " + names.Cut(o.Name))
			return
		}
		if failed != nil || c.full() {
			return
		}
		list, err := k.InlinedInto(f.Name)
		if err != nil {
			failed = err
			return
		}
		list = slices.DeleteFunc(list, func(in kernel.Inlined) bool {
			return at.File != "" && in.File != at.File || patches(o, in.Name) || freed(of, in.Name)
		})
		if len(list) == 0 {
			return
		}
		holders := make([]string, len(list))
		for i := range list {
			holders[i] = list[i].Name
		}
		c.add(finding.Finding{
			Message: fmt.Sprintf("%s: copies of it in %s keep the old code", patched(o, f), some(holders)),
			Object:  o.Name, Func: funcName(f), Identity: unlistedNames(holders, maxHolders), Location: f.At,
			Kernel: accepted("the functions that hold a copy run the old code"),
		})
	})
	for _, what := range known.list {
		w.add(what)
	}
	if failed != nil {
		if !errors.Is(failed, kernel.ErrNoDebugInfo) {
			failed = fmt.Errorf("its debug information: %w", failed)
		}
		w.add(failed.Error())
	}
	return c.findings(), w.err()
})

// freed reports whether a function is in text that is freed after boot.
func freed(o *kernel.Object, name string) bool {
	positions := o.Positions(name)
	return len(positions) > 0 && !slices.ContainsFunc(positions, func(p kernel.Position) bool { return !p.Init })
}

// maxHolders is how many functions a message names of those that hold a copy, or call one.
const maxHolders = 5

// some joins the first names of a list, and says how many more there are.
func some(list []string) string {
	shown := make([]string, 0, maxHolders)
	for _, name := range list[:min(len(list), maxHolders)] {
		shown = append(shown, show(name))
	}
	rest := len(list) - len(shown)
	switch {
	case rest > 0:
		return strings.Join(shown, ", ") + " and " + plural(rest, "other function", "other functions")
	case len(shown) == 1:
		return shown[0]
	}
	return strings.Join(shown[:len(shown)-1], ", ") + " and " + shown[len(shown)-1]
}
