package kerneltest

import (
	"maps"
	"slices"
)

// trial is one scenario with its modules, while it is being made smaller.
type trial struct {
	steps   []Step
	modules map[string]Module
}

// part is one thing of a trial that can be taken away from it.
type part struct {
	kind   partKind
	module string // key; "" for a step
	at     int    // index of the step, object, state, target func or mutation
	of     int    // for what belongs to a func: its index; at is the object's
}

type partKind int

// The kinds of parts. Those behind partFunc make a module plainer rather than smaller.
const (
	partStep partKind = iota
	partModule
	partObject
	partTarget
	partState
	partStates
	partMutation
	partFunc
	partReplace
	partCallbacks
	partSympos
	partNewNull
	partInit
)

// newTrial copies a scenario up to the step that is in question: what comes
// later cannot have caused it.
func newTrial(suite *Suite, scenario Scenario, last int) trial {
	t := trial{modules: map[string]Module{}}
	for _, step := range scenario.Steps[:last+1] {
		t.steps = append(t.steps, Step{Op: step.Op, Module: step.Module})
		t.modules[step.Module] = suite.Modules[step.Module]
	}
	return t
}

// stepParts are all steps but the last, which shows the disagreement.
func (t trial) stepParts() []part {
	var list []part
	for i := range len(t.steps) - 1 {
		list = append(list, part{kind: partStep, at: i})
	}
	return list
}

// moduleParts are the modules that the last step does not name: taking one
// away takes all its steps, which singly may not be missed.
func (t trial) moduleParts() []part {
	var list []part
	for _, key := range slices.Sorted(maps.Keys(t.modules)) {
		if key != t.steps[len(t.steps)-1].Module {
			list = append(list, part{kind: partModule, module: key})
		}
	}
	return list
}

// sequenceParts are what the order of events is made of.
func (t trial) sequenceParts() []part { return slices.Concat(t.stepParts(), t.moduleParts()) }

// allParts is everything that can be taken away.
func (t trial) allParts() []part { return slices.Concat(t.sequenceParts(), t.contentParts()) }

// contentParts are what the modules hold, from the large to the small.
func (t trial) contentParts() []part {
	var list []part
	for _, key := range slices.Sorted(maps.Keys(t.modules)) {
		m := t.modules[key]
		for i := range m.Targets {
			list = append(list, part{kind: partTarget, module: key, at: i})
		}
		if m.States != nil {
			list = append(list, part{kind: partStates, module: key})
			for i := range *m.States {
				list = append(list, part{kind: partState, module: key, at: i})
			}
		}
		for i := range m.Mutate {
			list = append(list, part{kind: partMutation, module: key, at: i})
		}
		if m.Replace {
			list = append(list, part{kind: partReplace, module: key})
		}
		if m.Enables != 0 || m.ModNull || m.PatchNull {
			list = append(list, part{kind: partInit, module: key})
		}
		if m.Objects != nil {
			list = append(list, objectParts(key, *m.Objects)...)
		}
	}
	return list
}

func objectParts(key string, objects []Object) []part {
	var list []part
	for i, o := range objects {
		list = append(list, part{kind: partObject, module: key, at: i})
		if o.Callbacks {
			list = append(list, part{kind: partCallbacks, module: key, at: i})
		}
		if o.Funcs == nil {
			continue
		}
		for j, f := range *o.Funcs {
			list = append(list, part{kind: partFunc, module: key, at: i, of: j})
			if f.Sympos != 0 {
				list = append(list, part{kind: partSympos, module: key, at: i, of: j})
			}
			if f.NewNull {
				list = append(list, part{kind: partNewNull, module: key, at: i, of: j})
			}
		}
	}
	return list
}

// without is the trial that lacks the parts. The indices of parts are those of
// the trial that listed them.
func (t trial) without(parts []part) trial {
	gone := make(map[part]bool, len(parts))
	for _, p := range parts {
		gone[p] = true
	}
	next := trial{modules: map[string]Module{}}
	for i, step := range t.steps {
		if gone[part{kind: partStep, at: i}] || gone[part{kind: partModule, module: step.Module}] {
			continue
		}
		next.steps = append(next.steps, step)
		if _, done := next.modules[step.Module]; !done {
			next.modules[step.Module] = lessOf(step.Module, t.modules[step.Module], gone)
		}
	}
	return next
}

// lessOf is the module without the parts; the original is not changed.
func lessOf(key string, m Module, gone map[part]bool) Module {
	m.Targets = remaining(m.Targets, func(i int) bool { return gone[part{kind: partTarget, module: key, at: i}] })
	m.Mutate = remaining(m.Mutate, func(i int) bool { return gone[part{kind: partMutation, module: key, at: i}] })
	if m.States != nil {
		states := remaining(*m.States, func(i int) bool { return gone[part{kind: partState, module: key, at: i}] })
		m.States = &states
	}
	if gone[part{kind: partStates, module: key}] {
		m.States = nil
	}
	if gone[part{kind: partReplace, module: key}] {
		m.Replace = false
	}
	if gone[part{kind: partInit, module: key}] {
		m.Enables, m.ModNull, m.PatchNull = 0, false, false
	}
	if m.Objects == nil {
		return m
	}
	objects := []Object{}
	for i, o := range *m.Objects {
		if gone[part{kind: partObject, module: key, at: i}] {
			continue
		}
		o.Callbacks = o.Callbacks && !gone[part{kind: partCallbacks, module: key, at: i}]
		if o.Funcs != nil {
			funcs := lessFuncs(*o.Funcs, func(kind partKind, j int) bool {
				return gone[part{kind: kind, module: key, at: i, of: j}]
			})
			o.Funcs = &funcs
		}
		objects = append(objects, o)
	}
	m.Objects = &objects
	return m
}

func lessFuncs(funcs []Func, gone func(partKind, int) bool) []Func {
	list := []Func{}
	for j, f := range funcs {
		if gone(partFunc, j) {
			continue
		}
		if gone(partSympos, j) {
			f.Sympos = 0
		}
		f.NewNull = f.NewNull && !gone(partNewNull, j)
		list = append(list, f)
	}
	return list
}

func remaining[T any](list []T, gone func(int) bool) []T {
	kept := make([]T, 0, len(list))
	for i, v := range list {
		if !gone(i) {
			kept = append(kept, v)
		}
	}
	return kept
}
