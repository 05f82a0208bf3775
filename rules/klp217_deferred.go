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
		Doc: `function left with RCU, a timer or a work when the module may be unloaded

call_rcu(), timers, hrtimers, works, tasklets and irq_works keep a pointer to a
function of the module. After the livepatch is disabled or replaced its module can be
unloaded, and nothing waits for callbacks that are still to come: the kernel then
calls freed memory. A transition does not wait for them, for they run on no task's
stack of their own (kernel/livepatch/transition.c; Documentation/RCU/rcubarrier.rst).
The module has the function in such an object and calls none of the functions that
wait: rcu_barrier(), timer_delete_sync(), cancel_work_sync() and their kind. Objects
are told by the function that is given the pointer, by their form in data
(DEFINE_TIMER, DECLARE_WORK, DECLARE_TASKLET), and on x86_64 by how code fills them
(INIT_WORK; the function of a timer, an hrtimer or an irq_work, where the same
function starts it). On arm64 a call beside one that takes the pointer counts, the
other architectures are not read. A module without an exit function is never
unloaded. Whether the waiting call is reached, and for the right object, is not
looked at.

Fix: call rcu_barrier(), timer_shutdown_sync() or cancel_work_sync() in the exit
function.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	if m.Init.NoExit {
		return nil, nil
	}
	var c collector
	for _, d := range m.Deferred {
		if waits(m, d.Kind) || c.full() {
			continue
		}
		found := finding.Finding{Location: d.At, Kernel: accepted("a callback that comes after the module is unloaded runs freed memory")}
		never := strings.Join(shown(waiters(d.Kind)), "() or ") + "()"
		switch {
		case d.By != "":
			found.Message = names.Cut(d.At.Symbol) + " leaves " + names.Cut(d.Func) + " with " + d.By + "(), and the module never calls " + never
		default:
			found.Message = names.Cut(d.At.Symbol) + " has " + names.Cut(d.Func) + " as the function of a " + string(d.Kind) + "; the module calls " + arming(m, d.Kind) + "(), and never " + never
		}
		c.add(found)
	}
	return c.findings(), nil
})

// arming returns the first function to which the module refers and that makes objects
// of a kind pending.
func arming(m *klp.Module, kind klp.DeferKind) string {
	i := slices.IndexFunc(m.Arms, func(a klp.Arming) bool { return a.Kind == kind })
	if i < 0 {
		return ""
	}
	return m.Arms[i].By
}

// waits reports whether the module refers to a function that waits for objects of a kind.
func waits(m *klp.Module, kind klp.DeferKind) bool {
	return slices.ContainsFunc(waiters(kind), func(name string) bool { return refersTo(m, name) })
}

// shown cuts a list of functions that wait to the first ones.
func shown(list []string) []string { return list[:min(len(list), 3)] }

// waiters returns the functions that wait for what the kernel was left with, by the
// names that they had in different releases.
func waiters(kind klp.DeferKind) []string {
	switch kind {
	case klp.DeferRCU:
		return []string{"rcu_barrier"}
	case klp.DeferSRCU:
		return []string{"srcu_barrier"}
	case klp.DeferRCUTasks:
		return []string{"rcu_barrier_tasks"}
	case klp.DeferRCUTasksTrace:
		return []string{"rcu_barrier_tasks_trace"}
	case klp.DeferRCUTasksRude:
		return []string{"rcu_barrier_tasks_rude"}
	case klp.DeferTimer:
		return []string{"timer_shutdown_sync", "timer_delete_sync", "del_timer_sync"}
	case klp.DeferHRTimer:
		return []string{"hrtimer_cancel"}
	case klp.DeferWork:
		return []string{
			"cancel_work_sync", "cancel_delayed_work_sync", "destroy_workqueue", "disable_work_sync", "disable_delayed_work_sync",
			"drain_workqueue", "flush_work", "flush_delayed_work", "flush_rcu_work", "flush_workqueue", "__flush_workqueue",
		}
	case klp.DeferKthreadWork:
		return []string{"kthread_cancel_work_sync", "kthread_cancel_delayed_work_sync", "kthread_destroy_worker", "kthread_flush_work", "kthread_flush_worker"}
	case klp.DeferTasklet:
		return []string{"tasklet_kill"}
	case klp.DeferIRQWork:
		return []string{"irq_work_sync"}
	}
	return nil
}

// refersTo reports whether the module refers to a function of the kernel, exported
// or not.
func refersTo(m *klp.Module, name string) bool {
	return imports(m, name) || slices.ContainsFunc(m.KlpSyms, func(k klp.KlpSym) bool { return k.Name == name })
}
