package s390x

import (
	"encoding/binary"

	"golang.org/x/arch/s390x/s390xasm"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
)

// Relocations of s390x that compilers put into code (ELF Application Binary Interface
// s390x Supplement).
const (
	relocPC16Dbl  = 16
	relocPC32Dbl  = 19
	relocPLT32Dbl = 20
	relocGotEnt   = 26
)

// machine numbers registers as the machine does. As a base or an index, 0 is none.
var machine = ir.Machine{
	PointerReloc: 22, // R_390_64
	BigEndian:    true,
	SP:           15, Result: 2, Link: 14, CallReloc: 2,
	Args:    []int8{2, 3, 4, 5, 6},
	Scratch: []int8{0, 1, 2, 3, 4, 5, 14},
}

// insn is one instruction on its way to steps.
type insn struct {
	*ir.Insn
	e   ir.Resolver // finds what a relocation refers to
	at  ir.PC
	w   uint64   // left-aligned: the first byte is the highest
	rel ir.Value // the place that a relative operand refers to
	got bool     // rel is that place's entry in the global offset table
}

// Decoder lowers instructions of s390x. It implements ir.Decoder.
type Decoder struct{}

// Machine returns the registers and the calling convention.
func (Decoder) Machine() *ir.Machine { return &machine }

// Decode lowers one instruction.
func (Decoder) Decode(e ir.Resolver, in *ir.Insn, sec *ir.Section, at ir.PC) {
	code := sec.Data[at.Offset:]
	if len(code) < 2 {
		return
	}
	n := []int{2, 4, 4, 6}[code[0]>>6]
	if len(code) < n {
		return
	}
	var b [8]byte
	copy(b[:], code[:n])
	x := insn{Insn: in, e: e, at: at, w: binary.BigEndian.Uint64(b[:])}
	rels := ir.RelocsIn(sec, uint64(at.Offset), uint64(at.Offset)+uint64(n))
	for i := range rels {
		r := &rels[i]
		switch r.Type {
		case relocPC32Dbl, relocPLT32Dbl, relocGotEnt:
		case relocPC16Dbl:
		default:
			in.Name = "a relocation"
			return
		}
		v, ok := e.Target(r.Sym, r.Addend)
		if !ok || r.Offset != uint64(at.Offset)+2 || n != 6 && r.Type != relocPC16Dbl {
			in.Name = "a relocation"
			return
		}
		v.Off += 2 // from the operand to the instruction
		v.Off -= 4
		x.rel, x.got = v, r.Type == relocGotEnt
	}
	in.Len = uint8(n)
	if x.execute(sec) || x.lower() {
		return
	}
	in.Reset()
	if inst, err := s390xasm.Decode(code[:n]); err == nil {
		in.Name = inst.Op.String() // it may branch: nothing is taken for granted
	}
}

// Fields, by the position of their first bit as the Principles of Operation count.
func (x *insn) bits(from, count uint) uint32 {
	return uint32(x.w << from >> (64 - count))
}

func (x *insn) signed(from, count uint) int64 { return int64(x.w<<from) >> (64 - count) }

func (x *insn) r(from uint) int8 { return int8(x.bits(from, 4)) }

// relative is what a relative operand of 16 or 32 bits refers to.
func (x *insn) relative(from, count uint) ir.Value {
	if x.rel != (ir.Value{}) {
		return x.rel
	}
	n := x.signed(from, count)
	if n == 0 {
		return ir.Value{}
	}
	return ir.Value{Kind: ir.Address, Reg: ir.SectionBase | ir.Region(x.at.Section), Off: int64(x.at.Offset) + 2*n}
}

// place puts the address of a storage operand into a register and a displacement.
func (x *insn) place(base, index int8, disp int64) (int8, int64) {
	switch {
	case index == 0 && base == 0:
		x.Constant(ir.Temp0, 0)
		return ir.Temp0, disp
	case index == 0:
		return base, disp
	case base == 0:
		return index, disp
	}
	x.Binary(ir.OpSum, ir.Temp0, base, index)
	return ir.Temp0, disp
}

// short is a storage operand with a 12-bit displacement, long one with 20 bits.
func (x *insn) short(index bool) (int8, int64) {
	i := int8(0)
	if index {
		i = x.r(12)
	}
	return x.place(x.r(16), i, int64(x.bits(20, 12)))
}

func (x *insn) long(index bool) (int8, int64) {
	i := int8(0)
	if index {
		i = x.r(12)
	}
	return x.place(x.r(16), i, x.signed(32, 8)<<12|int64(x.bits(20, 12)))
}

// strings lowers those of B2xx that compare and search strings, and IPM.
func (x *insn) strings(op uint32) bool {
	r1, r2 := x.r(24), x.r(28)
	switch op {
	case 0x22: // IPM
		x.Mix(r1, r1, r1)
	case 0x5d, 0x5e: // CLST, SRST
		x.Mix(r1, r1, r1)
		x.Mix(r2, r2, r2)
		x.Forget()
	default:
		return false
	}
	return x.rel == (ir.Value{})
}

// half writes the low 32 bits of a register, and leaves the others.
func (x *insn) half(dst, src int8) {
	x.Add(ir.Step{Code: ir.OpSetLow, Dst: dst, A: src, Width: 4})
}

// halfIf is half if a condition holds.
func (x *insn) halfIf(dst, src int8) {
	x.Move(ir.Temp0, dst)
	x.half(ir.Temp0, src)
	x.Binary(ir.OpJoin, dst, ir.Temp0, 0)
}

// lower lowers the instructions that matter, and reports whether this is one.
func (x *insn) lower() bool {
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
	if x.rel != (ir.Value{}) {
		return false
	}
	return x.short2(op)
}

// execute lowers EXRL of a branch to a register: what the compiler's own thunks for
// returns and indirect calls consist of.
func (x *insn) execute(sec *ir.Section) bool {
	if x.bits(0, 8) != 0xc6 || x.bits(12, 4) != 0 {
		return false
	}
	p, ok := x.relative(16, 32).Code()
	if !ok || p.Section != x.at.Section || uint64(p.Offset)+2 > uint64(len(sec.Data)) {
		return false
	}
	b := sec.Data[p.Offset:]
	if b[0] != 0x07 || b[1]>>4 != 15 || x.r(8) != 0 {
		return false
	}
	x.Flow, x.CondReg = ir.FlowIndirect, int8(b[1]&15)
	if b[1]&15 == 14 {
		x.Flow = ir.FlowReturn
	}
	return true
}

// short2 lowers instructions with an opcode of one byte.
func (x *insn) short2(op uint32) bool {
	r1, r2 := x.r(8), x.r(12)
	switch op {
	case 0x07: // BCR
		switch {
		case r1 == 0 || r2 == 0: // NOPR and serialisation
		case r2 == 14 && r1 == 15:
			x.Flow = ir.FlowReturn
		case r2 == 14:
			x.Flow = ir.FlowReturnIf
		case r1 != 15:
			return false
		default:
			x.Flow, x.CondReg = ir.FlowIndirect, r2
		}
	case 0x0d: // BASR
		x.Clobber(r1)
		if r2 != 0 {
			x.Flow = ir.FlowCallReg
		}
	case 0x12: // LTR
		x.half(r1, r2)
		x.ExtendSigned(ir.Temp0, r2, 4)
		x.Compare(ir.Temp0, 0, 0)
	case 0x18: // LR
		x.half(r1, r2)
	case 0x17: // XR
		if r1 == r2 {
			x.Constant(ir.Temp0, 0)
			x.half(r1, ir.Temp0)
		} else {
			x.Mix(r1, r1, r2)
		}
		x.Forget()
	case 0x10, 0x11, 0x13, 0x14, 0x16, 0x1a, 0x1b, 0x1e, 0x1f: // arithmetic of 32 bits
		x.Mix(r1, r1, r2)
		x.Forget()
	case 0x15, 0x19: // CLR, CR
		x.Forget()
	case 0x40, 0x42, 0x50: // STH, STC, ST
		b, d := x.short(true)
		x.Store(r1, b, d, map[uint32]int{0x40: 2, 0x42: 1, 0x50: 4}[op])
	case 0x41: // LA
		b, d := x.short(true)
		x.AddImm(r1, b, d)
	case 0x43: // IC
		b, d := x.short(true)
		x.Load(ir.Temp1, b, d, 1)
		x.Binary(ir.OpSetLow, r1, ir.Temp1, 0)
	case 0x48: // LH
		b, d := x.short(true)
		x.LoadSigned(ir.Temp1, b, d, 2)
		x.half(r1, ir.Temp1)
	case 0x58: // L
		b, d := x.short(true)
		x.Load(ir.Temp1, b, d, 4)
		x.half(r1, ir.Temp1)
	case 0x4a, 0x54, 0x56, 0x57, 0x5a, 0x5b, 0x5e, 0x5f, 0x71, 0x4c: // arithmetic with storage
		b, d := x.short(true)
		x.Load(ir.Temp1, b, d, 4)
		x.Mix(r1, r1, ir.Temp1)
		x.Forget()
	case 0x49, 0x55, 0x59, 0x91, 0x95, 0xd5: // comparisons and TM
		x.Forget()
	case 0x88, 0x89, 0x8a, 0x8b: // shifts of 32 bits
		x.Mix(r1, r1, r1)
		x.Forget()
	case 0x90: // STM
		b, d := x.short(false)
		x.multiple(r1, r2, b, d, 4, true)
	case 0x98: // LM
		b, d := x.short(false)
		x.multiple(r1, r2, b, d, 4, false)
	case 0x92: // MVI
		b, d := x.short(false)
		x.AddImm(ir.Temp0, b, d)
		x.Add(ir.ImmediateStore(ir.Temp0, int64(x.bits(8, 8)), 1))
	case 0x94, 0x96, 0x97: // NI, OI, XI
		b, d := x.short(false)
		x.AddImm(ir.Temp0, b, d)
		if n := x.bits(8, 8); op == 0x94 && n == 0 || op == 0x96 && n == 0xff {
			x.Add(ir.ImmediateStore(ir.Temp0, int64(n), 1))
		} else {
			x.Load(ir.Temp1, ir.Temp0, 0, 1)
			x.Mix(ir.Temp1, ir.Temp1, ir.Temp1)
			x.Store(ir.Temp1, ir.Temp0, 0, 1)
		}
		x.Forget()
	case 0xaf: // MC: WARN() comes back behind it
	case 0xd2, 0xd7: // MVC, XC
		x.characters(op)
	default:
		return false
	}
	return true
}

// characters lowers MVC and XC of up to 256 bytes.
func (x *insn) characters(op uint32) {
	n := int(x.bits(8, 8)) + 1
	b1, d1, b2, d2 := x.r(16), int64(x.bits(20, 12)), x.r(32), int64(x.bits(36, 12))
	to, off := x.place(b1, 0, d1)
	if to != ir.Temp0 {
		x.Move(ir.Temp0, to)
	}
	x.AddImm(ir.Temp0, ir.Temp0, off)
	clears := op == 0xd7 && b1 == b2 && d1 == d2
	switch {
	case clears && (n == 1 || n == 2 || n == 4 || n == 8):
		x.Add(ir.ImmediateStore(ir.Temp0, 0, uint8(n)))
	case clears:
		x.Constant(ir.Temp1, 0)
		x.Mix(ir.Temp0, ir.Temp0, ir.Temp0)
		x.Store(ir.Temp1, ir.Temp0, 0, 8)
	case op == 0xd2 && (n == 1 || n == 2 || n == 4 || n == 8):
		x.Move(ir.Temp2, ir.Temp0)
		from, off := x.place(b2, 0, d2)
		x.Load(ir.Temp1, from, off, n)
		x.Store(ir.Temp1, ir.Temp2, 0, n)
	default: // some bytes somewhere in both operands
		x.Mix(ir.Temp2, ir.Temp0, ir.Temp0)
		from, off := x.place(b2, 0, d2)
		x.AddImm(ir.Temp0, from, off)
		x.Mix(ir.Temp0, ir.Temp0, ir.Temp0)
		x.Load(ir.Temp1, ir.Temp0, 0, 8)
		x.Mix(ir.Temp1, ir.Temp1, ir.Temp1)
		x.Store(ir.Temp1, ir.Temp2, 0, 8)
	}
	if op == 0xd7 {
		x.Forget()
	}
}

// multiple lowers loads and stores of a range of registers. Loads of four bytes
// leave the high halves.
func (x *insn) multiple(from, to, base int8, off int64, width int, store bool) {
	x.Move(ir.Temp0, base)
	for r := from; ; r = (r + 1) & 15 {
		switch {
		case store:
			x.Store(r, ir.Temp0, off, width)
		case width == 4:
			x.Load(ir.Temp1, ir.Temp0, off, width)
			x.half(r, ir.Temp1)
		default:
			x.Load(r, ir.Temp0, off, width)
		}
		off += int64(width)
		if r == to {
			return
		}
	}
}

// condition fills in when a branch on a mask is taken after a comparison with zero.
func (x *insn) condition(mask int8) {
	switch mask {
	case 8:
		x.Cond = ir.CondZero
	case 6, 7:
		x.Cond = ir.CondNotZero
	case 4:
		x.Cond = ir.CondNegative
	case 10, 11:
		x.Cond = ir.CondNotNegative
	}
}
