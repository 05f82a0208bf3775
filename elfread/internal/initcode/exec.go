package initcode

import mathbits "math/bits"

// step executes one lowered step.
func (e *engine) step(s *state, o *op, at place) {
	r := &s.regs
	switch o.code {
	case opMove:
		r[o.dst] = r[o.a]
	case opExtend:
		r[o.dst] = extend(r[o.a], int(o.width), o.imm == 1)
	case opConst:
		r[o.dst] = number(o.imm)
	case opAddr:
		r[o.dst] = value{kind: address, reg: o.reg, off: o.imm}
	case opAdd:
		r[o.dst] = add(r[o.a], o.imm)
	case opSum:
		r[o.dst] = sum(r[o.a], r[o.b])
	case opSub:
		r[o.dst] = difference(r[o.a], r[o.b])
	case opOr:
		if v := r[o.a]; isNumber(v) {
			r[o.dst] = number(v.off | o.imm)
		} else {
			r[o.dst] = mix(v, v)
		}
	case opShl:
		if v := r[o.a]; isNumber(v) && o.imm >= 0 && o.imm < 64 {
			r[o.dst] = number(v.off << uint(o.imm))
		} else {
			r[o.dst] = mix(v, v)
		}
	case opRotate:
		if v := r[o.a]; isNumber(v) {
			r[o.dst] = number(int64(mathbits.RotateLeft64(uint64(v.off), int(o.b))) & o.imm)
		} else {
			r[o.dst] = mix(v, v)
		}
	case opJoin:
		r[o.dst] = join(r[o.dst], r[o.a])
	case opSetLow:
		k := lowByte
		if o.width == 4 {
			k = lowWord
		}
		r[o.dst] = setLow(r[o.dst], r[o.a], k)
	case opMix:
		r[o.dst] = mix(r[o.a], r[o.b])
	case opPage:
		r[o.dst] = value{kind: page, reg: o.reg, off: o.imm}
	case opLow:
		r[o.dst] = low(r[o.a], o.reg, o.imm)
	case opInsert:
		r[o.dst] = insert(r[o.dst], o.imm, int(o.b), int(o.width))
	case opClobber:
		r[o.dst] = anything(s.escaped)
	case opDecide:
		r[o.dst] = runtime(0)
	case opLoad:
		r[o.dst] = e.load(s, add(r[o.a], o.imm), int(o.width), o.b == 1)
	case opStore:
		e.store(s, add(r[o.a], o.imm), int(o.width), r[o.b], at)
	case opStoreImm:
		e.store(s, r[o.a], int(o.width), number(o.imm), at)
	case opCompare:
		if s.cmp = r[o.a]; o.imm != 0 {
			s.cmp = value{}
		}
		s.field = o.b
	case opForget:
		s.cmp = value{}
	case opHavoc:
		e.havoc(s)
	}
}

func difference(v, w value) value {
	switch {
	case w.kind == constant:
		return add(v, -w.off)
	case v.pointer() && !w.pointer() && w.bits() == 0:
		return value{kind: within, reg: v.reg}
	}
	return mix(v, w)
}

// havoc forgets everything but the stack pointer's region.
func (e *engine) havoc(s *state) {
	for i := range s.regs {
		s.regs[i] = anything(allBits)
	}
	s.spoilAll(allBits)
	s.escaped = allBits
	s.blind = true
	s.cmp = value{}
}

// load is what width bytes at address p hold.
func (e *engine) load(s *state, p value, width int, signed bool) value {
	if p.kind == address {
		if v, ok := e.loadExact(s, p.reg, p.off, width); ok {
			return extend(v, width, signed)
		}
		if p.reg == stack { // an unknown slot can hold what escaped
			return anything(s.escaped)
		}
		b, stored := s.covering(p.reg, p.off, width)
		if b |= s.escaped; p.reg.isAlloc() || s.isWild(p.reg) || stored {
			return anything(b) // parts of it may be known, and need not be decided
		}
		return runtime(b) // a variable, of the module or another's
	}
	// Unknown memory holds what escaped; a region that we describe holds what its
	// cells say.
	b := s.escaped
	for i := range s.cells {
		c := &s.cells[i]
		if c.reg.bit()&p.bits() != 0 {
			b |= c.val.bits()
		} else if c.reg.isSection() && c.val.bits()&^b != 0 {
			e.readData()
			if e.isExposed(c.reg, c.off) {
				b |= c.val.bits()
			}
		}
	}
	if p.bits() != 0 {
		return anything(b)
	}
	return runtime(b)
}

// loadExact is the content of memory at a known place, and false where it is not known.
func (e *engine) loadExact(s *state, r region, off int64, width int) (value, bool) {
	n := 0
	var hit *cell
	for i := range s.cells {
		if c := &s.cells[i]; c.overlaps(r, off, width) {
			hit = c
			n++
		}
	}
	switch {
	case n == 1:
		return e.part(hit, off, width)
	case n > 0 || s.isWild(r):
		return value{}, false
	case r.isAlloc():
		if e.allocs[r.number()].zero {
			return number(0), true
		}
	case r.isSection():
		return e.initial(r.number(), off, width)
	case r.isExtern():
		return value{}, false
	}
	return value{}, false
}

// part is what bytes of a cell hold, in the lowest bytes of the value.
func (e *engine) part(c *cell, off int64, width int) (value, bool) {
	below := off - c.off // bytes of less weight
	above := int64(c.width) - below - int64(width)
	if e.big {
		below, above = above, below
	}
	switch {
	case below < 0 || above < 0:
		return value{}, false
	case below == 0:
		return c.val, true
	case isNumber(c.val):
		return number(int64(uint64(c.val.off) >> uint(8*below))), true
	}
	return value{}, false
}

// initial is what a section that nobody writes to holds: a relocated pointer, or
// a number. (Pools of constants and ppc64's .toc are such sections.)
func (e *engine) initial(section int, off int64, width int) (value, bool) {
	if sec := e.section(section); sec == nil || sec.Write && sec.Name != ".toc" || sec.Data == nil {
		return value{}, false
	}
	return e.content(section, off, width)
}

// content is what a section holds in the file, and false where a relocation makes it
// something else than a pointer.
func (e *engine) content(section int, off int64, width int) (value, bool) {
	sec := e.section(section)
	switch {
	case sec == nil || off < 0:
		return value{}, false
	case sec.Data == nil: // SHT_NOBITS
		return number(0), true
	case off > int64(len(sec.Data))-int64(width):
		return value{}, false
	}
	rels := relocsIn(sec, uint64(off), uint64(off)+uint64(width))
	if len(rels) != 0 {
		if rels[0].Type == e.pointerReloc && width == 8 && rels[0].Offset == uint64(off) && len(rels) == 1 {
			return e.target(rels[0].Sym, rels[0].Addend)
		}
		return value{}, false
	}
	var n uint64
	for i := range width {
		b := uint64(sec.Data[off+int64(i)])
		if e.big {
			n = n<<8 | b
		} else {
			n |= b << uint(8*i)
		}
	}
	return number(int64(n)), true
}

// mayHold reports whether a section may hold v already, as far as the file tells.
func (e *engine) mayHold(section int, off int64, width int, v value) bool {
	if v.kind == unknown {
		return v.vague()
	}
	old, ok := e.content(section, off, width)
	return !ok || v == old || v.kind != constant && v.kind != address
}

// store writes v to width bytes at address p.
func (e *engine) store(s *state, p value, width int, v value, at place) {
	if width < 8 {
		v = extend(v, width, false)
	}
	if p.kind == address {
		e.storeExact(s, p.reg, p.off, width, v, at)
		return
	}
	e.leak(s, v)
	if p.kind != within {
		e.blindWrite(s)
	}
	s.spoilAll(p.bits())
}

func (e *engine) storeExact(s *state, r region, off int64, width int, v value, at place) {
	if r.isExtern() { // memory that is not ours
		e.leak(s, v)
		return
	}
	exact := false
	for i := range s.cells {
		c := &s.cells[i]
		if !c.overlaps(r, off, width) {
			continue
		}
		if c.off == off && int(c.width) == width {
			*c = cell{r, off, uint8(width), true, v, at}
			exact = true
			continue
		}
		c.val, c.clean = anything(c.val.bits()), false
	}
	if exact {
		return
	}
	s.insert(cell{r, off, uint8(width), true, v, at}, &s.escaped)
}

// leak notes that v goes where we cannot follow it.
func (e *engine) leak(s *state, v value) {
	if v.pointer() && v.reg.isSection() {
		e.expose(v) // tells objects of one section apart, unlike escaped
		return
	}
	s.escaped |= v.bits()
}

// blindWrite accounts for writes to static data by code or through pointers that we know
// nothing of: whatever has an address that left our sight may have changed.
func (e *engine) blindWrite(s *state) {
	s.blind = true
	e.readData()
	for i := range s.cells {
		c := &s.cells[i]
		if c.reg.isSection() && (c.clean || c.val.kind != unknown) && e.isExposed(c.reg, c.off) {
			s.escaped |= c.val.bits()
			c.val, c.clean = anything(c.val.bits()), false
		}
	}
}
