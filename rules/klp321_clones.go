package rules

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

var klp321 = NewKernelRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.2",
	Tags:     []string{"kernel", "code", "old-code"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP321",
		Doc: `compiler's clone of a patched function keeps the old code

The compiler may split off a part of a function (NAME.part.0), or clone it for some
callers (NAME.isra.0, NAME.constprop.0). ftrace redirects only the entry of the
patched function (kernel/livepatch/patch.c: klp_ftrace_handler): callers of the
clone run the old code. On Debian's 6.12 the patch of __tcp_send_ack() does not
cover the other callers of __tcp_send_ack.part.0. An image (vmlinuz, vmlinux) tells
who they are; a clone whose callers are all patched is no finding then. Tools that
compare objects (kpatch-build, klp-build) find a changed clone themselves; their
modules are not checked. Without the source file of each symbol (an unstripped
vmlinux) the clone may be that of another static function of the same name.

Fix: patch the clone too if the change affects it, or the functions that call it.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	if m.Toolchain != klp.Static {
		return nil, nil
	}
	var c collector
	w := eachPosition(m, t, func(o *klp.Object, f *klp.Func, of *kernel.Object, at kernel.Position) {
		for _, copied := range of.Clones(f.Name) {
			if patches(o, copied.Name) || at.File != "" && copied.File != "" && at.File != copied.File || c.full() {
				continue
			}
			callers, known := of.Callers(copied)
			callers = slices.DeleteFunc(callers, func(name string) bool {
				return names.FuncBase(name) == f.Name || patches(o, name) ||
					slices.ContainsFunc(of.Aliases(name, 1), func(a kernel.Related) bool { return patches(o, a.Name) })
			})
			called := ""
			switch {
			case len(callers) > 0:
				called = " and is called by " + some(callers)
			case known:
				continue
			}
			c.add(finding.Finding{
				Message: fmt.Sprintf("%s: %s also has %s, %s, which keeps the old code%s",
					patched(o, f), names.Cut(o.Name), show(copied.Name), names.Cut(kernel.Derived(copied.Name)), called),
				Object: o.Name, Func: funcName(f), Identity: unlistedNames(callers, maxHolders), Location: f.At,
				Kernel: accepted("callers of the clone run the old code"),
			})
		}
	})
	return c.findings(), w.err()
})

// eachPosition calls visit for every func that the kernel finds, with its place.
// What is not known of an object is returned as missing; a func that is not
// found is another rule's.
func eachPosition(m *klp.Module, t klp.Target, visit func(*klp.Object, *klp.Func, *kernel.Object, kernel.Position)) *wanting {
	w := &wanting{}
	k, err := kernelOf(t)
	if missing, ok := errors.AsType[*MissingInput](err); ok {
		w.add(missing.Needs)
		return w
	}
	appliedFuncs(m, func(o *klp.Object, f *klp.Func) {
		of, err := k.Object(o.Name)
		if err != nil {
			if !missingModule(t, o.Name) {
				w.add("symbols of " + names.Cut(o.Name))
			}
			return
		}
		positions := of.Positions(f.Name)
		if n := f.Position(); n <= uint64(len(positions)) {
			visit(o, f, of, positions[n-1])
		}
	})
	return w
}

// patches reports whether an object of a livepatch has a func of the name.
func patches(o *klp.Object, name string) bool {
	return slices.ContainsFunc(o.Funcs, func(f klp.Func) bool { return f.Name == name })
}
