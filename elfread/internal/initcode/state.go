package initcode

import "slices"

const (
	regCount = 35 // the machine's general registers, then three of the lowering's own
	// maxCells bounds the memory that a state describes; what goes beyond is forgotten.
	maxCells = 64
	// maxEnabled bounds the patches that a state knows to be enabled.
	maxEnabled = 16
)

// place is a byte of code, packed: section index and offset.
type place struct {
	section, offset uint32
}

// cell is memory that was stored to.
type cell struct {
	reg   region
	off   int64
	width uint8 // bytes
	// clean: val is what stores of this code left there on every path, so
	// that an unknown val was decided by them and not by what we cannot see.
	clean bool
	val   value
	at    place // the store, the first one in address order where there are several
}

func (c *cell) overlaps(r region, off int64, width int) bool {
	return c.reg == r && c.off < off+int64(width) && off < c.off+int64(c.width)
}

// state is what holds at one point of the code on every path that reaches it,
// except for enabled, which holds what is so on some path.
type state struct {
	regs [regCount]value
	// cells describe memory. Bytes of a section or of an allocation that no cell
	// covers are as they were at the start, unless their region is wild; bytes
	// of the stack are then unknown.
	cells []cell
	wild  bits // regions in which any byte may have been stored to
	// escaped is what code that we do not see, or memory that we do not describe, may
	// hold pointers to.
	escaped bits
	// blind: something that we do not see may have written to static data whose
	// address it can know.
	blind bool
	// cmp is the value last compared with zero, field the condition register
	// that holds the outcome.
	cmp   value
	field int8
	// enabled are the patches that klp_enable_patch() was called with and did not refuse.
	enabled []value
}

func (s *state) reset() {
	s.regs = [regCount]value{}
	s.cells = s.cells[:0]
	s.enabled = s.enabled[:0]
	s.wild, s.escaped, s.blind = 0, 0, false
	s.cmp, s.field = value{}, 0
}

func (s *state) copyFrom(o *state) {
	cells, enabled := append(s.cells[:0], o.cells...), append(s.enabled[:0], o.enabled...)
	*s = *o
	s.cells, s.enabled = cells, enabled
}

// isWild reports whether bytes of r that no cell covers may have been stored to.
func (s *state) isWild(r region) bool {
	return s.wild&r.bit() != 0
}

// joinStates widens s so that it holds on o's paths too, and reports a change.
func (e *engine) joinStates(s, o *state) bool {
	changed := false
	for i := range s.regs {
		if s.regs[i] == o.regs[i] {
			continue
		}
		if v := join(s.regs[i], o.regs[i]); v != s.regs[i] {
			s.regs[i], changed = v, true
		}
	}
	if s.field != o.field && s.cmp != (value{}) {
		s.cmp, changed = value{}, true
	}
	if v := join(s.cmp, o.cmp); v != s.cmp {
		s.cmp, changed = v, true
	}
	wild, escaped := s.wild|o.wild, s.escaped|o.escaped
	for i := 0; i < len(s.cells); i++ {
		c := &s.cells[i]
		if i < len(o.cells) && *c == o.cells[i] {
			continue
		}
		if p := o.match(i, c); p != nil {
			n := cell{c.reg, c.off, c.width, c.clean && p.clean, join(c.val, p.val), earlier(c.at, p.at)}
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
	b := c.val.bits() | o.escaped
	if o.isWild(c.reg) || o.touched(c) || o.blind && c.reg.isSection() && e.isExposed(c.reg, c.off) {
		c.val, c.clean = anything(b), false
		return
	}
	old := e.untouched(c)
	if old.kind == unknown {
		old.off |= int64(b)
	}
	c.val = join(c.val, old)
}

// untouched is what the bytes of a cell hold where nothing was stored to them.
func (e *engine) untouched(c *cell) value {
	switch {
	case c.reg.isAlloc() && e.allocs[c.reg.number()].zero:
		return number(0)
	case !c.reg.isSection():
		return anything(0)
	}
	// A static variable has what its section says, unless something stored to it before
	// init ran: parameters and jump labels do. So it may well be what this code stores,
	// which is no proof that it is.
	if e.mayHold(c.reg.number(), c.off, int(c.width), c.val) {
		return anything(0)
	}
	return runtime(0)
}

func earlier(a, b place) place {
	if b.section < a.section || b.section == a.section && b.offset < a.offset {
		return b
	}
	return a
}

// find returns the cell of exactly these bytes.
func (s *state) find(r region, off int64, width int) *cell {
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
func (s *state) covering(r region, off int64, width int) (b bits, any bool) {
	for i := range s.cells {
		if c := &s.cells[i]; c.overlaps(r, off, width) {
			b, any = b|c.val.bits(), true
		}
	}
	return b, any
}

// insert adds a cell; where there is no room, its region becomes wild.
func (s *state) insert(c cell, escaped *bits) {
	if len(s.cells) < maxCells {
		s.cells = append(s.cells, c)
		return
	}
	*escaped |= c.val.bits()
	s.spoil(c.reg)
}

// spoil forgets everything about the content of a region.
func (s *state) spoil(r region) { s.spoilAll(r.bit()) }

// spoilAll forgets the content of every region of the set.
func (s *state) spoilAll(b bits) {
	if b == 0 {
		return
	}
	s.wild |= b &^ stackBit // bytes of the stack without a cell are unknown anyway
	kept := s.cells[:0]
	for i := range s.cells {
		if c := &s.cells[i]; c.reg.bit()&b == 0 {
			kept = append(kept, *c)
		} else {
			s.escaped |= c.val.bits() // whatever it pointed to may now be pointed to from anywhere
		}
	}
	s.cells = kept
}

// drop forgets the cells of one region, as spoil does.
func (s *state) drop(r region) {
	kept := s.cells[:0]
	for i := range s.cells {
		if c := &s.cells[i]; c.reg != r {
			kept = append(kept, *c)
		} else {
			s.escaped |= c.val.bits()
		}
	}
	s.cells = kept
}

// enable notes a patch and reports whether it is new.
func (s *state) enable(v value) bool {
	if slices.Contains(s.enabled, v) || len(s.enabled) == maxEnabled {
		return false
	}
	s.enabled = append(s.enabled, v)
	return true
}

// refuse forgets that a patch was enabled.
func (s *state) refuse(r region, off int64) {
	s.enabled = slices.DeleteFunc(s.enabled, func(v value) bool { return v.reg == r && v.off == off })
}
