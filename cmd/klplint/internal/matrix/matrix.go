package matrix

import (
	"cmp"
	"slices"
	"strings"

	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

// Matrix is the whole picture. It is sorted: rows by name, columns by release
// and architecture, lines by object and func.
type Matrix struct {
	Columns []Kernel
	Rows    []Row
	Version string // of klplint; "" where nobody says it
}

// Kernel is a column.
type Kernel struct {
	Release string // "" when the modules have no vermagic
	Arch    klp.Arch
}

// Row is one patch.
type Row struct {
	Patch string
	Cells []Cell // by column
	Funcs []Line // the union of all builds, by object and func
	// States has a line for each id; its cells hold the versions.
	States []StateLine
	// Replace has a cell for each column: "replace", "set 2", "sets {1,2}",
	// "unknown: ..."; "" where there is no build.
	Replace     []string
	Differences []Difference
}

// Cell is one patch built for one kernel.
type Cell struct {
	// Module is the build; nil where there is none.
	Module *klp.Module
	// Others are further builds for the same kernel that nothing in their names
	// tells apart from Module; they are not compared.
	Others []*klp.Module
}

// Line is one func of a patch across the columns.
type Line struct {
	Object string // "vmlinux" for the kernel image; a literal one is `"vmlinux"` in quotes
	Name   string // without the suffixes of compiler copies; of several names of a function the first
	// Cells holds for each column the names under which the func is patched,
	// with ",N" for a sympos above 1; empty where it is not. A build patches it
	// by another name where that is the same function of its kernel
	// (klp.Func.Aliases).
	Cells [][]string
}

// StateLine is one state id across the columns.
type StateLine struct {
	ID    uint64
	Cells []*uint32 // versions; nil where the build lacks the state
}

// New makes the matrix of the modules. group names the row of a module; nil
// stands for ByStem.
func New(modules []*klp.Module, group Grouper) *Matrix {
	m := &Matrix{Columns: columns(modules)}
	for _, g := range groups(modules, group) {
		row := Row{Patch: g.name, Cells: make([]Cell, len(m.Columns))}
		for _, mod := range g.modules {
			c := &row.Cells[slices.Index(m.Columns, kernelOf(mod))]
			switch {
			case c.Module == nil:
				c.Module = mod
			case newer(mod, c.Module):
				c.Others = append(c.Others, c.Module)
				c.Module = mod
			default:
				c.Others = append(c.Others, mod)
			}
		}
		row.fill()
		row.compare(m.Columns)
		m.Rows = append(m.Rows, row)
	}
	return m
}

func kernelOf(m *klp.Module) Kernel { return Kernel{m.Vermagic.Release, m.Arch} }

func newer(a, b *klp.Module) bool {
	return cmp.Or(names.Natural(a.Name, b.Name), names.Natural(a.Path, b.Path)) > 0
}

func columns(modules []*klp.Module) []Kernel {
	var out []Kernel
	seen := make(map[Kernel]bool)
	for _, m := range modules {
		if k := kernelOf(m); !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b Kernel) int {
		return cmp.Or(names.Natural(a.Release, b.Release), cmp.Compare(a.Arch, b.Arch))
	})
	return out
}

// lineKey is what the funcs of one line have in common.
type lineKey struct{ object, name string }

func keyOf(o *klp.Object, name string) lineKey {
	return lineKey{names.Object(o.Name, o.Literal), names.FuncBase(name)}
}

// fill makes the lines of a row from its modules.
func (r *Row) fill() {
	lines := make(map[lineKey]*Line)
	states := make(map[uint64]*StateLine)
	r.Replace = make([]string, len(r.Cells))
	r.eachFunc(func(_ int, o *klp.Object, f *klp.Func) {
		k := keyOf(o, f.Name)
		if lines[k] == nil {
			lines[k] = &Line{Object: k.object, Name: k.name, Cells: make([][]string, len(r.Cells))}
		}
	})
	r.eachFunc(func(col int, o *klp.Object, f *klp.Func) {
		covered := []lineKey{keyOf(o, f.Name)}
		for _, alias := range f.Aliases { // on that kernel the same function
			alias, _, _ = strings.Cut(alias, ",")
			if k := keyOf(o, alias); lines[k] != nil && !slices.Contains(covered, k) {
				covered = append(covered, k)
			}
		}
		for _, k := range covered {
			lines[k].Cells[col] = append(lines[k].Cells[col], names.Func(f.Name, f.Sympos))
		}
	})
	for col := range r.Cells {
		mod := r.Cells[col].Module
		if mod == nil {
			continue
		}
		r.Replace[col] = mod.Replace.String()
		for _, s := range mod.Patch.States {
			if states[s.ID] == nil {
				states[s.ID] = &StateLine{ID: s.ID, Cells: make([]*uint32, len(r.Cells))}
			}
			if c := &states[s.ID].Cells[col]; *c == nil { // klp_get_state() returns the first of duplicates
				*c = &s.Version
			}
		}
	}
	for _, l := range lines {
		for _, cell := range l.Cells {
			slices.SortFunc(cell, names.Natural)
		}
		r.Funcs = append(r.Funcs, *l)
	}
	slices.SortFunc(r.Funcs, func(a, b Line) int {
		return cmp.Or(compareObjects(a.Object, b.Object), cmp.Compare(a.Name, b.Name))
	})
	r.foldAliases()
	for _, s := range states {
		r.States = append(r.States, *s)
	}
	slices.SortFunc(r.States, func(a, b StateLine) int { return cmp.Compare(a.ID, b.ID) })
}

// eachFunc calls visit for every func of the builds, with the build's column.
func (r *Row) eachFunc(visit func(col int, o *klp.Object, f *klp.Func)) {
	for col := range r.Cells {
		if r.Cells[col].Module == nil {
			continue
		}
		objects := r.Cells[col].Module.Patch.Objects
		for i := range objects {
			for j := range objects[i].Funcs {
				visit(col, &objects[i], &objects[i].Funcs[j])
			}
		}
	}
}

// foldAliases leaves out the lines that say the same as an earlier one: those of
// the other names of a function.
func (r *Row) foldAliases() {
	seen := make(map[string]bool)
	r.Funcs = slices.DeleteFunc(r.Funcs, func(l Line) bool {
		text := l.Object
		patched := false
		for _, cell := range l.Cells {
			text += "\n" + strings.Join(cell, " ")
			patched = patched || len(cell) > 0
		}
		again := seen[text]
		seen[text] = true
		return again && patched
	})
}

// compareObjects puts the kernel image first.
func compareObjects(a, b string) int {
	if image := klp.VmlinuxObjectName; (a == image) != (b == image) {
		if a == image {
			return -1
		}
		return 1
	}
	return strings.Compare(a, b)
}
