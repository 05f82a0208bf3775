package rules

import (
	"cmp"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp323 = NewModuleRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.2",
	Tags:     []string{"kernel", "transition"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP323",
		Doc: `patched function is always on some task's stack

A task switches to the new code when none of the functions that change is on its
stack (kernel/livepatch/transition.c: klp_check_stack). The main function of a kernel
thread is on that thread's stack for as long as the thread lives, and the scheduler's
on that of every task that sleeps; kernel threads never return to user space, which
would be the other chance. The transition cannot end: with worker_thread() patched,
6.12 was still in transition after 20 s, and to reverse it or to force it is all that
is left (Documentation/livepatch/livepatch.rst). The list of functions, each with
where the kernel starts it, is in docs/code.md. Where the kernel's image is at hand,
its code tells which other functions are passed to what makes a kernel thread
(kthread_create_on_node); whether such a thread ever ends it does not tell.

Fix: patch a function that the loop calls.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	appliedFuncs(m, func(o *klp.Object, f *klp.Func) {
		s, ok := onStackForever(names.FuncBase(f.Name))
		found := finding.Finding{Object: o.Name, Func: funcName(f), Location: f.At}
		switch {
		case c.full():
			return
		case ok && (o.Name == klp.VmlinuxObjectName || o.Name == s.module):
			found.Message = patched(o, f) + " is always on the stack of " + s.of
			found.Kernel = accepted("the transition does not end")
		case len(f.StartedBy) > 0:
			found.Message = patched(o, f) + " is the main function of a kernel thread, which " + some(f.StartedBy) + " starts"
			found.Identity = unlistedNames(f.StartedBy, maxHolders)
			found.Kernel = accepted("the transition does not end while such a thread lives")
		default:
			return
		}
		c.add(found)
	})
	return c.findings(), nil
})

// stackResident is a function that some task's stack holds for good.
type stackResident struct {
	name   string
	of     string // whose stack
	where  string // where the kernel starts it, or calls it
	module string // the module that has it where it is not built in, "" for none
}

// stackResidents are the main functions of threads that the kernel starts for
// itself, and the scheduler, in the order of names. Each was looked up in 7.2: the place is
// where it is passed to the function that makes a thread.
var stackResidents = []stackResident{
	{"irq_thread", "threaded interrupt handlers", "kernel/irq/manage.c: setup_irq_thread", ""},
	{"kauditd_thread", "kauditd", "kernel/audit.c: audit_init", ""},
	{"kcompactd", "kcompactd", "mm/compaction.c: kcompactd_run", ""},
	{"khugepaged", "khugepaged", "mm/khugepaged.c: start_stop_khugepaged", ""},
	{"kjournald2", "the journal threads of jbd2", "fs/jbd2/journal.c: jbd2_journal_start_thread", "jbd2"},
	{"ksm_scan_thread", "ksmd", "mm/ksm.c: ksm_init", ""},
	{"kswapd", "kswapd", "mm/vmscan.c: kswapd_run", ""},
	{"kthread", "every kernel thread", "kernel/kthread.c: create_kthread", ""},
	{"kthread_worker_fn", "threads with a kthread_worker", "kernel/kthread.c: __kthread_create_worker_on_node", ""},
	{"kthreadd", "kthreadd", "init/main.c: rest_init", ""},
	{"oom_reaper", "oom_reaper", "mm/oom_kill.c: oom_init", ""},
	{"rcu_boost_kthread", "RCU's boosting threads", "kernel/rcu/tree_plugin.h: rcu_spawn_one_boost_kthread", ""},
	{"rcu_gp_kthread", "RCU's grace-period thread", "kernel/rcu/tree.c: rcu_spawn_gp_kthread", ""},
	{"rcu_nocb_cb_kthread", "RCU's offload threads", "kernel/rcu/tree_nocb.h: rcu_spawn_cpu_nocb_kthread", ""},
	{"rcu_nocb_gp_kthread", "RCU's offload threads", "kernel/rcu/tree_nocb.h: rcu_spawn_cpu_nocb_kthread", ""},
	{"rcu_tasks_kthread", "the threads of RCU Tasks", "kernel/rcu/tasks.h: rcu_spawn_tasks_kthread_generic", ""},
	{"rescuer_thread", "the rescuers of workqueues", "kernel/workqueue.c: init_rescuer", ""},
	{"schedule", "every sleeping task", "kernel/sched/core.c: schedule", ""},
	{"smpboot_thread_fn", "the threads that each processor has", "kernel/smpboot.c: __smpboot_create_thread", ""},
	{"worker_thread", "the workers of workqueues", "kernel/workqueue.c: create_worker", ""},
}

func onStackForever(name string) (stackResident, bool) {
	i, found := slices.BinarySearchFunc(stackResidents, name, func(s stackResident, name string) int { return cmp.Compare(s.name, name) })
	if !found {
		return stackResident{}, false
	}
	return stackResidents[i], true
}
