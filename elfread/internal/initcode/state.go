package initcode

import (
	"slices"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
)

const (
	// maxCells bounds the memory that a state describes; what goes beyond is forgotten.
	maxCells = 64
	// maxEnabled bounds the patches that a state knows to be enabled.
	maxEnabled = 16
)

// cell is memory that was stored to.
type cell struct {
	reg   ir.Region
	off   int64
	width uint8 // bytes
	// clean: val is what stores of this code left there on every path, so
	// that an unknown val was decided by them and not by what we cannot see.
	clean bool
	val   ir.Value
	at    ir.PC // the store, the first one in address order where there are several
}

func (c *cell) overlaps(r ir.Region, off int64, width int) bool {
	return c.reg == r && c.off < off+int64(width) && off < c.off+int64(c.width)
}

// state is what holds at one point of the code on every path that reaches it,
// except for enabled, which holds what is so on some path.
type state struct {
	regs [ir.RegCount]ir.Value
	// cells describe memory. Bytes of a section or of an allocation that no cell
	// covers are as they were at the start, unless their region is wild; bytes
	// of the stack are then unknown.
	cells []cell
	wild  ir.Bits // regions in which any byte may have been stored to
	// escaped is what code that we do not see, or memory that we do not describe, may
	// hold pointers to.
	escaped ir.Bits
	// blind: something that we do not see may have written to static data whose
	// address it can know.
	blind bool
	// cmp is the value last compared with zero, field the condition register
	// that holds the outcome.
	cmp   ir.Value
	field int8
	// enabled are the patches that klp_enable_patch() was called with and did not refuse.
	enabled []ir.Value
}

func (s *state) reset() {
	s.regs = [ir.RegCount]ir.Value{}
	s.cells = s.cells[:0]
	s.enabled = s.enabled[:0]
	s.wild, s.escaped, s.blind = 0, 0, false
	s.cmp, s.field = ir.Value{}, 0
}

func (s *state) copyFrom(o *state) {
	cells, enabled := append(s.cells[:0], o.cells...), append(s.enabled[:0], o.enabled...)
	*s = *o
	s.cells, s.enabled = cells, enabled
}

// isWild reports whether bytes of r that no cell covers may have been stored to.
func (s *state) isWild(r ir.Region) bool {
	return s.wild&r.Bit() != 0
}

// joinStates widens s so that it holds on o's paths too, and reports a change.
func (e *engine) joinStates(s, o *state) bool {
	changed := false
	for i := range s.regs {
		if s.regs[i] == o.regs[i] {
			continue
		}
		if v := ir.Join(s.regs[i], o.regs[i]); v != s.regs[i] {
			s.regs[i], changed = v, true
		}
	}
	if s.field != o.field && s.cmp != (ir.Value{}) {
		s.cmp, changed = ir.Value{}, true
	}
	if v := ir.Join(s.cmp, o.cmp); v != s.cmp {
		s.cmp, changed = v, true
	}
	wild, escaped := s.wild|o.wild, s.escaped|o.escaped
	for i := 0; i < len(s.cells); i++ {
		c := &s.cells[i]
		if i < len(o.cells) && *c == o.cells[i] {
			continue
		}
		if p := o.match(i, c); p != nil {
			n := cell{c.reg, c.off, c.width, c.clean && p.clean, ir.Join(c.val, p.val), earlier(c.at, p.at)}
			if n != *c {
				*c, changed = n, true
			}
			continue
		}
		n := *c
		e.joinOld(&n, o)
		if n != *c {
			*c, changed = n, true
		}
	}
	for i := range o.cells {
		if s.match(i, &o.cells[i]) != nil {
			continue
		}
		c := o.cells[i]
		e.joinOld(&c, s)
		s.insert(c, &escaped)
		changed = true
	}
	if o.blind && !s.blind {
		s.blind, changed = true, true
	}
	for _, v := range o.enabled {
		if s.enable(v) {
			changed = true
		}
	}
	wild, escaped = wild|s.wild, escaped|s.escaped
	if wild != s.wild || escaped != s.escaped {
		s.wild, s.escaped, changed = wild, escaped, true
	}
	return changed
}

// joinOld widens a cell so that it holds where o has no such cell too.
func (e *engine) joinOld(c *cell, o *state) {
	b := c.val.Bits() | o.escaped
	if o.isWild(c.reg) || o.touched(c) || o.blind && c.reg.IsSection() && e.isExposed(c.reg, c.off) {
		c.val, c.clean = ir.Anything(b), false
		return
	}
	old := e.untouched(c)
	if old.Kind == ir.Unknown {
		old.Off |= int64(b)
	}
	c.val = ir.Join(c.val, old)
}

// untouched is what the bytes of a cell hold where nothing was stored to them.
func (e *engine) untouched(c *cell) ir.Value {
	switch {
	case c.reg.IsAlloc() && e.allocs[c.reg.Number()].zero:
		return ir.Number(0)
	case !c.reg.IsSection():
		return ir.Anything(0)
	}
	// A static variable has what its section says, unless something stored to it before
	// init ran: parameters and jump labels do. So it may well be what this code stores,
	// which is no proof that it is.
	if e.mayHold(c.reg.Number(), c.off, int(c.width), c.val) {
		return ir.Anything(0)
	}
	return ir.Runtime(0)
}

func earlier(a, b ir.PC) ir.PC {
	if b.Section < a.Section || b.Section == a.Section && b.Offset < a.Offset {
		return b
	}
	return a
}

// find returns the cell of exactly these bytes.
func (s *state) find(r ir.Region, off int64, width int) *cell {
	for i := range s.cells {
		c := &s.cells[i]
		if c.off == off && c.reg == r && int(c.width) == width {
			return c
		}
	}
	return nil
}

// match is find for the bytes of a cell that is most likely at index i.
func (s *state) match(i int, c *cell) *cell {
	if i < len(s.cells) {
		if m := &s.cells[i]; m.off == c.off && m.reg == c.reg && m.width == c.width {
			return m
		}
	}
	return s.find(c.reg, c.off, int(c.width))
}

// touched reports whether a cell of other bytes overlaps those of c.
func (s *state) touched(c *cell) bool {
	for i := range s.cells {
		o := &s.cells[i]
		if o.overlaps(c.reg, c.off, int(c.width)) && (o.off != c.off || o.width != c.width) {
			return true
		}
	}
	return false
}

// covering reports whether cells overlap these bytes, and what those may point into.
func (s *state) covering(r ir.Region, off int64, width int) (b ir.Bits, any bool) {
	for i := range s.cells {
		if c := &s.cells[i]; c.overlaps(r, off, width) {
			b, any = b|c.val.Bits(), true
		}
	}
	return b, any
}

// insert adds a cell; where there is no room, its region becomes wild.
func (s *state) insert(c cell, escaped *ir.Bits) {
	if len(s.cells) < maxCells {
		s.cells = append(s.cells, c)
		return
	}
	*escaped |= c.val.Bits()
	s.spoil(c.reg)
}

// spoil forgets everything about the content of a region.
func (s *state) spoil(r ir.Region) { s.spoilAll(r.Bit()) }

// spoilAll forgets the content of every region of the set.
func (s *state) spoilAll(b ir.Bits) {
	if b == 0 {
		return
	}
	s.wild |= b &^ ir.StackBit // bytes of the stack without a cell are unknown anyway
	kept := s.cells[:0]
	for i := range s.cells {
		if c := &s.cells[i]; c.reg.Bit()&b == 0 {
			kept = append(kept, *c)
		} else {
			s.escaped |= c.val.Bits() // whatever it pointed to may now be pointed to from anywhere
		}
	}
	s.cells = kept
}

// drop forgets the cells of one region, as spoil does.
func (s *state) drop(r ir.Region) {
	kept := s.cells[:0]
	for i := range s.cells {
		if c := &s.cells[i]; c.reg != r {
			kept = append(kept, *c)
		} else {
			s.escaped |= c.val.Bits()
		}
	}
	s.cells = kept
}

// enable notes a patch and reports whether it is new.
func (s *state) enable(v ir.Value) bool {
	if slices.Contains(s.enabled, v) || len(s.enabled) == maxEnabled {
		return false
	}
	s.enabled = append(s.enabled, v)
	return true
}

// refuse forgets that a patch was enabled.
func (s *state) refuse(r ir.Region, off int64) {
	s.enabled = slices.DeleteFunc(s.enabled, func(v ir.Value) bool { return v.Reg == r && v.Off == off })
}
