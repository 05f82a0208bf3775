package initcode

import (
	"encoding/binary"

	"golang.org/x/arch/loong64/loong64asm"
)

// Relocations of LoongArch that compilers put into code (ELF for the LoongArch
// Architecture, table of relocations).
const (
	rLarchB16       = 64
	rLarchB21       = 65
	rLarchB26       = 66
	rLarchPcalaHi   = 71
	rLarchPcalaLo   = 72
	rLarchGotHi     = 75
	rLarchGotLo     = 76
	rLarchRelax     = 100
	rLarchCall36    = 110
	larchJirlOpcode = 0x13
)

// loong64 numbers registers as the machine does; 0 reads as zero.
var loong64 = machine{
	sp: 3, result: 4, link: 1,
	args:    []int8{4, 5, 6, 7, 8, 9, 10, 11},
	scratch: []int8{1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20},
	decode:  decodeLoong64,
}

func decodeLoong64(e *engine, in *insn, sec *Section, at place) {
	code := sec.Data[at.offset:]
	if len(code) < 4 {
		return
	}
	x := word{insn: in, e: e, w: binary.LittleEndian.Uint32(code), at: at}
	if !x.relocate(sec, rLarchRelax) {
		in.name = "a relocation"
		return
	}
	in.len = 4
	if x.typ == rLarchCall36 { // PCADDU18I and JIRL, one call or jump
		if len(code) < 8 || x.w>>25 != 0xf {
			in.reset()
			return
		}
		jirl := binary.LittleEndian.Uint32(code[4:])
		if jirl>>26 != larchJirlOpcode || jirl>>5&31 != x.w&31 {
			in.reset()
			return
		}
		in.len, in.target, in.flow = 8, x.rel, flowJump
		x.clobber(x.dest(x.w&31, 0))
		switch jirl & 31 {
		case 0:
		case 1:
			in.flow = flowCall
		default:
			in.reset()
		}
		return
	}
	if (x.rel == (value{}) || x.loongRelocated()) && x.loong() {
		return
	}
	relocated := x.rel != (value{})
	in.reset()
	inst, err := loong64asm.Decode(code[:4])
	if err != nil {
		return
	}
	if op := x.w >> 26; relocated || op >= 0x10 && op <= 0x1b {
		in.name = inst.Op.String()
		return
	}
	in.len = 4
	in.havoc(inst.Op.String())
}

// loongRelocated reports whether the instruction is of the kind that its relocation is for.
func (x *word) loongRelocated() bool {
	op := x.w >> 22
	switch x.typ {
	case rLarchB16:
		return x.w>>26 >= 0x16 && x.w>>26 <= 0x1b
	case rLarchB21:
		return x.w>>26 == 0x10 || x.w>>26 == 0x11
	case rLarchB26:
		return x.w>>26 == 0x14 || x.w>>26 == 0x15
	case rLarchPcalaHi, rLarchGotHi:
		return x.w>>25 == 0xd
	case rLarchPcalaLo:
		return op == 0xb || op >= 0xa0 && op <= 0xaa
	case rLarchGotLo:
		return op == 0xa3
	}
	return false
}

// loong lowers the instructions that matter, and reports whether this is one.
func (x *word) loong() bool {
	rd, rj, rk := x.bits(0, 5), x.bits(5, 5), x.bits(10, 5)
	if x.loongBranch(rd, rj) {
		return true
	}
	d := x.dest(rd, 0)
	switch op := x.w >> 22; {
	case op == 0x8, op == 0x9, op == 0xd, op == 0xf: // SLTI, SLTUI, ANDI, XORI
		s := x.source(rj, 0)
		x.mix(d, s, s)
		return true
	case op == 0xa: // ADDI.W
		x.addImm(temp0, x.source(rj, 0), x.signed(10, 12))
		x.extendSigned(d, temp0, 4)
		return true
	case op == 0xb: // ADDI.D
		if x.rel != (value{}) {
			x.low(d, x.source(rj, 0), x.rel)
			return true
		}
		x.addImm(d, x.source(rj, 0), x.signed(10, 12))
		return true
	case op == 0xc: // LU52I.D
		x.move(temp0, x.source(rj, 0))
		x.add(insertion(temp0, int64(x.bits(10, 12)), 52, 12))
		x.move(d, temp0)
		return true
	case op == 0xe: // ORI, LI
		x.add(withImm(opOr, d, x.source(rj, 0), int64(x.bits(10, 12))))
		return true
	case op >= 0xa0 && op <= 0xaa:
		x.loongMemory(op, rd, rj)
		return true
	case op == 0xab: // PRELD
		return true
	case x.w>>23 == 0x1 && x.w>>22&1 == 0 || op == 0x3, x.w>>21 == 0x3: // BSTRINS.D, BSTRPICK.D and of words
		if op == 0x2 || x.w>>21 == 0x3 && x.w>>15&1 == 0 { // insertion
			x.mix(d, d, x.source(rj, 0))
			return true
		}
		s := x.source(rj, 0)
		if op == 0x3 && x.bits(10, 6) == 0 && x.bits(16, 6) == 31 {
			x.extend(d, s, 4)
			return true
		}
		x.mix(d, s, s)
		return true
	}
	switch x.w >> 25 {
	case 0xa: // LU12I.W
		x.constant(d, x.signed(5, 20)<<12)
		return true
	case 0xb: // LU32I.D
		x.add(insertion(d, x.signed(5, 20), 32, 32))
		return true
	case 0xc, 0xe, 0xf: // PCADDI, PCADDU12I, PCADDU18I
		x.clobber(d)
		return true
	case 0xd: // PCALAU12I
		if x.rel == (value{}) {
			x.clobber(d)
		} else {
			x.page(d, x.rel)
		}
		return true
	}
	if x.w>>26 == 0x4 { // ADDU16I.D
		x.addImm(d, x.source(rj, 0), x.signed(10, 16)<<16)
		return true
	}
	switch x.w >> 24 {
	case 0x24, 0x26: // LDPTR
		w := 8
		if x.w>>24 == 0x24 {
			w = 4
		}
		x.loadSigned(d, x.source(rj, 0), x.signed(10, 14)*4, w)
		return true
	case 0x25, 0x27: // STPTR
		w := 8
		if x.w>>24 == 0x25 {
			w = 4
		}
		x.move(temp0, x.source(rj, 0))
		x.store(x.source(rd, 0), temp0, x.signed(10, 14)*4, w)
		return true
	}
	return x.loongThree(d, rd, rj, rk)
}

// loongBranch lowers branches.
func (x *word) loongBranch(rd, rj uint32) bool {
	to := func(n int64) value {
		if x.rel != (value{}) {
			return x.rel
		}
		return x.relative(n)
	}
	switch op := x.w >> 26; op {
	case 0x10, 0x11, 0x12: // BEQZ, BNEZ, BCEQZ
		x.flow, x.target = flowBranch, to((x.signed(0, 5)<<16|int64(x.bits(10, 16)))*4)
		x.field = -1
		if op == 0x12 {
			return true
		}
		x.condReg = x.source(rj, 0)
		x.cond = condZero
		if op == 0x11 {
			x.cond = condNotZero
		}
	case 0x13: // JIRL
		switch {
		case rd == 0 && rj == 1 && x.bits(10, 16) == 0:
			x.flow = flowReturn
		case rd == 0:
			x.flow = flowIndirect
		default:
			x.clobber(int8(rd))
			x.flow = flowCallReg
		}
	case 0x14, 0x15: // B, BL
		x.flow, x.target = flowJump, to((x.signed(0, 10)<<16|int64(x.bits(10, 16)))*4)
		if op == 0x15 {
			x.flow = flowCall
		}
	case 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b: // BEQ, BNE, BLT, BGE, BLTU, BGEU
		x.flow, x.target, x.field = flowBranch, to(x.signed(10, 16)*4), -1
		if rd != 0 {
			return true
		}
		x.condReg = x.source(rj, 0)
		x.cond = []condition{condZero, condNotZero, condNegative, condNotNegative, condOther, condOther}[op-0x16]
	default:
		return false
	}
	return true
}

func (x *word) loongMemory(op, rd, rj uint32) {
	base, off := x.source(rj, 0), x.signed(10, 12)
	if x.rel != (value{}) {
		if x.typ == rLarchGotLo { // the entry of the global offset table is the address
			x.low(x.dest(rd, 0), base, x.rel)
			return
		}
		x.low(temp0, base, x.rel)
		base, off = temp0, 0
	} else if base == temp1 {
		x.move(temp0, temp1)
		base = temp0
	}
	switch {
	case op <= 0xa3:
		x.loadSigned(x.dest(rd, 0), base, off, 1<<(op-0xa0))
	case op <= 0xa7:
		x.store(x.source(rd, 0), base, off, 1<<(op-0xa4))
	default:
		x.load(x.dest(rd, 0), base, off, 1<<(op-0xa8))
	}
}

// loongThree lowers instructions with three registers, and shifts.
func (x *word) loongThree(d int8, rd, rj, rk uint32) bool {
	x.move(temp0, x.source(rj, 0))
	op := x.w >> 15
	switch {
	case op == 0x21: // ADD.D
		x.binary(opSum, d, temp0, x.source(rk, 0))
	case op == 0x23: // SUB.D
		x.binary(opSub, d, temp0, x.source(rk, 0))
	case op == 0x20 || op == 0x22: // ADD.W, SUB.W
		code := opSum
		if op == 0x22 {
			code = opSub
		}
		x.binary(code, temp0, temp0, x.source(rk, 0))
		x.extendSigned(d, temp0, 4)
	case op == 0x2a && (rk == 0 || rj == 0): // OR with zero, MOVE
		if rk == 0 {
			x.move(d, temp0)
		} else {
			x.move(d, x.source(rk, 0))
		}
	case op == 0x81 && rk == 0: // SLLI.W 0
		x.extendSigned(d, temp0, 4)
	case x.w>>16 == 0x41: // SLLI.D
		x.add(withImm(opShl, d, temp0, int64(x.bits(10, 6))))
	case x.w>>16 == 0x45, x.w>>16 == 0x49, op == 0x81, op == 0x89, op == 0x91: // shifts
		x.mix(d, temp0, temp0)
	case op >= 0x24 && op <= 0x47 || x.w>>17 == 0x2 || x.w>>17 == 0x3 || x.w>>17 == 0x16: // comparisons, logic, products, ALSL
		x.mix(d, temp0, x.source(rk, 0))
	case x.w>>10 == 0x16 || x.w>>10 == 0x17: // EXT.W.H, EXT.W.B
		x.mix(d, temp0, temp0)
	case op == 0x54, op == 0x70e4, op == 0x70e5, op == 0x7058: // BREAK: WARN() comes back behind it; barriers; PRELDX
	case op >= 0x7000 && op <= 0x7050 && op&7 == 0: // LDX, STX
		x.binary(opSum, temp0, temp0, x.source(rk, 0))
		width := 1 << (op >> 3 & 3)
		switch {
		case op < 0x7020:
			x.loadSigned(d, temp0, 0, width)
		case op < 0x7040:
			x.store(x.source(rd, 0), temp0, 0, width)
		default:
			x.load(d, temp0, 0, width)
		}
	default:
		return false
	}
	return true
}
