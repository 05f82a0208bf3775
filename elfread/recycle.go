package elfread

import "github.com/klplint/klplint/klp"

// Recycle gives back the module that Read or Open returned last, for its memory
// to hold the next one. The caller must not use it afterwards, nor any slice of
// it; strings and what was copied out stay good. With thousands of modules that
// saves half of what the garbage collector has to do. Any other module is left
// alone.
func (r *Reader) Recycle(m *klp.Module) {
	if m != nil && m == r.last {
		r.recycles, r.recycled = true, m
	}
	r.last = nil
}

// module returns the Module to read into.
func (r *Reader) module() *klp.Module {
	m := r.recycled
	r.last = nil
	r.parser.slabs.reset(m != nil, r.recycles)
	if r.recycled = nil; m == nil {
		return new(klp.Module)
	}
	*m = klp.Module{}
	return m
}

// slabs is where the slices of a Module come from.
type slabs struct {
	sections  slab[klp.Section]
	entries   slab[klp.ModinfoEntry]
	imports   slab[klp.Import]
	objects   slab[klp.Object]
	funcs     slab[klp.Func]
	callbacks slab[klp.Callback]
	states    slab[klp.State]
}

// reset prepares for the next module. free: the last one does not need its
// slices any more. shared: slices may come from one larger piece of memory,
// since modules are given back as a rule.
func (s *slabs) reset(free, shared bool) {
	s.sections.reset(free, shared)
	s.entries.reset(free, shared)
	s.imports.reset(free, shared)
	s.objects.reset(free, shared)
	s.funcs.reset(free, shared)
	s.callbacks.reset(free, shared)
	s.states.reset(free, shared)
}

// slab makes slices, of which it keeps the memory where that may be used again.
type slab[T any] struct {
	free   []T // what is not given away yet, as its capacity
	all    []T
	shared bool
}

// maxSlab is how many elements are kept for the next module at most: one large
// module must not weigh on all later ones.
const maxSlab = 1 << 10

func (s *slab[T]) reset(free, shared bool) {
	s.shared = shared
	switch {
	case !free || cap(s.all) > maxSlab:
		s.all, s.free = nil, nil
	default:
		clear(s.all[:cap(s.all)-cap(s.free)]) // strings in it would keep larger ones alive
		s.free = s.all[:0]
	}
}

// take returns an empty slice with room for n elements.
func (s *slab[T]) take(n int) []T {
	if n == 0 {
		return nil
	}
	if !s.shared {
		return make([]T, 0, n)
	}
	if cap(s.free) < n {
		s.all = make([]T, 0, max(n, 2*cap(s.all), 16))
		s.free = s.all
	}
	list := s.free[0:0:n]
	s.free = s.free[n:n:cap(s.free)]
	return list
}
