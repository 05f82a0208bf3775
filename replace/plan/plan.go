package plan

import (
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// Plan is a sequence of steps over modules.
type Plan struct {
	// Kernel is the release whose answers are asked for; "" when not said.
	Kernel string
	// Symbols are all symbols of objects ("vmlinux" or a module's name), with
	// how often each occurs; an object that is missing here is not known.
	Symbols map[string]replace.SymbolList
	// Untraceable are names of an object that ftrace cannot hook (notrace, data).
	Untraceable map[string]map[string]bool
	Modules     []*Module
	Steps       []Step
}

// Kind tells the two kinds of module of a plan apart.
type Kind string

// The kinds.
const (
	KindLivepatch Kind = "livepatch"
	KindTarget    Kind = "target" // an ordinary module that livepatches patch
)

// Module is one module of a plan.
type Module struct {
	Label string // how steps name it
	Kind  Kind
	// File is the built module; "" for a described one.
	File string
	// Klp is the module as a livepatch: described, or what File holds once it
	// is resolved. nil for targets and before resolving.
	Klp *klp.Module
	// Fields are the replace fields that it carries, each of another kind: one
	// for a built module, any number for a described one.
	Fields []klp.Replace
	// Name is the module's own name.
	Name string
	// Target is what the file of a target holds; nil for a described one.
	Target *klp.Module
	// Symbols are a target's symbols; nil where they are not known.
	Symbols replace.Symbols
	// PrePatchErrno is what its pre_patch callbacks return; "" for success.
	PrePatchErrno string
	// ReplaceParam is the module parameter that sets replace of a described
	// module, and ReplaceDefault its value where a load does not give it; "" for
	// none.
	ReplaceParam   string
	ReplaceDefault bool
}

// Op is what a step does.
type Op string

// The steps: insmod, writing 0 to the livepatch's enabled in sysfs, rmmod, and
// what else happens to a kernel meanwhile.
const (
	Load    Op = "load"
	Disable Op = "disable"
	Unload  Op = "unload"
	// Finish is the end of a transition that stalled.
	Finish Op = "finish"
	// Set changes what the pre_patch callbacks of a livepatch return.
	Set Op = "set"
	// Hold and Release are another user of ftrace that comes to a func and goes.
	Hold    Op = "hold"
	Release Op = "release"
	// Ftrace turns kernel.ftrace_enabled on or off.
	Ftrace Op = "ftrace"
)

// Step is one step of a plan.
type Step struct {
	Op       Op
	Module   *Module
	Override []uint32 // sets that this load evicts beside those of the module
	// Params are the module parameters of this load; nil for none.
	Params []Param
	// Stalls: the transition of this load or disable does not end.
	Stalls bool
	// Func is what Hold and Release are about.
	Func klp.FuncName
	// Object is the one whose callback Set is about, "" for all; Errno what it
	// returns, "" for success.
	Object, Errno string
	// Expect is what is expected of the step: "ok", an outcome or an errno; "" for
	// nothing. ExpectCalls are the callbacks that are expected to run, each as
	// "pre_patch vmlinux"; nil for nothing.
	Expect      string
	ExpectCalls []string
	// On is what Ftrace writes.
	On bool
}

// Param is a module parameter, as insmod takes it.
type Param struct{ Name, Value string }

// FromModules makes the plan that loads built modules in their order.
// Livepatches go by their tables, everything else counts as a target.
func FromModules(mods []*klp.Module) (*Plan, error) {
	if len(mods) > MaxSteps {
		return nil, &Error{Message: tooMany("modules", len(mods), MaxSteps)}
	}
	p := &Plan{}
	for _, m := range mods {
		x := &Module{Label: replace.ModuleName(m), File: m.Path}
		x.take(m)
		p.Modules = append(p.Modules, x)
		p.Steps = append(p.Steps, Step{Op: Load, Module: x})
	}
	return p, nil
}

// take fills in what a built module says.
func (m *Module) take(k *klp.Module) {
	m.Name = replace.ModuleName(k)
	m.Kind, m.Target = KindTarget, k
	if k.IsLivepatch() {
		m.Kind, m.Target = KindLivepatch, nil
		m.Klp = k
		m.Fields = []klp.Replace{k.Replace}
	}
}
