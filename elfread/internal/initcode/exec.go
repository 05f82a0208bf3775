package initcode

import (
	mathbits "math/bits"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
)

// step executes one lowered step.
func (e *engine) step(s *state, o *ir.Step, at ir.PC) {
	r := &s.regs
	switch o.Code {
	case ir.OpMove:
		r[o.Dst] = r[o.A]
	case ir.OpExtend:
		r[o.Dst] = ir.Extend(r[o.A], int(o.Width), o.Imm == 1)
	case ir.OpConst:
		r[o.Dst] = ir.Number(o.Imm)
	case ir.OpAddr:
		r[o.Dst] = ir.Value{Kind: ir.Address, Reg: o.Reg, Off: o.Imm}
	case ir.OpAdd:
		r[o.Dst] = ir.Add(r[o.A], o.Imm)
	case ir.OpSum:
		r[o.Dst] = ir.Sum(r[o.A], r[o.B])
	case ir.OpSub:
		r[o.Dst] = difference(r[o.A], r[o.B])
	case ir.OpOr:
		if v := r[o.A]; ir.IsNumber(v) {
			r[o.Dst] = ir.Number(v.Off | o.Imm)
		} else {
			r[o.Dst] = ir.Mix(v, v)
		}
	case ir.OpShl:
		if v := r[o.A]; ir.IsNumber(v) && o.Imm >= 0 && o.Imm < 64 {
			r[o.Dst] = ir.Number(v.Off << uint(o.Imm))
		} else {
			r[o.Dst] = ir.Mix(v, v)
		}
	case ir.OpRotate:
		if v := r[o.A]; ir.IsNumber(v) {
			r[o.Dst] = ir.Number(int64(mathbits.RotateLeft64(uint64(v.Off), int(o.B))) & o.Imm)
		} else {
			r[o.Dst] = ir.Mix(v, v)
		}
	case ir.OpJoin:
		r[o.Dst] = ir.Join(r[o.Dst], r[o.A])
	case ir.OpSetLow:
		k := ir.LowByte
		if o.Width == 4 {
			k = ir.LowWord
		}
		r[o.Dst] = ir.SetLow(r[o.Dst], r[o.A], k)
	case ir.OpMix:
		r[o.Dst] = ir.Mix(r[o.A], r[o.B])
	case ir.OpPage:
		r[o.Dst] = ir.Value{Kind: ir.Page, Reg: o.Reg, Off: o.Imm}
	case ir.OpLow:
		r[o.Dst] = ir.Low(r[o.A], o.Reg, o.Imm)
	case ir.OpInsert:
		r[o.Dst] = ir.Insert(r[o.Dst], o.Imm, int(o.B), int(o.Width))
	case ir.OpClobber:
		r[o.Dst] = ir.Anything(s.escaped)
	case ir.OpDecide:
		r[o.Dst] = ir.Runtime(0)
	case ir.OpLoad:
		r[o.Dst] = e.load(s, ir.Add(r[o.A], o.Imm), int(o.Width), o.B == 1)
	case ir.OpStore:
		e.store(s, ir.Add(r[o.A], o.Imm), int(o.Width), r[o.B], at)
	case ir.OpStoreImm:
		e.store(s, r[o.A], int(o.Width), ir.Number(o.Imm), at)
	case ir.OpCompare:
		if s.cmp = r[o.A]; o.Imm != 0 {
			s.cmp = ir.Value{}
		}
		s.field = o.B
	case ir.OpForget:
		s.cmp = ir.Value{}
	case ir.OpHavoc:
		e.havoc(s)
	}
}

func difference(v, w ir.Value) ir.Value {
	switch {
	case w.Kind == ir.Constant:
		return ir.Add(v, -w.Off)
	case v.Pointer() && !w.Pointer() && w.Bits() == 0:
		return ir.Value{Kind: ir.Within, Reg: v.Reg}
	}
	return ir.Mix(v, w)
}

// havoc forgets everything but the stack pointer's region.
func (e *engine) havoc(s *state) {
	for i := range s.regs {
		s.regs[i] = ir.Anything(ir.AllBits)
	}
	s.spoilAll(ir.AllBits)
	s.escaped = ir.AllBits
	s.blind = true
	s.cmp = ir.Value{}
}

// load is what width bytes at address p hold.
func (e *engine) load(s *state, p ir.Value, width int, signed bool) ir.Value {
	if p.Kind == ir.Address {
		if v, ok := e.loadExact(s, p.Reg, p.Off, width); ok {
			return ir.Extend(v, width, signed)
		}
		if p.Reg == ir.Stack { // an unknown slot can hold what escaped
			return ir.Anything(s.escaped)
		}
		b, stored := s.covering(p.Reg, p.Off, width)
		if b |= s.escaped; p.Reg.IsAlloc() || s.isWild(p.Reg) || stored {
			return ir.Anything(b) // parts of it may be known, and need not be decided
		}
		return ir.Runtime(b) // a variable, of the module or another's
	}
	// Unknown memory holds what escaped; a region that we describe holds what its
	// cells say.
	b := s.escaped
	for i := range s.cells {
		c := &s.cells[i]
		if c.reg.Bit()&p.Bits() != 0 {
			b |= c.val.Bits()
		} else if c.reg.IsSection() && c.val.Bits()&^b != 0 {
			e.readData()
			if e.isExposed(c.reg, c.off) {
				b |= c.val.Bits()
			}
		}
	}
	if p.Bits() != 0 {
		return ir.Anything(b)
	}
	return ir.Runtime(b)
}

// loadExact is the content of memory at a known place, and false where it is not known.
func (e *engine) loadExact(s *state, r ir.Region, off int64, width int) (ir.Value, bool) {
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
		return ir.Value{}, false
	case r.IsAlloc():
		if e.allocs[r.Number()].zero {
			return ir.Number(0), true
		}
	case r.IsSection():
		return e.initial(r.Number(), off, width)
	case r.IsExtern():
		return ir.Value{}, false
	}
	return ir.Value{}, false
}

// part is what bytes of a cell hold, in the lowest bytes of the value.
func (e *engine) part(c *cell, off int64, width int) (ir.Value, bool) {
	below := off - c.off // bytes of less weight
	above := int64(c.width) - below - int64(width)
	if e.m.BigEndian {
		below, above = above, below
	}
	switch {
	case below < 0 || above < 0:
		return ir.Value{}, false
	case below == 0:
		return c.val, true
	case ir.IsNumber(c.val):
		return ir.Number(int64(uint64(c.val.Off) >> uint(8*below))), true
	}
	return ir.Value{}, false
}

// initial is what a section that nobody writes to holds: a relocated pointer, or
// a number. (Pools of constants and ppc64's .toc are such sections.)
func (e *engine) initial(section int, off int64, width int) (ir.Value, bool) {
	if sec := e.section(section); sec == nil || sec.Write && sec.Name != ".toc" || sec.Data == nil {
		return ir.Value{}, false
	}
	return e.content(section, off, width)
}

// content is what a section holds in the file, and false where a relocation makes it
// something else than a pointer.
func (e *engine) content(section int, off int64, width int) (ir.Value, bool) {
	sec := e.section(section)
	switch {
	case sec == nil || off < 0:
		return ir.Value{}, false
	case sec.Data == nil: // SHT_NOBITS
		return ir.Number(0), true
	case off > int64(len(sec.Data))-int64(width):
		return ir.Value{}, false
	}
	rels := ir.RelocsIn(sec, uint64(off), uint64(off)+uint64(width))
	if len(rels) != 0 {
		if rels[0].Type == e.m.PointerReloc && width == 8 && rels[0].Offset == uint64(off) && len(rels) == 1 {
			return e.Target(rels[0].Sym, rels[0].Addend)
		}
		return ir.Value{}, false
	}
	var n uint64
	for i := range width {
		b := uint64(sec.Data[off+int64(i)])
		if e.m.BigEndian {
			n = n<<8 | b
		} else {
			n |= b << uint(8*i)
		}
	}
	return ir.Number(int64(n)), true
}

// mayHold reports whether a section may hold v already, as far as the file tells.
func (e *engine) mayHold(section int, off int64, width int, v ir.Value) bool {
	if v.Kind == ir.Unknown {
		return v.Vague()
	}
	old, ok := e.content(section, off, width)
	return !ok || v == old || v.Kind != ir.Constant && v.Kind != ir.Address
}

// store writes v to width bytes at address p.
func (e *engine) store(s *state, p ir.Value, width int, v ir.Value, at ir.PC) {
	if width < 8 {
		v = ir.Extend(v, width, false)
	}
	if p.Kind == ir.Address {
		e.storeExact(s, p.Reg, p.Off, width, v, at)
		return
	}
	e.leak(s, v)
	if p.Kind != ir.Within {
		e.blindWrite(s)
	}
	s.spoilAll(p.Bits())
}

func (e *engine) storeExact(s *state, r ir.Region, off int64, width int, v ir.Value, at ir.PC) {
	if r.IsExtern() { // memory that is not ours
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
		c.val, c.clean = ir.Anything(c.val.Bits()), false
	}
	if exact {
		return
	}
	s.insert(cell{r, off, uint8(width), true, v, at}, &s.escaped)
}

// leak notes that v goes where we cannot follow it.
func (e *engine) leak(s *state, v ir.Value) {
	if v.Pointer() && v.Reg.IsSection() {
		e.expose(v) // tells objects of one section apart, unlike escaped
		return
	}
	s.escaped |= v.Bits()
}

// blindWrite accounts for writes to static data by code or through pointers that we know
// nothing of: whatever has an address that left our sight may have changed.
func (e *engine) blindWrite(s *state) {
	s.blind = true
	e.readData()
	for i := range s.cells {
		c := &s.cells[i]
		if c.reg.IsSection() && (c.clean || c.val.Kind != ir.Unknown) && e.isExposed(c.reg, c.off) {
			s.escaped |= c.val.Bits()
			c.val, c.clean = ir.Anything(c.val.Bits()), false
		}
	}
}
