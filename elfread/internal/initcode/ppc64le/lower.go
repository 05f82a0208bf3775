package ppc64le

import (
	"encoding/binary"

	"golang.org/x/arch/ppc64/ppc64asm"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
)

// Relocations of 64-bit PowerPC that compilers put into code (64-Bit ELF V2 ABI, 3.5.3).
const (
	relocRel24      = 10
	relocRel14      = 11
	relocToc16      = 47
	relocToc16Lo    = 48
	relocToc16Ha    = 50
	relocToc16Ds    = 63
	relocToc16LoDs  = 64
	relocRel24NoToc = 116
	relocEntry      = 118
	relocRel16Lo    = 250
	relocRel16Ha    = 252
)

// machine numbers registers as the machine does. That r2 holds the module's TOC is
// what its relocations rest on, so it is not followed.
var machine = ir.Machine{
	PointerReloc: 38, // R_PPC64_ADDR64
	SP:           1, Result: 3, Link: ir.NoReg,
	Args:    []int8{3, 4, 5, 6, 7, 8, 9, 10},
	Scratch: []int8{0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
}

// Decoder lowers instructions of ppc64le. It implements ir.Decoder.
type Decoder struct{}

// Machine returns the registers and the calling convention.
func (Decoder) Machine() *ir.Machine { return &machine }

// insn is one instruction on its way to steps.
type insn struct{ ir.Word }

// Decode lowers one instruction.
func (Decoder) Decode(e ir.Resolver, in *ir.Insn, sec *ir.Section, at ir.PC) {
	word, ok := ir.StartWord(e, in, sec, at, relocRel16Ha, relocRel16Lo, relocEntry)
	if !ok {
		return
	}
	x, code := insn{word}, sec.Data[at.Offset:]
	if x.Ref != (ir.Value{}) && !x.relocated() {
		in.Reset()
		in.Name = "a relocation"
		return
	}
	if x.lower() {
		return
	}
	in.Reset()
	inst, err := ppc64asm.Decode(code[:min(len(code), 8)], binary.LittleEndian)
	if err != nil || inst.Len != 4 {
		return // of the prefixed instructions none is expected
	}
	if op := x.Raw >> 26; op >= 16 && op <= 19 {
		in.Name = inst.Op.String()
		return
	}
	in.Len = 4
	in.Havoc(inst.Op.String())
}

// relocated reports whether the instruction is of the kind that its relocation is for.
func (x *insn) relocated() bool {
	op := x.Raw >> 26
	memory := op >= 32 && op <= 45 && op&1 == 0
	switch x.RelocType {
	case relocRel24, relocRel24NoToc:
		return op == 18
	case relocRel14:
		return op == 16
	case relocToc16Ha:
		return op == 15 && x.Bits(16, 5) == 2
	case relocToc16Lo:
		return op == 14 || memory
	case relocToc16LoDs:
		return op == 58 && x.Bits(0, 2) != 1 || op == 62 && x.Bits(0, 2) == 0
	case relocToc16, relocToc16Ds:
		return x.Bits(16, 5) == 2 && (op == 14 || memory || (op == 58 || op == 62) && x.Bits(0, 2) == 0)
	}
	return false
}

// lower lowers the instructions that matter, by primary opcode, and reports whether
// this is one.
func (x *insn) lower() bool {
	op := x.Raw >> 26
	rt, ra, rb := int8(x.Bits(21, 5)), int8(x.Bits(16, 5)), int8(x.Bits(11, 5))
	si := x.Signed(0, 16)
	switch op {
	case 2, 3: // TDI, TWI: WARN() comes back behind them
	case 7, 8: // MULLI, SUBFIC
		x.Mix(rt, ra, ra)
	case 10, 11: // CMPLI, CMPI
		x.read(ra)
		if op == 10 {
			si &= 0xffff
		}
		x.Compare(ir.Temp0, si, int8(x.Bits(23, 3)))
	case 12, 13, 14: // ADDIC, ADDI
		switch {
		case x.Ref != (ir.Value{}):
			x.low(rt, ra)
		case op == 14 && ra == 0:
			x.Constant(rt, si)
		default:
			x.AddImm(rt, ra, si)
		}
		if op == 13 {
			x.Forget()
		}
	case 15: // ADDIS
		switch {
		case x.Ref != (ir.Value{}):
			x.Page(rt, x.Ref)
		case ra == 0:
			x.Constant(rt, si<<16)
		default:
			x.AddImm(rt, ra, si<<16)
		}
	case 16: // BC
		x.Flow, x.Target = ir.FlowBranch, x.Ref
		if x.Ref == (ir.Value{}) {
			x.Target = x.Relative(x.Signed(2, 14) * 4)
		}
		x.condition()
		return x.Bits(0, 2) == 0
	case 18: // B, BL
		x.Flow, x.Target = ir.FlowJump, x.Ref
		if x.Bits(0, 1) == 1 {
			x.Flow = ir.FlowCall
		}
		if x.Ref == (ir.Value{}) {
			x.Target = x.Relative(x.Signed(2, 24) * 4)
		}
		return x.Bits(1, 1) == 0
	case 19:
		return x.branchRegister()
	case 20, 21, 23, 30:
		x.rotate(op)
	case 24, 25: // ORI, ORIS
		n := int64(x.Bits(0, 16))
		if op == 25 {
			n <<= 16
		}
		x.Add(ir.WithImm(ir.OpOr, ra, rt, n))
	case 26, 27, 28, 29: // XORI, XORIS, ANDI., ANDIS.
		x.Mix(ra, rt, rt)
		if op >= 28 {
			x.Forget()
		}
	case 31:
		return x.extended(rt, ra, rb)
	case 32, 33, 34, 35, 40, 41, 42, 43, 36, 37, 38, 39, 44, 45:
		x.memory(rt, ra, si, []int{4, 1, 4, 1, 2, 2, 2}[(op-32)/2], op >= 36 && op <= 39 || op >= 44, op == 42 || op == 43, op&1 == 1)
	case 58: // LD, LDU, LWA
		kind := x.Bits(0, 2)
		if kind == 3 {
			return false
		}
		width := 8
		if kind == 2 {
			width = 4
		}
		x.memory(rt, ra, si&^3, width, false, kind == 2, kind == 1)
	case 62: // STD, STDU
		if x.Bits(0, 2) > 1 {
			return false
		}
		x.memory(rt, ra, si&^3, 8, true, false, x.Bits(0, 2) == 1)
	default:
		return false
	}
	return true
}

// read puts what a comparison sees of a register into Temp0.
func (x *insn) read(r int8) {
	if x.Bits(21, 1) == 0 {
		x.ExtendSigned(ir.Temp0, r, 4)
	} else {
		x.Move(ir.Temp0, r)
	}
}

// low puts the relocated address into a register: with the high part in base, or
// in one step where the TOC is small.
func (x *insn) low(dst, base int8) {
	if x.RelocType == relocToc16 || x.RelocType == relocToc16Ds {
		x.Addr(dst, x.Ref)
		return
	}
	x.Low(dst, base, x.Ref)
}

func (x *insn) memory(rt, ra int8, off int64, width int, store, signed, update bool) {
	base := ra
	switch {
	case x.Ref != (ir.Value{}):
		x.low(ir.Temp0, ra)
		base, off = ir.Temp0, 0
	case ra == 0 && !update:
		x.Constant(ir.Temp0, 0)
		base = ir.Temp0
	}
	x.access(rt, base, off, width, store, signed)
	if update {
		x.AddImm(ra, ra, off)
	}
}

func (x *insn) access(rt, base int8, off int64, width int, store, signed bool) {
	switch {
	case store:
		x.Store(rt, base, off, width)
	case signed:
		x.LoadSigned(rt, base, off, width)
	default:
		x.Load(rt, base, off, width)
	}
}

// condition fills in when a conditional branch is taken (BO and BI).
func (x *insn) condition() {
	bo, bi := x.Bits(21, 5), x.Bits(16, 5)
	x.Field = int8(bi >> 2)
	if bo&0x14 == 0x14 { // always
		if x.Flow == ir.FlowBranch {
			x.Flow = ir.FlowJump
		}
		return
	}
	if bo&4 == 0 { // counts down too
		x.Field = -1
		return
	}
	switch set := bo&8 != 0; {
	case bi&3 == 2 && set:
		x.Cond = ir.CondZero
	case bi&3 == 2:
		x.Cond = ir.CondNotZero
	case bi&3 == 0 && set:
		x.Cond = ir.CondNegative
	case bi&3 == 0:
		x.Cond = ir.CondNotNegative
	}
}

// branchRegister lowers primary opcode 19: branches to LR and CTR, and
// operations on condition bits.
func (x *insn) branchRegister() bool {
	always := x.Bits(21, 5)&0x14 == 0x14
	switch x.Bits(1, 10) {
	case 16: // BCLR
		if x.Bits(0, 1) == 1 {
			return false
		}
		x.Flow = ir.FlowReturnIf
		if always {
			x.Flow = ir.FlowReturn
		}
	case 528: // BCCTR
		x.Flow = ir.FlowIndirect
		if x.Bits(0, 1) == 1 {
			x.Flow = ir.FlowCallReg
		}
	case 0, 33, 129, 193, 225, 257, 289, 417, 449: // MCRF and the logic of bits
		x.Forget()
	case 150: // ISYNC
	default:
		return false
	}
	return true
}

// rotate lowers rotations with a mask.
func (x *insn) rotate(primary uint32) {
	rs, ra := int8(x.Bits(21, 5)), int8(x.Bits(16, 5))
	sh := x.Bits(11, 5) | x.Bits(1, 1)<<5
	mask := x.Bits(6, 5) | x.Bits(5, 1)<<5
	switch {
	case primary == 30 && x.Bits(2, 3) == 0 && sh == 0 && mask == 32: // CLRLDI 32
		x.Extend(ra, rs, 4)
	case primary == 30 && x.Bits(2, 3) < 3: // RLDICL, RLDICR, RLDIC: bits mask to 63, 0 to mask, mask to 63-sh
		keep := ^uint64(0) >> mask
		switch x.Bits(2, 3) {
		case 1:
			keep = ^uint64(0) << (63 - mask)
		case 2:
			if low := ^uint64(0) << sh; mask+sh <= 63 {
				keep &= low
			} else { // the mask wraps around
				keep |= low
			}
		}
		x.Add(ir.Step{Code: ir.OpRotate, Dst: ra, A: rs, B: int8(sh), Imm: int64(keep)})
	case primary == 20, primary == 30 && x.Bits(2, 3) == 3: // RLWIMI, RLDIMI
		x.Mix(ra, ra, rs)
	default:
		x.Mix(ra, rs, rs)
	}
	if x.Bits(0, 1) == 1 {
		x.Forget()
	}
}

// extended lowers primary opcode 31.
func (x *insn) extended(rt, ra, rb int8) bool {
	xo := x.Bits(1, 10)
	record := x.Bits(0, 1) == 1
	if x.Bits(1, 5) == 15 { // ISEL
		if ra == 0 {
			x.Constant(ir.Temp0, 0)
		} else {
			x.Move(ir.Temp0, ra)
		}
		x.Binary(ir.OpJoin, ir.Temp0, rb, 0)
		x.Move(rt, ir.Temp0)
		return true
	}
	if m, ok := indexed(xo); ok {
		base := ra
		if ra == 0 {
			x.Move(ir.Temp0, rb)
		} else {
			x.Binary(ir.OpSum, ir.Temp0, base, rb)
		}
		x.access(rt, ir.Temp0, 0, m.width, m.store, m.signed)
		if m.update {
			x.Move(ra, ir.Temp0)
		}
		return true
	}
	switch xo {
	case 532, 534, 790: // LDBRX, LWBRX, LHBRX: as inlined strcmp() has them
		x.access(ir.Temp1, rb, 0, 8, false, false)
		x.Mix(rt, ir.Temp1, ir.Temp1)
		return true
	case 508: // CMPB
		x.Mix(ra, rt, rb)
		return true
	case 444: // OR, MR
		if rt == rb {
			x.Move(ra, rt)
			if record {
				x.Compare(ra, 0, 0)
			}
			return true
		}
		x.Mix(ra, rt, rb)
	case 266, 266 | 512: // ADD
		x.Binary(ir.OpSum, rt, ra, rb)
	case 40, 40 | 512: // SUBF
		x.Binary(ir.OpSub, rt, rb, ra)
	case 104, 200, 202, 232, 234: // NEG and its kin
		x.Mix(rt, ra, ra)
	case 8, 10, 136, 138, 235, 233, 73, 75, 9, 11, 457, 459, 489, 491, 265, 267, 777, 779: // arithmetic
		x.Mix(rt, ra, rb)
	case 986: // EXTSW
		x.ExtendSigned(ra, rt, 4)
		if record {
			x.Compare(ra, 0, 0)
			return true
		}
	case 922: // EXTSH
		x.ExtendSigned(ra, rt, 2)
	case 954: // EXTSB
		x.ExtendSigned(ra, rt, 1)
	case 26, 58, 378, 506, 538, 570, 824, 826, 827: // counts of bits, shifts by a constant
		x.Mix(ra, rt, rt)
	case 24, 27, 28, 60, 124, 284, 316, 412, 476, 536, 539, 792, 794: // logic, shifts
		x.Mix(ra, rt, rb)
	case 0, 32: // CMP, CMPL
		x.Forget()
		return true
	case 339, 371, 19, 83, 128, 144, 576: // MFSPR, MFTB, MFCR, MFMSR, SETB, MTCRF, MCRXRX
		if xo != 144 && xo != 576 {
			x.Clobber(rt)
		} else {
			x.Forget()
		}
		return true
	case 467: // MTSPR
		return true
	case 4, 68, 598, 854, 278, 246, 86, 54, 982: // traps, SYNC, EIEIO, DCBT and its kin
		return true
	default:
		return false
	}
	if record {
		x.Forget()
	}
	return true
}

// transfer is what a load or store does.
type transfer struct {
	width                 int
	store, signed, update bool
}

// indexed is what the loads and stores with an index register do.
func indexed(xo uint32) (transfer, bool) {
	switch xo {
	case 21, 53:
		return transfer{width: 8, update: xo == 53}, true
	case 23, 55:
		return transfer{width: 4, update: xo == 55}, true
	case 87, 119:
		return transfer{width: 1, update: xo == 119}, true
	case 279, 311:
		return transfer{width: 2, update: xo == 311}, true
	case 341, 373:
		return transfer{width: 4, signed: true, update: xo == 373}, true
	case 343, 375:
		return transfer{width: 2, signed: true, update: xo == 375}, true
	case 149, 181:
		return transfer{width: 8, store: true, update: xo == 181}, true
	case 151, 183:
		return transfer{width: 4, store: true, update: xo == 183}, true
	case 215, 247:
		return transfer{width: 1, store: true, update: xo == 247}, true
	case 407, 439:
		return transfer{width: 2, store: true, update: xo == 439}, true
	}
	return transfer{}, false
}
