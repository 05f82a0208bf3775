package ir

import (
	"encoding/binary"
	"slices"
)

// Word is one 32-bit instruction on its way to steps, of any machine that has such.
type Word struct {
	*Insn
	Resolver  Resolver // finds what its relocation refers to
	Raw       uint32   // the instruction, least significant bit first
	At        PC       // where it stands
	Ref       Value    // what its relocation refers to; the zero value where it has none
	RelocType uint32   // the relocation's type
}

// StartWord begins with the instruction at a place of a section, and finds its
// relocation, but for types that say nothing here. It is false where the section
// ends before, or where the relocation leads nowhere, which in then says.
func StartWord(r Resolver, in *Insn, sec *Section, at PC, ignored ...uint32) (Word, bool) {
	x := Word{Insn: in, Resolver: r, At: at}
	code := sec.Data[at.Offset:]
	if len(code) < 4 {
		return x, false
	}
	x.Raw = binary.LittleEndian.Uint32(code)
	if !x.relocate(sec, ignored) {
		in.Name = "a relocation"
		return x, false
	}
	in.Len = 4
	return x, true
}

// Bits returns count bits of the instruction from bit shift on.
func (x *Word) Bits(shift, count uint) uint32 { return x.Raw >> shift & (1<<count - 1) }

// Signed returns count bits of the instruction from bit shift on, with sign.
func (x *Word) Signed(shift, count uint) int64 {
	return int64(x.Raw) << (64 - shift - count) >> (64 - count)
}

// Source returns a source register; the one numbered zero reads as 0.
func (x *Word) Source(r uint32, zero uint32) int8 {
	if r == zero {
		x.Constant(Temp1, 0)
		return Temp1
	}
	return int8(r)
}

// Dest returns a destination register; the one numbered zero throws away.
func (x *Word) Dest(r uint32, zero uint32) int8 {
	if r == zero {
		return Temp2
	}
	return int8(r)
}

// Relative is the place n bytes from the instruction.
func (x *Word) Relative(n int64) Value {
	if n == 0 { // an instruction that is not relocated as it should be
		return Value{}
	}
	return Value{Kind: Address, Reg: SectionBase | Region(x.At.Section), Off: int64(x.At.Offset) + n}
}

func (x *Word) relocate(sec *Section, ignored []uint32) bool {
	rels := RelocsIn(sec, uint64(x.At.Offset), uint64(x.At.Offset)+4)
	for i := range rels {
		if slices.Contains(ignored, rels[i].Type) {
			continue
		}
		v, ok := x.Resolver.Target(rels[i].Sym, rels[i].Addend)
		if !ok || x.Ref != (Value{}) {
			return false
		}
		x.Ref, x.RelocType = v, rels[i].Type
	}
	return true
}
