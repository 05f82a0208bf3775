package elfread

import "github.com/klplint/klplint/klp"

// deferrer is what a function of the kernel does with objects of a kind.
type deferrer struct {
	kind  klp.DeferKind
	takes bool // it is given the function that the kernel will call
	arms  bool // it makes the object pending
}

// deferrers are the functions by which the kernel is left with what it calls later,
// as 6.1 to 7.3 export them. What headers do themselves (INIT_WORK, the hrtimers of
// releases before hrtimer_setup, kthread_init_work) calls none.
var deferrers = map[string]deferrer{
	// include/linux/rcupdate.h, rcupdate_trace.h, srcu.h
	"call_rcu":             {klp.DeferRCU, true, true},
	"call_rcu_hurry":       {klp.DeferRCU, true, true},
	"call_srcu":            {klp.DeferSRCU, true, true},
	"call_rcu_tasks":       {klp.DeferRCUTasks, true, true},
	"call_rcu_tasks_trace": {klp.DeferRCUTasksTrace, true, true},
	"call_rcu_tasks_rude":  {klp.DeferRCUTasksRude, true, true},
	// include/linux/timer.h: timer_setup calls the first, since 6.16 the second
	"init_timer_key":    {klp.DeferTimer, true, false},
	"timer_init_key":    {klp.DeferTimer, true, false},
	"add_timer":         {klp.DeferTimer, false, true},
	"add_timer_global":  {klp.DeferTimer, false, true},
	"add_timer_local":   {klp.DeferTimer, false, true},
	"add_timer_on":      {klp.DeferTimer, false, true},
	"mod_timer":         {klp.DeferTimer, false, true},
	"mod_timer_pending": {klp.DeferTimer, false, true},
	"timer_reduce":      {klp.DeferTimer, false, true},
	// include/linux/hrtimer.h
	"hrtimer_setup":               {klp.DeferHRTimer, true, false},
	"hrtimer_setup_on_stack":      {klp.DeferHRTimer, true, false},
	"hrtimer_update_function":     {klp.DeferHRTimer, true, false},
	"hrtimer_start_range_ns":      {klp.DeferHRTimer, false, true},
	"hrtimer_start_range_ns_user": {klp.DeferHRTimer, false, true},
	// include/linux/workqueue.h
	"mod_delayed_work_on":   {klp.DeferWork, false, true},
	"queue_delayed_work_on": {klp.DeferWork, false, true},
	"queue_rcu_work":        {klp.DeferWork, false, true},
	"queue_work_node":       {klp.DeferWork, false, true},
	"queue_work_on":         {klp.DeferWork, false, true},
	// include/linux/kthread.h
	"kthread_mod_delayed_work":   {klp.DeferKthreadWork, false, true},
	"kthread_queue_delayed_work": {klp.DeferKthreadWork, false, true},
	"kthread_queue_work":         {klp.DeferKthreadWork, false, true},
	// include/linux/interrupt.h, irq_work.h
	"tasklet_init":          {klp.DeferTasklet, true, false},
	"tasklet_setup":         {klp.DeferTasklet, true, false},
	"__tasklet_hi_schedule": {klp.DeferTasklet, false, true},
	"__tasklet_schedule":    {klp.DeferTasklet, false, true},
	"irq_work_queue":        {klp.DeferIRQWork, false, true},
	"irq_work_queue_on":     {klp.DeferIRQWork, false, true},
}

// readArms notes which of the deferrers make objects pending, and reports whether the
// module refers to any of them.
func (p *parser) readArms() (any bool) {
	refers := func(name string) {
		d, ok := deferrers[name]
		if any = any || ok; d.arms && len(p.m.Arms) < maxListed {
			p.m.Arms = append(p.m.Arms, klp.Arming{Kind: d.kind, By: name})
		}
	}
	for i := range p.m.Imports {
		refers(p.m.Imports[i].Name)
	}
	for i := range p.m.KlpSyms {
		refers(p.m.KlpSyms[i].Name)
	}
	return any
}

// arms reports whether the module makes objects of a kind pending.
func (p *parser) arms(kind klp.DeferKind) bool {
	for _, a := range p.m.Arms {
		if a.Kind == kind {
			return true
		}
	}
	return false
}

// deferrerOf returns what the function that a call is to does, and its name.
func (p *parser) deferrerOf(sym uint32) (deferrer, string) {
	name := ""
	if n := p.klpSymOf(int(sym)); n >= 0 {
		name = p.m.KlpSyms[n].Name
	} else if y, ok := p.sym(sym); ok && y.Shndx == 0 {
		name = p.symName(sym)
	}
	return deferrers[name], name
}
