package site

import (
	"github.com/klplint/klplint/cmd/klplint/internal/patched"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/replace/plan"
)

// Site is one state of a registry.
type Site struct {
	UUID     string
	Revision int64
	Kernels  []Kernel  // as people sort them, the newest first
	Lineages []Lineage // by owner and name
}

// Kernel is the modules for one kernel.
type Kernel struct {
	moduleset.Kernel
	Page string // its address below the site
	// Active is by name; Retired and Candidates are how many more there are.
	Active              []*Module
	Retired, Candidates int
}

// Lineage is the generations of one livepatch.
type Lineage struct {
	registry.Lineage
	Page    string
	Kernels []Generations // as Site.Kernels
	Events  []Event       // of its modules, the oldest first
}

// Generations are the modules of a lineage for one kernel.
type Generations struct {
	Kernel   moduleset.Kernel
	Page     string    // of the kernel
	Modules  []*Module // in the order in which they were recorded
	Traces   []plan.Trace
	NotDrawn string // why there are no Traces; "" where nothing was ever active
}

// Module is one entry of the registry.
type Module struct {
	*registry.Entry
	Lineage string // the address of its lineage, with the place within it
}

// Event is an entry of the log, and the module's lineage; "" for none that is
// still there.
type Event struct {
	*registry.Event
	Page string
}

// Place is where the module stands within the page of its lineage.
func (m *Module) Place() string { return modulePlace(m.Module.SHA256, m.Channel) }

// Patched is how many funcs the module patches.
func (m *Module) Patched() int {
	n := 0
	for i := range m.Module.Patch.Objects {
		n += len(m.Module.Patch.Objects[i].Funcs)
	}
	return n
}

// Funcs lists what the active livepatches of a kernel patch: what several patch
// first, then by object and name.
func (k *Kernel) Funcs() []Func {
	modules := make([]*klp.Module, len(k.Active))
	for i, m := range k.Active {
		modules[i] = m.Module
	}
	lines := patched.Funcs(modules)
	out := make([]Func, len(lines))
	for i, line := range lines {
		out[i] = Func{Object: line.Object, Name: line.Name}
		for _, n := range line.By {
			out[i].By = append(out[i].By, k.Active[n])
		}
	}
	return out
}

// Func is a func that active livepatches patch.
type Func struct {
	Object, Name string
	By           []*Module
}

// Place is where the func stands within the page of its kernel.
func (f *Func) Place() string { return "func-" + digest(f.Object + ":" + f.Name)[:12] }

// Draw loads modules for one kernel one after the other.
type Draw func([]*klp.Module) ([]plan.Trace, error)

// maxDrawn bounds the generations in one picture: the last ones.
const maxDrawn = 40

// draw makes the pictures of a lineage.
func (l *Lineage) draw(draw Draw) {
	for i := range l.Kernels {
		g := &l.Kernels[i]
		var modules []*klp.Module
		seen := make(map[string]bool)
		for _, m := range g.Modules {
			if m.State == registry.Candidate || seen[m.Module.SHA256] { // it is in another channel too
				continue
			}
			seen[m.Module.SHA256] = true
			modules = append(modules, m.Module)
		}
		if len(modules) == 0 {
			continue
		}
		var err error
		if g.Traces, err = draw(modules[max(0, len(modules)-maxDrawn):]); err != nil {
			g.NotDrawn = err.Error()
		}
	}
}
