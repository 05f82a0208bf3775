package report

import (
	"cmp"
	"slices"

	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace/plan"
)

// Picture is what the HTML report draws beside the findings.
type Picture struct {
	Kernels []PictureKernel // in the order of their names
}

// PictureKernel is the livepatches that may meet on one kernel.
type PictureKernel struct {
	Release string // "" where the modules do not say
	Arch    klp.Arch
	// Modules in the order in which they are loaded: the first Baseline of them
	// are already built, the others are under judgement.
	Modules  []*klp.Module
	Baseline int
	// Traces are what happens when they are loaded in that order; NotDrawn says
	// why there are none.
	Traces   []plan.Trace
	NotDrawn string
}

// name is the kernel as people call it.
func (k *PictureKernel) name() string {
	return cmp.Or(k.Release, "unknown kernel") + " " + string(k.Arch)
}

// patchedFunc is one patched func and who patches it.
type patchedFunc struct {
	object, name string
	by           []int // modules by index, ascending
}

// patchedFuncs lists the funcs that the modules patch: those that several patch
// first, then by object and name.
func patchedFuncs(modules []*klp.Module) []patchedFunc {
	type key struct{ object, name string }
	lines := make(map[key]*patchedFunc)
	for col, m := range modules {
		for i := range m.Patch.Objects {
			o := &m.Patch.Objects[i]
			for j := range o.Funcs {
				k := key{names.Object(o.Name, o.Literal), names.Func(o.Funcs[j].Name, o.Funcs[j].Sympos)}
				t := lines[k]
				if t == nil {
					t = &patchedFunc{object: k.object, name: k.name}
					lines[k] = t
				}
				if n := len(t.by); n == 0 || t.by[n-1] != col {
					t.by = append(t.by, col)
				}
			}
		}
	}
	out := make([]patchedFunc, 0, len(lines))
	for _, t := range lines {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b patchedFunc) int {
		return cmp.Or(cmp.Compare(min(len(b.by), 2), min(len(a.by), 2)), cmp.Compare(a.object, b.object), cmp.Compare(a.name, b.name))
	})
	return out
}
