package diff

import (
	"cmp"
	"slices"

	"github.com/klplint/klplint/klp"
)

// Diff is what differs between two modules. Lists are sorted: the kernel image
// first, then by object and func name; states by id.
type Diff struct {
	Version  string // of klplint, for reports that say it; "" for none
	Old, New *klp.Module

	Objects []Object
	States  []State
	Relas   Relas
	// Load says what a kernel does with NEW while OLD is active, Back with OLD
	// while NEW is. Nil when they are not for one kernel.
	Load, Back *Transition
}

// Change is what became of one thing.
type Change string

// The changes. Kept things may still differ in detail.
const (
	Added   Change = "added"
	Kept    Change = "kept"
	Removed Change = "removed"
)

// Object is one patched object of either module.
type Object struct {
	Name    string // "vmlinux" for the kernel image
	Literal bool   // spelt "vmlinux" in a static table: another object, never applied
	Change  Change
	Funcs   []Func
	// CallbacksGained and CallbacksLost are in the order of struct klp_callbacks.
	CallbacksGained, CallbacksLost []klp.CallbackKind
}

// Func is one patched func of either module.
type Func struct {
	Name     string
	Position uint64 // max(1, sympos): what makes it the same func
	Change   Change
	Old, New *klp.Func // nil on the side that does not patch it
}

// SameSize reports whether both modules replace the func by code of one known
// size.
func (f *Func) SameSize() bool {
	return f.Old != nil && f.New != nil && f.Old.New.Size != 0 && f.Old.New.Size == f.New.New.Size
}

// SymposChanged reports whether the two name the same func by sympos 0 and 1,
// which kernels without the fix of klp_find_func() take for two.
func (f *Func) SymposChanged() bool {
	return f.Old != nil && f.New != nil && f.Old.Name == f.New.Name && f.Old.Sympos != f.New.Sympos
}

// Renamed reports whether the two name one function of the kernel by different
// names, which the kernel takes for one where it redirects calls.
func (f *Func) Renamed() bool {
	return f.Old != nil && f.New != nil && (f.Old.Name != f.New.Name || f.Old.Position() != f.New.Position())
}

// State is one state id of either module.
type State struct {
	ID       uint64
	Change   Change
	Old, New *klp.State // nil on the side that lacks it
}

// Lowered reports whether the state's version went down.
func (s *State) Lowered() bool { return s.Old != nil && s.New != nil && s.New.Version < s.Old.Version }

// Symbol is what a livepatch relocation needs from the kernel.
type Symbol struct {
	Object, Name string
	Sympos       uint64
}

// Relas compares the symbols that the two modules' livepatch relocations name.
type Relas struct {
	Gained, Lost []Symbol
	Kept         int // symbols that both name
}

// Compare compares two modules. What a kernel does with them is asked
// separately, by Judge, which fills Load and Back.
func Compare(old, new *klp.Module) *Diff {
	return &Diff{
		Old: old, New: new,
		Objects: objects(old.Patch.Objects, new.Patch.Objects),
		States:  states(old.Patch.States, new.Patch.States),
		Relas:   relas(old.KlpSyms, new.KlpSyms),
	}
}

// SameKernel reports whether both modules are for one release and architecture.
func (d *Diff) SameKernel() bool {
	return d.Old.Arch == d.New.Arch && d.Old.Vermagic.Release == d.New.Vermagic.Release
}

type objectKey struct {
	literal bool
	name    string
}

// merge walks two tables by key and yields each key once, in sorted order,
// with the first row of either side: the kernel takes the first of duplicates
// in klp_find_object() and klp_get_state() alike.
func merge[K comparable, V any](old, new []V, key func(*V) K, compare func(a, b K) int, visit func(k K, old, new *V)) {
	type pair struct{ old, new *V }
	pairs := make(map[K]*pair)
	var order []K
	add := func(rows []V, isNew bool) {
		for i := range rows {
			k := key(&rows[i])
			p := pairs[k]
			if p == nil {
				p = &pair{}
				pairs[k] = p
				order = append(order, k)
			}
			switch {
			case isNew && p.new == nil:
				p.new = &rows[i]
			case !isNew && p.old == nil:
				p.old = &rows[i]
			}
		}
	}
	add(old, false)
	add(new, true)
	slices.SortFunc(order, compare)
	for _, k := range order {
		visit(k, pairs[k].old, pairs[k].new)
	}
}

func change[V any](old, new *V) Change {
	switch {
	case old == nil:
		return Added
	case new == nil:
		return Removed
	}
	return Kept
}

func objects(old, new []klp.Object) []Object {
	var out []Object
	merge(old, new, func(o *klp.Object) objectKey { return objectKey{o.Literal, o.Name} }, compareObjects,
		func(k objectKey, a, b *klp.Object) {
			o := Object{Name: k.name, Literal: k.literal, Change: change(a, b), Funcs: funcs(table(a), table(b))}
			for _, kind := range []klp.CallbackKind{klp.PrePatch, klp.PostPatch, klp.PreUnpatch, klp.PostUnpatch} {
				switch before, after := has(a, kind), has(b, kind); {
				case after && !before:
					o.CallbacksGained = append(o.CallbacksGained, kind)
				case before && !after:
					o.CallbacksLost = append(o.CallbacksLost, kind)
				}
			}
			out = append(out, o)
		})
	return out
}

// compareObjects puts the kernel image first, then modules by name.
func compareObjects(a, b objectKey) int {
	rank := func(k objectKey) int {
		if k.name == klp.VmlinuxObjectName {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.name, b.name), cmp.Compare(b2i(a.literal), b2i(b.literal)))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func table(o *klp.Object) []klp.Func {
	if o == nil {
		return nil
	}
	return o.Funcs
}

func has(o *klp.Object, kind klp.CallbackKind) bool {
	return o != nil && slices.ContainsFunc(o.Callbacks, func(c klp.Callback) bool { return c.Kind == kind })
}

func funcs(old, new []klp.Func) []Func {
	type key struct {
		name     string
		position uint64
	}
	var out []Func
	merge(old, new, func(f *klp.Func) key {
		name, position := f.Code()
		return key{name, position}
	},
		func(a, b key) int {
			return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.position, b.position))
		},
		func(_ key, a, b *klp.Func) {
			f := Func{Change: change(a, b), Old: a, New: b}
			named := cmp.Or(b, a)
			f.Name, f.Position = named.Name, named.Position()
			out = append(out, f)
		})
	slices.SortStableFunc(out, func(a, b Func) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Position, b.Position)) })
	return out
}

func states(old, new []klp.State) []State {
	var out []State
	merge(old, new, func(s *klp.State) uint64 { return s.ID }, cmp.Compare[uint64], func(id uint64, a, b *klp.State) {
		out = append(out, State{ID: id, Change: change(a, b), Old: a, New: b})
	})
	return out
}

func relas(old, new []klp.KlpSym) Relas {
	var r Relas
	wellFormed := func(syms []klp.KlpSym) []Symbol {
		var out []Symbol
		for i := range syms {
			if s := &syms[i]; s.Malformed == "" && !s.Tombstone {
				out = append(out, Symbol{s.Object, s.Name, s.Sympos})
			}
		}
		return out
	}
	merge(wellFormed(old), wellFormed(new), func(s *Symbol) Symbol { return *s },
		func(a, b Symbol) int {
			return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Sympos, b.Sympos))
		},
		func(k Symbol, a, b *Symbol) {
			switch change(a, b) {
			case Added:
				r.Gained = append(r.Gained, k)
			case Removed:
				r.Lost = append(r.Lost, k)
			case Kept:
				r.Kept++
			}
		})
	return r
}
