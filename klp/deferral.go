package klp

// DeferKind is the kind of object by which the kernel calls a function later.
type DeferKind string

// The kinds, by the kernel's names.
const (
	DeferRCU           DeferKind = "rcu_head"
	DeferSRCU          DeferKind = "rcu_head of SRCU"
	DeferRCUTasks      DeferKind = "rcu_head of RCU Tasks"
	DeferRCUTasksTrace DeferKind = "rcu_head of RCU Tasks Trace"
	DeferRCUTasksRude  DeferKind = "rcu_head of RCU Tasks Rude"
	DeferTimer         DeferKind = "timer_list"
	DeferHRTimer       DeferKind = "hrtimer"
	DeferWork          DeferKind = "work_struct"
	DeferKthreadWork   DeferKind = "kthread_work"
	DeferTasklet       DeferKind = "tasklet_struct"
	DeferIRQWork       DeferKind = "irq_work"
)

// Deferral is a function of the module whose address goes into an object by which the
// kernel may call it later, when no task of its own is about to.
type Deferral struct {
	Kind DeferKind // that of the object
	// By is the function of the kernel that is given the address: "call_rcu",
	// "init_timer_key"; "" where code stores it, or the loader (DEFINE_TIMER).
	By   string
	At   Location // the call, the instruction, or the place in the module's data
	Func string
}

// Arming is a function of the kernel to which the module refers and which makes such
// an object pending.
type Arming struct {
	Kind DeferKind
	By   string // "mod_timer"
}
