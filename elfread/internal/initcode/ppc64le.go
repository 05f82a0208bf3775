package initcode

import (
	"encoding/binary"

	"golang.org/x/arch/ppc64/ppc64asm"
)

// Relocations of 64-bit PowerPC that compilers put into code (64-Bit ELF V2 ABI, 3.5.3).
const (
	rPPCRel24      = 10
	rPPCRel14      = 11
	rPPCToc16      = 47
	rPPCToc16Lo    = 48
	rPPCToc16Ha    = 50
	rPPCToc16Ds    = 63
	rPPCToc16LoDs  = 64
	rPPCRel24NoToc = 116
	rPPCEntry      = 118
	rPPCRel16Lo    = 250
	rPPCRel16Ha    = 252
)

// ppc64le numbers registers as the machine does. That r2 holds the module's TOC is
// what its relocations rest on, so it is not followed.
var ppc64le = machine{
	sp: 1, result: 3, link: noReg,
	args:    []int8{3, 4, 5, 6, 7, 8, 9, 10},
	scratch: []int8{0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
	decode:  decodePPC64,
}

func decodePPC64(e *engine, in *insn, sec *Section, at place) {
	code := sec.Data[at.offset:]
	if len(code) < 4 {
		return
	}
	x := word{insn: in, e: e, w: binary.LittleEndian.Uint32(code), at: at}
	if !x.relocate(sec, rPPCRel16Ha, rPPCRel16Lo, rPPCEntry) || x.rel != (value{}) && !x.ppcRelocated() {
		in.name = "a relocation"
		return
	}
	in.len = 4
	if x.ppc() {
		return
	}
	in.reset()
	inst, err := ppc64asm.Decode(code[:min(len(code), 8)], binary.LittleEndian)
	if err != nil || inst.Len != 4 {
		return // of the prefixed instructions none is expected
	}
	if op := x.w >> 26; op >= 16 && op <= 19 {
		in.name = inst.Op.String()
		return
	}
	in.len = 4
	in.havoc(inst.Op.String())
}

// ppcRelocated reports whether the instruction is of the kind that its relocation is for.
func (x *word) ppcRelocated() bool {
	op := x.w >> 26
	memory := op >= 32 && op <= 45 && op&1 == 0
	switch x.typ {
	case rPPCRel24, rPPCRel24NoToc:
		return op == 18
	case rPPCRel14:
		return op == 16
	case rPPCToc16Ha:
		return op == 15 && x.bits(16, 5) == 2
	case rPPCToc16Lo:
		return op == 14 || memory
	case rPPCToc16LoDs:
		return op == 58 && x.bits(0, 2) != 1 || op == 62 && x.bits(0, 2) == 0
	case rPPCToc16, rPPCToc16Ds:
		return x.bits(16, 5) == 2 && (op == 14 || memory || (op == 58 || op == 62) && x.bits(0, 2) == 0)
	}
	return false
}

// ppc lowers the instructions that matter, by primary opcode, and reports whether
// this is one.
func (x *word) ppc() bool {
	op := x.w >> 26
	rt, ra, rb := int8(x.bits(21, 5)), int8(x.bits(16, 5)), int8(x.bits(11, 5))
	si := x.signed(0, 16)
	switch op {
	case 2, 3: // TDI, TWI: WARN() comes back behind them
	case 7, 8: // MULLI, SUBFIC
		x.mix(rt, ra, ra)
	case 10, 11: // CMPLI, CMPI
		x.ppcRead(ra)
		if op == 10 {
			si &= 0xffff
		}
		x.compare(temp0, si, int8(x.bits(23, 3)))
	case 12, 13, 14: // ADDIC, ADDI
		switch {
		case x.rel != (value{}):
			x.ppcLow(rt, ra)
		case op == 14 && ra == 0:
			x.constant(rt, si)
		default:
			x.addImm(rt, ra, si)
		}
		if op == 13 {
			x.forget()
		}
	case 15: // ADDIS
		switch {
		case x.rel != (value{}):
			x.page(rt, x.rel)
		case ra == 0:
			x.constant(rt, si<<16)
		default:
			x.addImm(rt, ra, si<<16)
		}
	case 16: // BC
		x.flow, x.target = flowBranch, x.rel
		if x.rel == (value{}) {
			x.target = x.relative(x.signed(2, 14) * 4)
		}
		x.ppcCondition()
		return x.bits(0, 2) == 0
	case 18: // B, BL
		x.flow, x.target = flowJump, x.rel
		if x.bits(0, 1) == 1 {
			x.flow = flowCall
		}
		if x.rel == (value{}) {
			x.target = x.relative(x.signed(2, 24) * 4)
		}
		return x.bits(1, 1) == 0
	case 19:
		return x.ppcBranchRegister()
	case 20, 21, 23, 30:
		x.ppcRotate(op)
	case 24, 25: // ORI, ORIS
		n := int64(x.bits(0, 16))
		if op == 25 {
			n <<= 16
		}
		x.add(withImm(opOr, ra, rt, n))
	case 26, 27, 28, 29: // XORI, XORIS, ANDI., ANDIS.
		x.mix(ra, rt, rt)
		if op >= 28 {
			x.forget()
		}
	case 31:
		return x.ppcExtended(rt, ra, rb)
	case 32, 33, 34, 35, 40, 41, 42, 43, 36, 37, 38, 39, 44, 45:
		x.ppcMemory(rt, ra, si, []int{4, 1, 4, 1, 2, 2, 2}[(op-32)/2], op >= 36 && op <= 39 || op >= 44, op == 42 || op == 43, op&1 == 1)
	case 58: // LD, LDU, LWA
		kind := x.bits(0, 2)
		if kind == 3 {
			return false
		}
		width := 8
		if kind == 2 {
			width = 4
		}
		x.ppcMemory(rt, ra, si&^3, width, false, kind == 2, kind == 1)
	case 62: // STD, STDU
		if x.bits(0, 2) > 1 {
			return false
		}
		x.ppcMemory(rt, ra, si&^3, 8, true, false, x.bits(0, 2) == 1)
	default:
		return false
	}
	return true
}

// ppcRead puts what a comparison sees of a register into temp0.
func (x *word) ppcRead(r int8) {
	if x.bits(21, 1) == 0 {
		x.extendSigned(temp0, r, 4)
	} else {
		x.move(temp0, r)
	}
}

// ppcLow puts the relocated address into a register: with the high part in base, or
// in one step where the TOC is small.
func (x *word) ppcLow(dst, base int8) {
	if x.typ == rPPCToc16 || x.typ == rPPCToc16Ds {
		x.addr(dst, x.rel)
		return
	}
	x.low(dst, base, x.rel)
}

func (x *word) ppcMemory(rt, ra int8, off int64, width int, store, signed, update bool) {
	base := ra
	switch {
	case x.rel != (value{}):
		x.ppcLow(temp0, ra)
		base, off = temp0, 0
	case ra == 0 && !update:
		x.constant(temp0, 0)
		base = temp0
	}
	x.ppcAccess(rt, base, off, width, store, signed)
	if update {
		x.addImm(ra, ra, off)
	}
}

func (x *word) ppcAccess(rt, base int8, off int64, width int, store, signed bool) {
	switch {
	case store:
		x.store(rt, base, off, width)
	case signed:
		x.loadSigned(rt, base, off, width)
	default:
		x.load(rt, base, off, width)
	}
}

// ppcCondition fills in when a conditional branch is taken (BO and BI).
func (x *word) ppcCondition() {
	bo, bi := x.bits(21, 5), x.bits(16, 5)
	x.field = int8(bi >> 2)
	if bo&0x14 == 0x14 { // always
		if x.flow == flowBranch {
			x.flow = flowJump
		}
		return
	}
	if bo&4 == 0 { // counts down too
		x.field = -1
		return
	}
	switch set := bo&8 != 0; {
	case bi&3 == 2 && set:
		x.cond = condZero
	case bi&3 == 2:
		x.cond = condNotZero
	case bi&3 == 0 && set:
		x.cond = condNegative
	case bi&3 == 0:
		x.cond = condNotNegative
	}
}

// ppcBranchRegister lowers primary opcode 19: branches to LR and CTR, and
// operations on condition bits.
func (x *word) ppcBranchRegister() bool {
	always := x.bits(21, 5)&0x14 == 0x14
	switch x.bits(1, 10) {
	case 16: // BCLR
		if x.bits(0, 1) == 1 {
			return false
		}
		x.flow = flowReturnIf
		if always {
			x.flow = flowReturn
		}
	case 528: // BCCTR
		x.flow = flowIndirect
		if x.bits(0, 1) == 1 {
			x.flow = flowCallReg
		}
	case 0, 33, 129, 193, 225, 257, 289, 417, 449: // MCRF and the logic of bits
		x.forget()
	case 150: // ISYNC
	default:
		return false
	}
	return true
}

// ppcRotate lowers rotations with a mask.
func (x *word) ppcRotate(primary uint32) {
	rs, ra := int8(x.bits(21, 5)), int8(x.bits(16, 5))
	sh := x.bits(11, 5) | x.bits(1, 1)<<5
	mask := x.bits(6, 5) | x.bits(5, 1)<<5
	switch {
	case primary == 30 && x.bits(2, 3) == 0 && sh == 0 && mask == 32: // CLRLDI 32
		x.extend(ra, rs, 4)
	case primary == 30 && x.bits(2, 3) < 3: // RLDICL, RLDICR, RLDIC: bits mask to 63, 0 to mask, mask to 63-sh
		keep := ^uint64(0) >> mask
		switch x.bits(2, 3) {
		case 1:
			keep = ^uint64(0) << (63 - mask)
		case 2:
			if low := ^uint64(0) << sh; mask+sh <= 63 {
				keep &= low
			} else { // the mask wraps around
				keep |= low
			}
		}
		x.add(op{code: opRotate, dst: ra, a: rs, b: int8(sh), imm: int64(keep)})
	case primary == 20, primary == 30 && x.bits(2, 3) == 3: // RLWIMI, RLDIMI
		x.mix(ra, ra, rs)
	default:
		x.mix(ra, rs, rs)
	}
	if x.bits(0, 1) == 1 {
		x.forget()
	}
}

// ppcExtended lowers primary opcode 31.
func (x *word) ppcExtended(rt, ra, rb int8) bool {
	xo := x.bits(1, 10)
	record := x.bits(0, 1) == 1
	if x.bits(1, 5) == 15 { // ISEL
		if ra == 0 {
			x.constant(temp0, 0)
		} else {
			x.move(temp0, ra)
		}
		x.binary(opJoin, temp0, rb, 0)
		x.move(rt, temp0)
		return true
	}
	if m, ok := ppcIndexed(xo); ok {
		base := ra
		if ra == 0 {
			x.move(temp0, rb)
		} else {
			x.binary(opSum, temp0, base, rb)
		}
		x.ppcAccess(rt, temp0, 0, m.width, m.store, m.signed)
		if m.update {
			x.move(ra, temp0)
		}
		return true
	}
	switch xo {
	case 532, 534, 790: // LDBRX, LWBRX, LHBRX: as inlined strcmp() has them
		x.ppcAccess(temp1, rb, 0, 8, false, false)
		x.mix(rt, temp1, temp1)
		return true
	case 508: // CMPB
		x.mix(ra, rt, rb)
		return true
	case 444: // OR, MR
		if rt == rb {
			x.move(ra, rt)
			if record {
				x.compare(ra, 0, 0)
			}
			return true
		}
		x.mix(ra, rt, rb)
	case 266, 266 | 512: // ADD
		x.binary(opSum, rt, ra, rb)
	case 40, 40 | 512: // SUBF
		x.binary(opSub, rt, rb, ra)
	case 104, 200, 202, 232, 234: // NEG and its kin
		x.mix(rt, ra, ra)
	case 8, 10, 136, 138, 235, 233, 73, 75, 9, 11, 457, 459, 489, 491, 265, 267, 777, 779: // arithmetic
		x.mix(rt, ra, rb)
	case 986: // EXTSW
		x.extendSigned(ra, rt, 4)
		if record {
			x.compare(ra, 0, 0)
			return true
		}
	case 922: // EXTSH
		x.extendSigned(ra, rt, 2)
	case 954: // EXTSB
		x.extendSigned(ra, rt, 1)
	case 26, 58, 378, 506, 538, 570, 824, 826, 827: // counts of bits, shifts by a constant
		x.mix(ra, rt, rt)
	case 24, 27, 28, 60, 124, 284, 316, 412, 476, 536, 539, 792, 794: // logic, shifts
		x.mix(ra, rt, rb)
	case 0, 32: // CMP, CMPL
		x.forget()
		return true
	case 339, 371, 19, 83, 128, 144, 576: // MFSPR, MFTB, MFCR, MFMSR, SETB, MTCRF, MCRXRX
		if xo != 144 && xo != 576 {
			x.clobber(rt)
		} else {
			x.forget()
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
		x.forget()
	}
	return true
}

// ppcTransfer is what a load or store does.
type ppcTransfer struct {
	width                 int
	store, signed, update bool
}

// ppcIndexed is what the loads and stores with an index register do.
func ppcIndexed(xo uint32) (ppcTransfer, bool) {
	switch xo {
	case 21, 53:
		return ppcTransfer{width: 8, update: xo == 53}, true
	case 23, 55:
		return ppcTransfer{width: 4, update: xo == 55}, true
	case 87, 119:
		return ppcTransfer{width: 1, update: xo == 119}, true
	case 279, 311:
		return ppcTransfer{width: 2, update: xo == 311}, true
	case 341, 373:
		return ppcTransfer{width: 4, signed: true, update: xo == 373}, true
	case 343, 375:
		return ppcTransfer{width: 2, signed: true, update: xo == 375}, true
	case 149, 181:
		return ppcTransfer{width: 8, store: true, update: xo == 181}, true
	case 151, 183:
		return ppcTransfer{width: 4, store: true, update: xo == 183}, true
	case 215, 247:
		return ppcTransfer{width: 1, store: true, update: xo == 247}, true
	case 407, 439:
		return ppcTransfer{width: 2, store: true, update: xo == 439}, true
	}
	return ppcTransfer{}, false
}
