package rules

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp109 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.1",
	Tags:     []string{"module", "callbacks", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP109",
		Doc: `duplicate callbacks, or post_unpatch_enabled set by the module

kpatch-build gathers callbacks from all source files, and its init code refuses a
second callback of the same kind for an object (kmod/patch/livepatch-patch-hook.c:
add_callbacks_to_patch_objects).

callbacks.post_unpatch_enabled is internal to the kernel: it remembers that
pre_patch succeeded (kernel/livepatch/core.h: klp_pre_patch_callback). An author who
sets it lets post_unpatch run for an object whose pre_patch was refused. This is a
warning.

Fix: merge the callbacks of one kind into one function per object; leave
post_unpatch_enabled alone.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		duplicates(len(o.Callbacks), func(j int) (klp.CallbackKind, bool) {
			return o.Callbacks[j].Kind, false
		}, func(first, j int) {
			if c.full() {
				return
			}
			cb := &o.Callbacks[j]
			c.add(finding.Finding{
				Message: fmt.Sprintf("object %s has a second %s callback, %s",
					names.Cut(o.Name), cb.Kind, show(cb.Func.Symbol)),
				Object:   o.Name,
				Location: cb.At,
				Kernel: refused("EINVAL", fmt.Sprintf("%s: extra %s callback for object: %s",
					names.Cut(m.Name), strings.ReplaceAll(string(cb.Kind), "_", "-"), names.Cut(o.Name))),
				Related: []finding.Related{{
					Module:   m.Path,
					Message:  "first occurrence, " + show(o.Callbacks[first].Func.Symbol),
					Location: o.Callbacks[first].At,
				}},
			})
		})
		if o.PostUnpatchEnabled && !c.full() {
			c.add(finding.Finding{
				Severity: finding.Warning,
				Message:  fmt.Sprintf("object %s sets callbacks.post_unpatch_enabled, which is internal to the kernel", names.Cut(o.Name)),
				Object:   o.Name,
				Location: o.At,
				Kernel:   accepted("post_unpatch can run although pre_patch did not succeed"),
			})
		}
	}
	return c.findings(), nil
})
