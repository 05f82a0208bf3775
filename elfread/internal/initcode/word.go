package initcode

// word is one 32-bit instruction on its way to steps, of any machine that has such.
type word struct {
	*insn
	e   *engine
	w   uint32
	at  place
	rel value  // what its relocation refers to; the zero value where it has none
	typ uint32 // the relocation's type
}

// bits returns count bits of the instruction from bit shift on.
func (x *word) bits(shift, count uint) uint32 { return x.w >> shift & (1<<count - 1) }

// signed returns count bits of the instruction from bit shift on, with sign.
func (x *word) signed(shift, count uint) int64 {
	return int64(x.w) << (64 - shift - count) >> (64 - count)
}

// source returns a source register; the one numbered zero reads as 0.
func (x *word) source(r uint32, zero uint32) int8 {
	if r == zero {
		x.constant(temp1, 0)
		return temp1
	}
	return int8(r)
}

// dest returns a destination register; the one numbered zero throws away.
func (x *word) dest(r uint32, zero uint32) int8 {
	if r == zero {
		return temp2
	}
	return int8(r)
}

// relative is the place n bytes from the instruction.
func (x *word) relative(n int64) value {
	if n == 0 { // an instruction that is not relocated as it should be
		return value{}
	}
	return value{kind: address, reg: sectionBase | region(x.at.section), off: int64(x.at.offset) + n}
}

// relocate finds the instruction's relocation, but for types that say nothing here.
func (x *word) relocate(sec *Section, ignored ...uint32) bool {
	rels := relocsIn(sec, uint64(x.at.offset), uint64(x.at.offset)+4)
next:
	for i := range rels {
		for _, t := range ignored {
			if rels[i].Type == t {
				continue next
			}
		}
		v, ok := x.e.target(rels[i].Sym, rels[i].Addend)
		if !ok || x.rel != (value{}) {
			return false
		}
		x.rel, x.typ = v, rels[i].Type
	}
	return true
}
