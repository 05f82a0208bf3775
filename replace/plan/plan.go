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
	// Symbols are a target's symbols; nil where they are not known.
	Symbols replace.Symbols
	// PrePatchErrno is what its pre_patch callbacks return; "" for success.
	PrePatchErrno string
}

// Op is what a step does.
type Op string

// The steps: insmod, writing 0 to the livepatch's enabled in sysfs, rmmod.
const (
	Load    Op = "load"
	Disable Op = "disable"
	Unload  Op = "unload"
)

// Step is one step of a plan.
type Step struct {
	Op       Op
	Module   *Module
	Override []uint32 // sets that this load evicts beside those of the module
}

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
	m.Kind = KindTarget
	if k.IsLivepatch() {
		m.Kind = KindLivepatch
		m.Klp = k
		m.Fields = []klp.Replace{k.Replace}
	}
}
