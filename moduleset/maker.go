package moduleset

import (
	"slices"

	"github.com/klplint/klplint/klp"
)

// Maker makes members of the baseline out of what somebody has kept of them, part
// by part and in pieces of memory that many of them share: a registry has ten
// thousand for one kernel, and by way of a klp.Module and NewMember for each the whole
// gate takes 1.7 times the CPU where the candidate stacks, 1.45 times where it replaces
// them all (BenchmarkGate). Strings are the caller's, and are not copied.
//
// The calls for one member are Begin, Object and its Funcs for each object, and End.
type Maker struct {
	members []Member
	objects []Object
	funcs   []Func // begins with those of the member that is made
	tables  []Table

	now   *Member
	count int          // funcs of the member that is made
	rows  [][]int32    // by object and row of its table: the index among them, -1 for a func without a name
	table *Table       // of the func before
	field *klp.Replace // of the member before
}

// Begin starts a member with the given number of objects. Of the values given those
// that stand in Member count but for objects, funcs and Baseline; the field is copied.
func (k *Maker) Begin(m Member, objects int) {
	m.Baseline = true
	m.Objects = piece(&k.objects, objects)[:0]
	m.Funcs = nil
	k.now = &piece(&k.members, 1)[0]
	// Thousands of modules have the same field, in the same place.
	if k.field == nil || !sameField(m.Replace, k.field) {
		field := *m.Replace
		k.field = &field
	}
	m.Replace = k.field
	*k.now = m
	k.count, k.rows = 0, k.rows[:0]
}

func sameField(a, b *klp.Replace) bool {
	list := func(a, b []uint32) bool { return slices.Equal(a, b) && (a == nil) == (b == nil) }
	return a.Kind == b.Kind && a.Flag == b.Flag && a.Set == b.Set && list(a.Sets, b.Sets) && a.SetsNull == b.SetsNull && list(a.Supersedes, b.Supersedes) &&
		a.Source == b.Source && a.FieldSource == b.FieldSource && a.Reason == b.Reason && a.At == b.At && a.Param == b.Param
}

// Object is the next object; its Funcs are counted here.
func (k *Maker) Object(o Object) {
	o.Funcs = 0
	k.now.Objects = append(k.now.Objects, o)
	if n := len(k.rows); n < cap(k.rows) { // with the memory of a member before
		k.rows = k.rows[:n+1]
		k.rows[n] = k.rows[n][:0]
	} else {
		k.rows = append(k.rows, nil)
	}
}

// Func is the next func of the last object.
func (k *Maker) Func(name string, sympos uint64, at klp.Location) {
	rows := &k.rows[len(k.rows)-1]
	if name == "" {
		*rows = append(*rows, -1)
		return
	}
	*rows = append(*rows, int32(k.count))
	o := &k.now.Objects[len(k.now.Objects)-1]
	o.Funcs++
	if table := tableOf(at); k.table == nil || k.table.Object != o || k.table.Sympos != sympos || k.table.at != table {
		k.table = &piece(&k.tables, 1)[0]
		*k.table = Table{Object: o, Sympos: sympos, at: table}
	}
	if k.count == len(k.funcs) {
		more := make([]Func, max(2*k.count, mostFuncs))
		copy(more, k.funcs)
		k.funcs = more
	}
	k.funcs[k.count] = Func{name, k.table, at.Offset}
	k.count++
}

// Aliases gives the other names of a func, by the indices of its object and of it in
// the object's table. It reports whether there is such a func.
func (k *Maker) Aliases(object, index uint64, aliases []string) bool {
	if object >= uint64(len(k.rows)) || index >= uint64(len(k.rows[object])) {
		return false
	}
	if i := k.rows[object][index]; i >= 0 {
		f := &k.funcs[i]
		f.setCode(klp.FirstName(f.Name, f.Position(), aliases))
	}
	return true
}

// End returns the member.
func (k *Maker) End() *Member {
	k.now.Funcs = piece(&k.funcs, k.count)
	return k.now
}

// most is how many values are made at once; of funcs, of which there are some dozens a
// module, mostFuncs.
const most, mostFuncs = 256, 4096

// piece cuts n values from memory that many share.
func piece[T any](from *[]T, n int) []T {
	if n > len(*from) {
		*from = make([]T, max(n, most))
	}
	out := (*from)[:n:n]
	*from = (*from)[n:]
	return out
}
