package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp502 = NewModuleRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.1",
	Tags:     []string{"hygiene", "silent"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP502",
		Doc: `forced funcs, which livepatch kernels ignore

KPATCH_FORCE_UNSAFE puts a func into .kpatch.force, to be patched although tasks
sleep in it. Only the out-of-tree kpatch core read the section; the hook that
kpatch-build links into modules for livepatch kernels does not
(kmod/patch/livepatch-patch-hook.c). Such a func is patched under the consistency
model like any other, and a task that sleeps in it can stall the transition
(Documentation/livepatch/livepatch.rst).

Fix: remove KPATCH_FORCE_UNSAFE from the patch. If the transition stalls, force it
through /sys/kernel/livepatch/NAME/force, aware of the consequences.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	if len(m.ForceFuncs) == 0 {
		return nil, nil
	}
	list := make([]string, len(m.ForceFuncs))
	for i := range m.ForceFuncs {
		list[i] = m.ForceFuncs[i].Symbol
	}
	return []finding.Finding{{
		Message:  plural(len(m.ForceFuncs), "func", "funcs") + " in .kpatch.force: " + someOf(list, len(list)),
		Identity: unlistedNames(list, maxListed),
		Location: m.ForceFuncs[0],
		Kernel:   accepted("the section is ignored"),
	}}, nil
})
