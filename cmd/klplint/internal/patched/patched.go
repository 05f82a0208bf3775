// Package patched tells who of several livepatches patches which func, for the pages
// that list them.
package patched

import (
	"cmp"
	"slices"

	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

// Func is a func and who patches it.
type Func struct {
	Object, Name string // as names.Object and names.Func show them
	By           []int  // the modules by index, ascending, each once
}

// Funcs lists the funcs that the modules patch: those that several patch first, then
// by object and name.
func Funcs(modules []*klp.Module) []Func {
	type key struct{ object, name string }
	at := make(map[key]int)
	var out []Func
	for col, m := range modules {
		for i := range m.Patch.Objects {
			o := &m.Patch.Objects[i]
			for j := range o.Funcs {
				k := key{names.Object(o.Name, o.Literal), names.Func(o.Funcs[j].Name, o.Funcs[j].Sympos)}
				line, ok := at[k]
				if !ok {
					line = len(out)
					at[k] = line
					out = append(out, Func{Object: k.object, Name: k.name})
				}
				if by := &out[line].By; len(*by) == 0 || (*by)[len(*by)-1] != col {
					*by = append(*by, col)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b Func) int {
		return cmp.Or(cmp.Compare(min(len(b.By), 2), min(len(a.By), 2)), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Name, b.Name))
	})
	return out
}
