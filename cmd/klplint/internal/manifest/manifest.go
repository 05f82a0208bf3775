package manifest

import (
	"fmt"
	"slices"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/rules"
)

// The bounds of a manifest.
const (
	MaxSize    = 64 << 20 // bytes of the file
	maxFuncs   = 1_000_000
	maxModules = 100_000
	maxName    = 4096 // bytes of one name
)

// Manifest is what modules are meant to contain.
type Manifest struct {
	modules map[string]*Module // by name; "" for every module
	funcs   int
}

// Module is one module's content.
type Module struct {
	Name  string // the module's own name; "" holds for every module
	Funcs []Func // in the order of the file
	// HasStates: the manifest speaks of states, even of none.
	HasStates bool
	States    []State
	Replace   *Replace // nil where the manifest does not say
}

// Func is one func of one object.
type Func struct {
	Object string `json:"object"`
	Name   string `json:"name"`
	Sympos uint64 `json:"sympos,omitempty"`
	New    string `json:"new,omitempty"` // the replacement's symbol; "" where the manifest does not say
	// Conditional: whether it is there hangs on a configuration (#if).
	Conditional bool `json:"conditional,omitempty"`
}

// State is one state.
type State struct {
	ID      uint64 `json:"id"`
	Version uint32 `json:"version"`
}

// Replace is the content of the replace field, in the form of dump's JSON.
// Kind is "flag", "set", "sets", "runtime" (a module parameter decides) or
// "unknown".
type Replace struct {
	Kind       string   `json:"kind"`
	Flag       bool     `json:"flag,omitempty"`
	Set        uint32   `json:"set,omitempty"`
	Sets       []uint32 `json:"sets,omitempty"`
	Supersedes []uint32 `json:"supersedes,omitempty"`
}

// ReplaceOf makes the manifest's form of what a module has.
func ReplaceOf(r *klp.Replace) *Replace {
	switch {
	case r.Source == klp.FromRuntime:
		return &Replace{Kind: "runtime"}
	case r.Kind == klp.KindFlag:
		return &Replace{Kind: "flag", Flag: r.Flag}
	case r.Kind == klp.KindSet:
		return &Replace{Kind: "set", Set: r.Set, Supersedes: r.Supersedes}
	case r.Kind == klp.KindSets:
		return &Replace{Kind: "sets", Sets: r.Sets}
	}
	return &Replace{Kind: "unknown"}
}

// field is the field as a rule compares it.
func (r *Replace) field() *klp.Replace {
	switch r.Kind {
	case "flag":
		return &klp.Replace{Kind: klp.KindFlag, Flag: r.Flag}
	case "set":
		return &klp.Replace{Kind: klp.KindSet, Set: r.Set, Supersedes: r.Supersedes}
	case "sets":
		return &klp.Replace{Kind: klp.KindSets, Sets: r.Sets}
	case "runtime":
		return &klp.Replace{Source: klp.FromRuntime}
	}
	return &klp.Replace{Kind: klp.KindUnknown}
}

// For returns what a module of that name is meant to contain, nil when the
// manifest does not have it.
func (m *Manifest) For(name string) *Module {
	if own, ok := m.modules[name]; ok {
		return own
	}
	return m.modules[""]
}

// Expected is For in the form that rules compare with.
func (m *Manifest) Expected(name string) *rules.Expected {
	want := m.For(name)
	if want == nil {
		return nil
	}
	out := &rules.Expected{HasStates: want.HasStates}
	for _, f := range want.Funcs {
		out.Funcs = append(out.Funcs, rules.ExpectedFunc(f))
	}
	for _, s := range want.States {
		out.States = append(out.States, klp.State{ID: s.ID, Version: s.Version})
	}
	if want.Replace != nil {
		out.Replace = want.Replace.field()
	}
	return out
}

// Add takes over the modules of another manifest; both having one of them is an
// error.
func (m *Manifest) Add(o *Manifest) error {
	for _, name := range o.names() {
		if _, ok := m.modules[name]; ok {
			return fmt.Errorf("%s is in two manifests", title(name))
		}
		m.modules[name] = o.modules[name]
	}
	return nil
}

func (m *Manifest) names() []string {
	names := make([]string, 0, len(m.modules))
	for name := range m.modules {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func title(name string) string {
	if name == "" {
		return "the content of every module"
	}
	return "module " + name
}

// module begins a module.
func (m *Manifest) module(name string) (*Module, error) {
	if _, ok := m.modules[name]; ok {
		return nil, fmt.Errorf("duplicate %s", title(name))
	}
	if len(m.modules) >= maxModules {
		return nil, fmt.Errorf("more than %d modules", maxModules)
	}
	out := &Module{Name: name}
	m.modules[name] = out
	return out, nil
}

// add appends a func to a module; seen holds those that it has.
func (m *Manifest) add(to *Module, f Func, seen map[Func]bool) error {
	switch {
	case f.Object == "" || f.Name == "":
		return fmt.Errorf("a func needs an object and a name")
	case len(f.Object) > maxName || len(f.Name) > maxName || len(f.New) > maxName:
		return fmt.Errorf("a name of more than %d bytes", maxName)
	}
	key := Func{Object: f.Object, Name: f.Name, Sympos: max(1, f.Sympos)}
	if seen[key] {
		return fmt.Errorf("duplicate func %s of %s", f.Name, f.Object)
	}
	seen[key] = true
	if m.funcs++; m.funcs > maxFuncs {
		return fmt.Errorf("more than %d funcs", maxFuncs)
	}
	to.Funcs = append(to.Funcs, f)
	return nil
}
