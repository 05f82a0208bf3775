package elfread

import (
	"slices"

	"github.com/klplint/klplint/klp"
)

// deferrer is what a function of the kernel does with objects of a kind.
type deferrer struct {
	kind  klp.DeferKind
	takes bool // it is given the function that the kernel will call
	arms  bool // it makes the object pending
	// function is how far in the object, its first parameter, the function stands that
	// the kernel will call, in bytes, where callers write it themselves
	// (include/linux/timer_types.h, hrtimer_types.h, kthread.h, irq_work.h).
	function int64
}

// deferrers are the functions by which the kernel is left with what it calls later,
// as 6.1 to 7.3 export them.
var deferrers = map[string]deferrer{
	// include/linux/rcupdate.h, rcupdate_trace.h, srcu.h
	"call_rcu":             {kind: klp.DeferRCU, takes: true, arms: true},
	"call_rcu_hurry":       {kind: klp.DeferRCU, takes: true, arms: true},
	"call_srcu":            {kind: klp.DeferSRCU, takes: true, arms: true},
	"call_rcu_tasks":       {kind: klp.DeferRCUTasks, takes: true, arms: true},
	"call_rcu_tasks_trace": {kind: klp.DeferRCUTasksTrace, takes: true, arms: true},
	"call_rcu_tasks_rude":  {kind: klp.DeferRCUTasksRude, takes: true, arms: true},
	// include/linux/timer.h: timer_setup calls the first, since 6.16 the second
	"init_timer_key":    {kind: klp.DeferTimer, takes: true},
	"timer_init_key":    {kind: klp.DeferTimer, takes: true},
	"add_timer":         {kind: klp.DeferTimer, arms: true, function: 24},
	"add_timer_global":  {kind: klp.DeferTimer, arms: true, function: 24},
	"add_timer_local":   {kind: klp.DeferTimer, arms: true, function: 24},
	"add_timer_on":      {kind: klp.DeferTimer, arms: true, function: 24},
	"mod_timer":         {kind: klp.DeferTimer, arms: true, function: 24},
	"mod_timer_pending": {kind: klp.DeferTimer, arms: true, function: 24},
	"timer_reduce":      {kind: klp.DeferTimer, arms: true, function: 24},
	// include/linux/hrtimer.h
	"hrtimer_init":                {kind: klp.DeferHRTimer, function: 40}, // until 6.14
	"hrtimer_setup":               {kind: klp.DeferHRTimer, takes: true},
	"hrtimer_setup_on_stack":      {kind: klp.DeferHRTimer, takes: true},
	"hrtimer_update_function":     {kind: klp.DeferHRTimer, takes: true},
	"hrtimer_start_range_ns":      {kind: klp.DeferHRTimer, arms: true},
	"hrtimer_start_range_ns_user": {kind: klp.DeferHRTimer, arms: true},
	// include/linux/workqueue.h
	"mod_delayed_work_on":   {kind: klp.DeferWork, arms: true},
	"queue_delayed_work_on": {kind: klp.DeferWork, arms: true},
	"queue_rcu_work":        {kind: klp.DeferWork, arms: true},
	"queue_work_node":       {kind: klp.DeferWork, arms: true},
	"queue_work_on":         {kind: klp.DeferWork, arms: true},
	// include/linux/kthread.h
	"__kthread_init_work":        {kind: klp.DeferKthreadWork, function: 16},
	"kthread_mod_delayed_work":   {kind: klp.DeferKthreadWork, arms: true},
	"kthread_queue_delayed_work": {kind: klp.DeferKthreadWork, arms: true},
	"kthread_queue_work":         {kind: klp.DeferKthreadWork, arms: true},
	// include/linux/interrupt.h, irq_work.h
	"tasklet_init":          {kind: klp.DeferTasklet, takes: true},
	"tasklet_setup":         {kind: klp.DeferTasklet, takes: true},
	"__tasklet_hi_schedule": {kind: klp.DeferTasklet, arms: true},
	"__tasklet_schedule":    {kind: klp.DeferTasklet, arms: true},
	"irq_work_queue":        {kind: klp.DeferIRQWork, arms: true, function: 16},
	"irq_work_queue_on":     {kind: klp.DeferIRQWork, arms: true, function: 16},
}

// readArms notes which of the deferrers make objects pending, and reports whether the
// module refers to any of them.
func (p *parser) readArms() (refers bool) {
	look := func(name string) {
		d, ok := deferrers[name]
		if refers = refers || ok; d.arms && len(p.m.Arms) < maxListed {
			p.m.Arms = append(p.m.Arms, klp.Arming{Kind: d.kind, By: name})
		}
	}
	for i := range p.m.Imports {
		look(p.m.Imports[i].Name)
	}
	for i := range p.m.KlpSyms {
		look(p.m.KlpSyms[i].Name)
	}
	return refers
}

// arms reports whether the module makes objects of a kind pending.
func (p *parser) arms(kind klp.DeferKind) bool {
	return slices.ContainsFunc(p.m.Arms, func(a klp.Arming) bool { return a.Kind == kind })
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
