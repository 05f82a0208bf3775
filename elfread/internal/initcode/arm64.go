package initcode

import (
	"encoding/binary"

	"golang.org/x/arch/arm64/arm64asm"
)

// Relocations of AArch64 that compilers put into code (ELF for the Arm 64-bit
// Architecture, section 5.7).
const (
	rARMAdrPage   = 275 // ADR_PREL_PG_HI21
	rARMAdrPageNC = 276
	rARMAddLow    = 277 // ADD_ABS_LO12_NC
	rARMLdst8     = 278
	rARMTstBr     = 279
	rARMCondBr    = 280
	rARMJump26    = 282
	rARMCall26    = 283
	rARMLdst16    = 284
	rARMLdst32    = 285
	rARMLdst64    = 286
)

// arm64 numbers registers as the machine does; 31 is the stack pointer.
var arm64 = machine{
	sp: 31, result: 0, link: 30,
	args:    []int8{0, 1, 2, 3, 4, 5, 6, 7},
	scratch: []int8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 30},
	decode:  decodeARM64,
}

func decodeARM64(e *engine, in *insn, sec *Section, at place) {
	code := sec.Data[at.offset:]
	if len(code) < 4 {
		return
	}
	x := word{insn: in, e: e, w: binary.LittleEndian.Uint32(code), at: at}
	if !x.relocate(sec) {
		in.name = "a relocation"
		return
	}
	in.len = 4
	if x.rel != (value{}) && !x.arm64Relocated() {
		in.reset()
		in.name = "a relocation"
		return
	}
	if x.arm64() {
		return
	}
	// Not one of those that matter. Branches all are; the decoder tells the rest from data.
	in.reset()
	inst, err := arm64asm.Decode(code[:4])
	if err != nil {
		return
	}
	if x.bits(26, 3) == 5 {
		in.name = inst.Op.String()
		return
	}
	in.len = 4
	in.havoc(inst.Op.String())
}

// arm64Relocated reports whether the instruction is of the kind that its relocation is for.
func (x *word) arm64Relocated() bool {
	switch x.typ {
	case rARMAdrPage, rARMAdrPageNC:
		return x.w&0x9f000000 == 0x90000000
	case rARMAddLow:
		return x.w&0xffc00000 == 0x91000000
	case rARMLdst8, rARMLdst16, rARMLdst32, rARMLdst64:
		return x.w&0x3b000000 == 0x39000000
	case rARMJump26, rARMCall26:
		return x.w&0x7c000000 == 0x14000000
	case rARMCondBr:
		return x.w&0xff000010 == 0x54000000 || x.w&0x7e000000 == 0x34000000
	case rARMTstBr:
		return x.w&0x7e000000 == 0x36000000
	}
	return false
}

// arm64 lowers the instructions that matter, by the encoding classes of the
// architecture manual (C4.1), and reports whether this is one.
func (x *word) arm64() bool {
	w := x.w
	switch {
	case w&0xfffff01f == 0xd503201f: // hints: NOP, BTI, PACIASP, AUTIASP
	case w&0xfffff01f == 0xd503301f, // barriers
		w&0xfff00000 == 0xd5100000, w&0xfff8f01f == 0xd500401f, // MSR
		w&0xffe0001f == 0xd4200000: // BRK: WARN() comes back behind it
	case w&0xfff00000 == 0xd5300000: // MRS
		x.clobber(x.dest(x.bits(0, 5), 31))
	case w&0x1f000000 == 0x10000000: // ADR, ADRP
		rd := x.dest(x.bits(0, 5), 31)
		if x.rel == (value{}) {
			x.clobber(rd)
		} else {
			x.page(rd, x.rel)
		}
	case w&0x1f800000 == 0x11000000:
		x.armAddImm()
	case w&0x1f800000 == 0x12000000: // AND, ORR, EOR, ANDS with a bit mask
		x.armLogicalImm()
	case w&0x1f800000 == 0x12800000:
		return x.armMoveWide()
	case w&0x1f800000 == 0x13000000:
		x.armBitfield()
	case w&0x1f800000 == 0x13800000: // EXTR
		x.mix(temp0, x.source(x.bits(5, 5), 31), x.source(x.bits(16, 5), 31))
		x.move(x.dest(x.bits(0, 5), 31), temp0)
	case w&0x1f000000 == 0x0a000000:
		x.armLogicalReg()
	case w&0x1f000000 == 0x0b000000:
		x.armAddReg()
	case w&0x1fe00000 == 0x1a400000: // CCMP, CCMN
		x.forget()
	case w&0x1fe00800 == 0x1a800000: // CSEL and its kin
		rn, rm, rd := x.bits(5, 5), x.bits(16, 5), x.dest(x.bits(0, 5), 31)
		x.armRead(temp0, x.source(rn, 31))
		if w&0x40000400 == 0 {
			x.armRead(temp2, x.source(rm, 31))
			x.binary(opJoin, temp0, temp2, 0)
		} else if rn == rm && rn == 31 { // CSET, CSETM
			x.add(op{code: opDecide, dst: temp0})
		} else {
			x.mix(temp0, temp0, x.source(rm, 31))
		}
		x.armWrite(rd, temp0)
	case w&0x1fe00000 == 0x1a000000, w&0x5fe00000 == 0x1ac00000: // ADC, SBC; two sources
		x.mix(temp0, x.source(x.bits(5, 5), 31), x.source(x.bits(16, 5), 31))
		x.armWrite(x.dest(x.bits(0, 5), 31), temp0)
		x.forget()
	case w&0x5fe00000 == 0x5ac00000: // one source
		x.mix(temp0, x.source(x.bits(5, 5), 31), x.source(x.bits(5, 5), 31))
		x.armWrite(x.dest(x.bits(0, 5), 31), temp0)
	case w&0x1f000000 == 0x1b000000: // MADD and its kin
		x.move(temp0, x.source(x.bits(10, 5), 31))
		x.mix(temp0, temp0, x.source(x.bits(5, 5), 31))
		x.mix(temp0, temp0, x.source(x.bits(16, 5), 31))
		x.armWrite(x.dest(x.bits(0, 5), 31), temp0)
	case w&0x3b000000 == 0x39000000, w&0x3b200000 == 0x38000000, w&0x3b200c00 == 0x38200800:
		return x.armLoadStore()
	case w&0x3b000000 == 0x18000000 && w>>26&1 == 0: // LDR of a literal
		x.clobber(x.dest(x.bits(0, 5), 31))
	case w&0x3a000000 == 0x28000000:
		return x.armPair()
	case w&0x7c000000 == 0x14000000: // B, BL
		x.flow, x.target = flowJump, x.rel
		if w>>31 == 1 {
			x.flow = flowCall
		}
		if x.rel == (value{}) {
			x.target = x.relative(x.signed(0, 26) * 4)
		}
	case w&0x7e000000 == 0x34000000: // CBZ, CBNZ
		x.flow, x.cond, x.condReg, x.target = flowBranch, condZero, temp0, x.relative(x.signed(5, 19)*4)
		if w>>24&1 == 1 {
			x.cond = condNotZero
		}
		x.armRead(temp0, x.source(x.bits(0, 5), 31))
	case w&0x7e000000 == 0x36000000: // TBZ, TBNZ
		x.flow, x.target = flowBranch, x.relative(x.signed(5, 14)*4)
		x.field = -1
		if bit := x.bits(19, 5) | w>>31<<5; bit == 31 || bit == 63 {
			x.cond, x.condReg = condNotNegative, x.source(x.bits(0, 5), 31)
			if w>>24&1 == 1 {
				x.cond = condNegative
			}
		}
	case w&0xff000010 == 0x54000000: // B.cond
		x.flow, x.target = flowBranch, x.relative(x.signed(5, 19)*4)
		switch x.bits(0, 4) {
		case 0:
			x.cond = condZero
		case 1:
			x.cond = condNotZero
		case 4, 11: // MI, LT
			x.cond = condNegative
		case 5, 10: // PL, GE
			x.cond = condNotNegative
		case 14, 15:
			x.flow = flowJump
		}
	case w&0xfe000000 == 0xd6000000: // BR, BLR, RET, with and without authentication
		switch x.bits(21, 4) {
		case 0, 8:
			x.flow = flowIndirect
		case 1, 9:
			x.flow = flowCallReg
		case 2:
			x.flow = flowReturn
			if x.bits(5, 5) != 30 && x.bits(5, 5) != 31 {
				x.flow = flowIndirect
			}
		default:
			return false
		}
	default:
		return false
	}
	return true
}

// armRead puts what an instruction of its width sees of a register into another one.
func (x *word) armRead(dst, src int8) {
	if x.w>>31 == 0 {
		x.extend(dst, src, 4)
	} else {
		x.move(dst, src)
	}
}

// armWrite is armRead for results.
func (x *word) armWrite(dst, src int8) { x.armRead(dst, src) }

func (x *word) armAddImm() {
	rd, rn, n := x.bits(0, 5), int8(x.bits(5, 5)), int64(x.bits(10, 12))
	if x.bits(22, 1) == 1 {
		n <<= 12
	}
	sub, flags := x.w>>30&1 == 1, x.w>>29&1 == 1
	if x.rel != (value{}) {
		x.low(int8(rd), rn, x.rel)
		return
	}
	if flags && sub && n == 0 { // CMP with zero
		x.armRead(temp0, rn)
		x.compare(temp0, 0, 0)
		x.armWrite(x.dest(rd, 31), temp0)
		return
	}
	if sub {
		n = -n
	}
	x.addImm(temp0, rn, n)
	if flags {
		x.forget()
		x.armWrite(x.dest(rd, 31), temp0)
	} else {
		x.armWrite(int8(rd), temp0)
	}
}

func (x *word) armLogicalImm() {
	rd, rn := x.bits(0, 5), x.bits(5, 5)
	opc := x.bits(29, 2)
	if opc == 3 {
		s := x.source(rn, 31)
		x.mix(x.dest(rd, 31), s, s)
		x.forget()
		return
	}
	if n, ok := bitMask(x.bits(22, 1), x.bits(10, 6), x.bits(16, 6), x.w>>31 == 1); ok && opc == 1 && rn == 31 {
		x.constant(int8(rd), int64(n)) // MOV
		return
	}
	s := x.source(rn, 31)
	x.mix(int8(rd), s, s)
}

// bitMask decodes the immediate of logical instructions: a run of ones, rotated and
// repeated (DecodeBitMasks in the architecture manual).
func bitMask(n, imms, immr uint32, wide bool) (uint64, bool) {
	length := -1
	for i, v := 0, n<<6|^imms&0x3f; v != 0; i, v = i+1, v>>1 {
		length = i
	}
	if length < 1 || !wide && length > 5 {
		return 0, false
	}
	size := uint(1) << uint(length)
	s, r := uint(imms)&(size-1), uint(immr)&(size-1)
	if s == size-1 {
		return 0, false
	}
	ones := uint64(1)<<(s+1) - 1
	elem := ones>>r | ones<<(size-r)
	if size < 64 {
		elem &= 1<<size - 1
	}
	var out uint64
	for i := uint(0); i < 64; i += size {
		out |= elem << i
	}
	if !wide {
		out &= 1<<32 - 1
	}
	return out, true
}

func (x *word) armMoveWide() bool {
	rd, shift, n := x.dest(x.bits(0, 5), 31), int8(x.bits(21, 2)*16), int64(x.bits(5, 16))
	switch x.bits(29, 2) {
	case 0:
		n = ^(n << uint(shift))
		if x.w>>31 == 0 {
			n &= 1<<32 - 1
		}
		x.constant(rd, n)
	case 2:
		x.constant(rd, n<<uint(shift))
	case 3:
		x.add(op{code: opInsert, dst: rd, b: shift, width: 16, imm: n})
		x.armWrite(rd, rd)
	default:
		return false
	}
	return true
}

func (x *word) armBitfield() {
	rd, rn := x.dest(x.bits(0, 5), 31), x.source(x.bits(5, 5), 31)
	opc, immr, imms := x.bits(29, 2), x.bits(16, 6), x.bits(10, 6)
	top := uint32(31)
	if x.w>>31 == 1 {
		top = 63
	}
	switch {
	case opc == 0 && immr == 0 && (imms == 7 || imms == 15 || imms == 31) && imms < top: // SXTB, SXTH, SXTW
		x.extendSigned(temp0, rn, int(imms+1)/8)
	case opc == 2 && immr == 0 && (imms == 7 || imms == 15 || imms == 31): // UXTB, UXTH
		x.extend(temp0, rn, int(imms+1)/8)
	case opc == 2 && imms+1 == immr: // LSL
		x.add(op{code: opShl, dst: temp0, a: rn, imm: int64(top - imms)})
	case opc == 1:
		x.mix(temp0, rd, rn)
	default:
		x.mix(temp0, rn, rn)
	}
	x.armWrite(rd, temp0)
}

func (x *word) armLogicalReg() {
	rd, rn, rm := x.bits(0, 5), x.bits(5, 5), x.bits(16, 5)
	plain := x.bits(10, 6) == 0 && x.bits(21, 3) == 0
	opc := x.bits(29, 2)
	switch {
	case opc == 1 && rn == 31 && plain: // MOV
		x.armWrite(x.dest(rd, 31), x.source(rm, 31))
	case opc == 3 && rn == rm && plain: // TST of one register
		x.armRead(temp0, x.source(rn, 31))
		x.compare(temp0, 0, 0)
		x.armWrite(x.dest(rd, 31), temp0)
	default:
		x.move(temp0, x.source(rn, 31))
		x.mix(temp0, temp0, x.source(rm, 31))
		x.armWrite(x.dest(rd, 31), temp0)
		if opc == 3 {
			x.forget()
		}
	}
}

func (x *word) armAddReg() {
	rd, rn, rm := x.bits(0, 5), x.bits(5, 5), x.bits(16, 5)
	extended := x.bits(21, 1) == 1
	flags := x.bits(29, 1) == 1
	plain := !extended && x.bits(10, 6) == 0 || extended && x.bits(13, 3) == 3 && x.bits(10, 3) == 0
	if extended {
		x.move(temp0, int8(rn))
	} else {
		x.move(temp0, x.source(rn, 31))
	}
	m := x.source(rm, 31)
	if !plain {
		x.mix(temp2, m, m)
		m = temp2
	}
	code := opSum
	if x.bits(30, 1) == 1 {
		code = opSub
	}
	x.binary(code, temp0, temp0, m)
	d := int8(rd)
	if !extended || flags {
		d = x.dest(rd, 31)
	}
	x.armWrite(d, temp0)
	if flags {
		x.forget()
	}
}
