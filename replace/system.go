package replace

import (
	"slices"

	"github.com/klplint/klplint/klp"
)

// Env is the kernel that modules are loaded into.
type Env struct {
	// Behaviour is how it answers where releases differ.
	Behaviour klp.Behaviour
	// Target answers symbol look-ups and the loader's own checks; nil when
	// nothing is known of the kernel.
	Target klp.Target
	// ZeroSpecial is the option of that name (see Options).
	ZeroSpecial bool
}

// System is a running kernel: which modules are loaded, and which livepatches
// are active in which order. It is a value: a step returns the next System and
// leaves the one it was called on as it was.
type System struct {
	model   Model
	env     Env
	loaded  []module     // in load order
	active  []*Livepatch // klp_patches, in stacking order
	crashed bool

	moving    *transition        // in progress; nil for none
	stalls    bool               // the next transition does not end
	prePatch  map[refuser]string // what SetPrePatch said
	held      map[funcKey]bool   // by other users of ftrace
	ftraceOff bool
}

// module is a loaded module of any kind.
type module struct {
	name    string
	symbols Symbols    // nil when not known
	patch   *Livepatch // nil for an ordinary module
}

// NewSystem returns a kernel in which nothing is loaded yet.
func NewSystem(m Model, e Env) System { return System{model: m, env: e} }

// Model returns the model that the system follows.
func (s System) Model() Model { return s.model }

// Active returns the active livepatches in stacking order, oldest first. A
// replaced or disabled livepatch is not active, even while its module stays
// loaded.
func (s System) Active() []*Livepatch { return slices.Clone(s.active) }

// Loaded returns the names of all loaded modules in load order.
func (s System) Loaded() []string {
	names := make([]string, len(s.loaded))
	for i := range s.loaded {
		names[i] = s.loaded[i].name
	}
	return names
}

// Crashed reports whether a step has brought the kernel down. Every further
// step then is a Crash too.
func (s System) Crashed() bool { return s.crashed }

// Owners says whose code runs for every func that an active livepatch patches
// and whose object is there: "vmlinux:name" or "object:name", with ",N" for
// sympos above 1. Of several livepatches it is the one loaded last
// (kernel/livepatch/patch.c: klp_patch_func() puts it on top of func_stack).
// A replacement function may be patched in its turn, by a livepatch whose
// object is the livepatch module; then the code of that one runs. Several names
// of one function (klp.Func.Aliases) have one owner.
func (s System) Owners() map[string]string {
	type top struct {
		patch       *Livepatch
		replacement string
	}
	tops := make(map[funcKey]top)
	names := make(map[funcKey]funcKey) // as they are spelled: the code
	for _, p := range s.active {
		for i := range p.objects {
			o := &p.objects[i]
			if !s.present(o) {
				continue
			}
			for j := range o.funcs {
				code := o.codeKey(&o.funcs[j])
				tops[code] = top{p, o.funcs[j].replacement}
				names[o.key(&o.funcs[j])] = code
			}
		}
	}
	owners := make(map[string]string, len(names))
	for key, code := range names {
		t := tops[code]
		// Two livepatches can patch each other's functions in a circle.
		for range s.active {
			over, ok := tops[funcKey{object: t.patch.Name, name: t.replacement, position: 1}]
			if !ok || t.replacement == "" {
				break
			}
			t = over
		}
		owners[key.String()] = t.patch.Name
	}
	return owners
}

// Aliases says, of the keys of Owners that are other names of a function, which
// key stands for its code; nil where each name is a function of its own.
func (s System) Aliases() map[string]string {
	var aliases map[string]string
	for _, p := range s.active {
		for i := range p.objects {
			o := &p.objects[i]
			for j := range o.funcs {
				if key, code := o.key(&o.funcs[j]), o.codeKey(&o.funcs[j]); key != code {
					if aliases == nil {
						aliases = make(map[string]string)
					}
					aliases[key.String()] = code.String()
				}
			}
		}
	}
	return aliases
}

// present reports whether the object is there: vmlinux always, a module while
// it is loaded. A literal "vmlinux" is a module that cannot exist.
func (s *System) present(o *object) bool { return o.vmlinux || s.find(o.name) != nil }

func (s *System) find(name string) *module {
	for i := range s.loaded {
		if s.loaded[i].name == name {
			return &s.loaded[i]
		}
	}
	return nil
}

func (s *System) isActive(name string) bool {
	return slices.ContainsFunc(s.active, func(p *Livepatch) bool { return p.Name == name })
}

// clone makes a System whose lists can be changed.
func (s *System) clone() System {
	n := *s
	n.loaded = slices.Clone(s.loaded)
	n.active = slices.Clone(s.active)
	return n
}

// dead is the answer of a kernel that has crashed.
func (s System) dead() (System, Decision) {
	return s, Decision{Outcome: Crash, Reason: "the kernel is down since an earlier step"}
}

// down is the state after a crash: nothing runs any more.
func (s System) down() System {
	return System{model: s.model, env: s.env, crashed: true}
}

// conclude makes the decision of a step that failed; ok is false if it did not.
func (s System) conclude(f *findings) (System, Decision, bool) {
	d, failed := f.failed()
	switch {
	case !failed:
		return s, d, false
	case d.Outcome == Crash:
		return s.down(), d, true
	}
	return s, d, true
}
