package initcode

import (
	"encoding/binary"

	"golang.org/x/arch/s390x/s390xasm"
)

// Relocations of s390x that compilers put into code (ELF Application Binary Interface
// s390x Supplement).
const (
	r390PC16Dbl  = 16
	r390PC32Dbl  = 19
	r390PLT32Dbl = 20
	r390GotEnt   = 26
)

// s390x numbers registers as the machine does. As a base or an index, 0 is none.
var s390x = machine{
	sp: 15, result: 2, link: 14, callReloc: 2,
	args:    []int8{2, 3, 4, 5, 6},
	scratch: []int8{0, 1, 2, 3, 4, 5, 14},
	decode:  decodeS390,
}

// s390Insn is one instruction on its way to steps.
type s390Insn struct {
	*insn
	e   *engine
	at  place
	w   uint64 // left-aligned: the first byte is the highest
	rel value  // the place that a relative operand refers to
	got bool   // rel is that place's entry in the global offset table
}

func decodeS390(e *engine, in *insn, sec *Section, at place) {
	code := sec.Data[at.offset:]
	if len(code) < 2 {
		return
	}
	n := []int{2, 4, 4, 6}[code[0]>>6]
	if len(code) < n {
		return
	}
	var b [8]byte
	copy(b[:], code[:n])
	x := s390Insn{insn: in, e: e, at: at, w: binary.BigEndian.Uint64(b[:])}
	rels := relocsIn(sec, uint64(at.offset), uint64(at.offset)+uint64(n))
	for i := range rels {
		r := &rels[i]
		switch r.Type {
		case r390PC32Dbl, r390PLT32Dbl, r390GotEnt:
		case r390PC16Dbl:
		default:
			in.name = "a relocation"
			return
		}
		v, ok := e.target(r.Sym, r.Addend)
		if !ok || r.Offset != uint64(at.offset)+2 || n != 6 && r.Type != r390PC16Dbl {
			in.name = "a relocation"
			return
		}
		v.off += 2 // from the operand to the instruction
		v.off -= 4
		x.rel, x.got = v, r.Type == r390GotEnt
	}
	in.len = uint8(n)
	if x.execute(sec) || x.lower() {
		return
	}
	in.reset()
	if inst, err := s390xasm.Decode(code[:n]); err == nil {
		in.name = inst.Op.String() // it may branch: nothing is taken for granted
	}
}

// Fields, by the position of their first bit as the Principles of Operation count.
func (x *s390Insn) bits(from, count uint) uint32 {
	return uint32(x.w << from >> (64 - count))
}

func (x *s390Insn) signed(from, count uint) int64 { return int64(x.w<<from) >> (64 - count) }

func (x *s390Insn) r(from uint) int8 { return int8(x.bits(from, 4)) }

// relative is what a relative operand of 16 or 32 bits refers to.
func (x *s390Insn) relative(from, count uint) value {
	if x.rel != (value{}) {
		return x.rel
	}
	n := x.signed(from, count)
	if n == 0 {
		return value{}
	}
	return value{kind: address, reg: sectionBase | region(x.at.section), off: int64(x.at.offset) + 2*n}
}

// place puts the address of a storage operand into a register and a displacement.
func (x *s390Insn) place(base, index int8, disp int64) (int8, int64) {
	switch {
	case index == 0 && base == 0:
		x.constant(temp0, 0)
		return temp0, disp
	case index == 0:
		return base, disp
	case base == 0:
		return index, disp
	}
	x.binary(opSum, temp0, base, index)
	return temp0, disp
}

// short is a storage operand with a 12-bit displacement, long one with 20 bits.
func (x *s390Insn) short(index bool) (int8, int64) {
	i := int8(0)
	if index {
		i = x.r(12)
	}
	return x.place(x.r(16), i, int64(x.bits(20, 12)))
}

func (x *s390Insn) long(index bool) (int8, int64) {
	i := int8(0)
	if index {
		i = x.r(12)
	}
	return x.place(x.r(16), i, x.signed(32, 8)<<12|int64(x.bits(20, 12)))
}

// strings lowers those of B2xx that compare and search strings, and IPM.
func (x *s390Insn) strings(op uint32) bool {
	r1, r2 := x.r(24), x.r(28)
	switch op {
	case 0x22: // IPM
		x.mix(r1, r1, r1)
	case 0x5d, 0x5e: // CLST, SRST
		x.mix(r1, r1, r1)
		x.mix(r2, r2, r2)
		x.forget()
	default:
		return false
	}
	return x.rel == (value{})
}

// half writes the low 32 bits of a register, and leaves the others.
func (x *s390Insn) half(dst, src int8) {
	x.add(op{code: opSetLow, dst: dst, a: src, width: 4})
}

// halfIf is half if a condition holds.
func (x *s390Insn) halfIf(dst, src int8) {
	x.move(temp0, dst)
	x.half(temp0, src)
	x.binary(opJoin, dst, temp0, 0)
}

// lower lowers the instructions that matter, and reports whether this is one.
func (x *s390Insn) lower() bool {
	op := x.bits(0, 8)
	switch op {
	case 0xa5, 0xa7:
		return x.immediate(op<<4 | x.bits(12, 4))
	case 0xc0, 0xc2, 0xc4, 0xc6:
		return x.relativeLong(op<<4 | x.bits(12, 4))
	case 0xb9:
		return x.registers(x.bits(8, 8))
	case 0xb2:
		return x.strings(x.bits(8, 8))
	case 0xe3:
		return x.storage(x.bits(40, 8))
	case 0xeb:
		return x.storageMultiple(x.bits(40, 8))
	case 0xec:
		return x.compareAndBranch(x.bits(40, 8))
	case 0xe5:
		return x.storeImmediate(x.bits(8, 8))
	}
	if x.rel != (value{}) {
		return false
	}
	return x.short2(op)
}

// execute lowers EXRL of a branch to a register: what the compiler's own thunks for
// returns and indirect calls consist of.
func (x *s390Insn) execute(sec *Section) bool {
	if x.bits(0, 8) != 0xc6 || x.bits(12, 4) != 0 {
		return false
	}
	p, ok := x.e.code(x.relative(16, 32))
	if !ok || p.section != x.at.section || uint64(p.offset)+2 > uint64(len(sec.Data)) {
		return false
	}
	b := sec.Data[p.offset:]
	if b[0] != 0x07 || b[1]>>4 != 15 || x.r(8) != 0 {
		return false
	}
	x.flow, x.condReg = flowIndirect, int8(b[1]&15)
	if b[1]&15 == 14 {
		x.flow = flowReturn
	}
	return true
}

// short2 lowers instructions with an opcode of one byte.
func (x *s390Insn) short2(op uint32) bool {
	r1, r2 := x.r(8), x.r(12)
	switch op {
	case 0x07: // BCR
		switch {
		case r1 == 0 || r2 == 0: // NOPR and serialisation
		case r2 == 14 && r1 == 15:
			x.flow = flowReturn
		case r2 == 14:
			x.flow = flowReturnIf
		case r1 != 15:
			return false
		default:
			x.flow, x.condReg = flowIndirect, r2
		}
	case 0x0d: // BASR
		x.clobber(r1)
		if r2 != 0 {
			x.flow = flowCallReg
		}
	case 0x12: // LTR
		x.half(r1, r2)
		x.extendSigned(temp0, r2, 4)
		x.compare(temp0, 0, 0)
	case 0x18: // LR
		x.half(r1, r2)
	case 0x17: // XR
		if r1 == r2 {
			x.constant(temp0, 0)
			x.half(r1, temp0)
		} else {
			x.mix(r1, r1, r2)
		}
		x.forget()
	case 0x10, 0x11, 0x13, 0x14, 0x16, 0x1a, 0x1b, 0x1e, 0x1f: // arithmetic of 32 bits
		x.mix(r1, r1, r2)
		x.forget()
	case 0x15, 0x19: // CLR, CR
		x.forget()
	case 0x40, 0x42, 0x50: // STH, STC, ST
		b, d := x.short(true)
		x.store(r1, b, d, map[uint32]int{0x40: 2, 0x42: 1, 0x50: 4}[op])
	case 0x41: // LA
		b, d := x.short(true)
		x.addImm(r1, b, d)
	case 0x43: // IC
		b, d := x.short(true)
		x.load(temp1, b, d, 1)
		x.binary(opSetLow, r1, temp1, 0)
	case 0x48: // LH
		b, d := x.short(true)
		x.loadSigned(temp1, b, d, 2)
		x.half(r1, temp1)
	case 0x58: // L
		b, d := x.short(true)
		x.load(temp1, b, d, 4)
		x.half(r1, temp1)
	case 0x4a, 0x54, 0x56, 0x57, 0x5a, 0x5b, 0x5e, 0x5f, 0x71, 0x4c: // arithmetic with storage
		b, d := x.short(true)
		x.load(temp1, b, d, 4)
		x.mix(r1, r1, temp1)
		x.forget()
	case 0x49, 0x55, 0x59, 0x91, 0x95, 0xd5: // comparisons and TM
		x.forget()
	case 0x88, 0x89, 0x8a, 0x8b: // shifts of 32 bits
		x.mix(r1, r1, r1)
		x.forget()
	case 0x90: // STM
		b, d := x.short(false)
		x.multiple(r1, r2, b, d, 4, true)
	case 0x98: // LM
		b, d := x.short(false)
		x.multiple(r1, r2, b, d, 4, false)
	case 0x92: // MVI
		b, d := x.short(false)
		x.addImm(temp0, b, d)
		x.add(immediateStore(temp0, int64(x.bits(8, 8)), 1))
	case 0x94, 0x96, 0x97: // NI, OI, XI
		b, d := x.short(false)
		x.addImm(temp0, b, d)
		if n := x.bits(8, 8); op == 0x94 && n == 0 || op == 0x96 && n == 0xff {
			x.add(immediateStore(temp0, int64(n), 1))
		} else {
			x.load(temp1, temp0, 0, 1)
			x.mix(temp1, temp1, temp1)
			x.store(temp1, temp0, 0, 1)
		}
		x.forget()
	case 0xaf: // MC: WARN() comes back behind it
	case 0xd2, 0xd7: // MVC, XC
		x.characters(op)
	default:
		return false
	}
	return true
}

// characters lowers MVC and XC of up to 256 bytes.
func (x *s390Insn) characters(op uint32) {
	n := int(x.bits(8, 8)) + 1
	b1, d1, b2, d2 := x.r(16), int64(x.bits(20, 12)), x.r(32), int64(x.bits(36, 12))
	to, off := x.place(b1, 0, d1)
	if to != temp0 {
		x.move(temp0, to)
	}
	x.addImm(temp0, temp0, off)
	clears := op == 0xd7 && b1 == b2 && d1 == d2
	switch {
	case clears && (n == 1 || n == 2 || n == 4 || n == 8):
		x.add(immediateStore(temp0, 0, uint8(n)))
	case clears:
		x.constant(temp1, 0)
		x.mix(temp0, temp0, temp0)
		x.store(temp1, temp0, 0, 8)
	case op == 0xd2 && (n == 1 || n == 2 || n == 4 || n == 8):
		x.move(temp2, temp0)
		from, off := x.place(b2, 0, d2)
		x.load(temp1, from, off, n)
		x.store(temp1, temp2, 0, n)
	default: // some bytes somewhere in both operands
		x.mix(temp2, temp0, temp0)
		from, off := x.place(b2, 0, d2)
		x.addImm(temp0, from, off)
		x.mix(temp0, temp0, temp0)
		x.load(temp1, temp0, 0, 8)
		x.mix(temp1, temp1, temp1)
		x.store(temp1, temp2, 0, 8)
	}
	if op == 0xd7 {
		x.forget()
	}
}

// multiple lowers loads and stores of a range of registers. Loads of four bytes
// leave the high halves.
func (x *s390Insn) multiple(from, to, base int8, off int64, width int, store bool) {
	x.move(temp0, base)
	for r := from; ; r = (r + 1) & 15 {
		switch {
		case store:
			x.store(r, temp0, off, width)
		case width == 4:
			x.load(temp1, temp0, off, width)
			x.half(r, temp1)
		default:
			x.load(r, temp0, off, width)
		}
		off += int64(width)
		if r == to {
			return
		}
	}
}

// condition fills in when a branch on a mask is taken after a comparison with zero.
func (x *s390Insn) condition(mask int8) {
	switch mask {
	case 8:
		x.cond = condZero
	case 6, 7:
		x.cond = condNotZero
	case 4:
		x.cond = condNegative
	case 10, 11:
		x.cond = condNotNegative
	}
}
