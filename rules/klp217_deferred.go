package rules

import (
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp217 = NewModuleRule(&Rule{
	Severity:   finding.Info,
	Since:      "0.2",
	NonDefault: true,
	Tags:       []string{"code", "crash", "removal"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP217",
		Doc: `function left with RCU or a timer when the module may be unloaded

call_rcu() and timer_setup() keep a pointer to a function of the module. After the
livepatch is disabled or replaced its module can be unloaded, and nothing waits for
callbacks that are still to come: the kernel then calls freed memory. A transition
does not wait for them, for they run on no task's stack of their own
(kernel/livepatch/transition.c; Documentation/RCU/rcubarrier.rst). The module calls
none of the functions that wait: rcu_barrier(), or timer_delete_sync() and its kind.
A module without an exit function is never unloaded. Timers that are set up in data
(DEFINE_TIMER) and work items are not looked at.

Fix: call rcu_barrier(), or timer_shutdown_sync(), in the exit function.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	if m.Init.NoExit {
		return nil, nil
	}
	var c collector
	for _, d := range m.Deferred {
		waits := waitersFor(d.By)
		if slices.ContainsFunc(waits, func(name string) bool { return calls(m, name) }) || c.full() {
			continue
		}
		c.add(finding.Finding{
			Message:  names.Cut(d.At.Symbol) + " leaves " + names.Cut(d.Func) + " with " + d.By + "(), and the module never calls " + strings.Join(waits, "() or ") + "()",
			Location: d.At,
			Kernel:   accepted("a callback that comes after the module is unloaded runs freed memory"),
		})
	}
	return c.findings(), nil
})

// waitersFor returns the functions that wait for what one of them left with the
// kernel, by the names that they had in different releases.
func waitersFor(by string) []string {
	switch by {
	case "init_timer_key", "timer_init_key": // timer_setup()
		return []string{"timer_shutdown_sync", "timer_delete_sync", "del_timer_sync"}
	case "call_srcu":
		return []string{"srcu_barrier"}
	case "call_rcu_tasks", "call_rcu_tasks_trace", "call_rcu_tasks_rude":
		return []string{"rcu_barrier" + strings.TrimPrefix(by, "call_rcu")}
	}
	return []string{"rcu_barrier"}
}

// calls reports whether the module refers to a function of the kernel, exported
// or not.
func calls(m *klp.Module, name string) bool {
	return imports(m, name) || slices.ContainsFunc(m.KlpSyms, func(k klp.KlpSym) bool { return k.Name == name })
}
