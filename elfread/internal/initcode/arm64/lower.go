package arm64

import (
	"golang.org/x/arch/arm64/arm64asm"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
)

// Relocations of AArch64 that compilers put into code (ELF for the Arm 64-bit
// Architecture, section 5.7).
const (
	relocAdrPage   = 275 // ADR_PREL_PG_HI21
	relocAdrPageNC = 276
	relocAddLow    = 277 // ADD_ABS_LO12_NC
	relocLdst8     = 278
	relocTstBr     = 279
	relocCondBr    = 280
	relocJump26    = 282
	relocCall26    = 283
	relocLdst16    = 284
	relocLdst32    = 285
	relocLdst64    = 286
)

// machine numbers registers as the machine does; 31 is the stack pointer.
var machine = ir.Machine{
	PointerReloc: 257, // R_AARCH64_ABS64
	SP:           31, Result: 0, Link: 30,
	Args:    []int8{0, 1, 2, 3, 4, 5, 6, 7},
	Scratch: []int8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 30},
}

// Decoder lowers instructions of arm64. It implements ir.Decoder.
type Decoder struct{}

// Machine returns the registers and the calling convention.
func (Decoder) Machine() *ir.Machine { return &machine }

// insn is one instruction on its way to steps.
type insn struct{ ir.Word }

// Decode lowers one instruction.
func (Decoder) Decode(e ir.Resolver, in *ir.Insn, sec *ir.Section, at ir.PC) {
	word, ok := ir.StartWord(e, in, sec, at)
	if !ok {
		return
	}
	x := insn{word}
	if x.Ref != (ir.Value{}) && !x.relocated() {
		in.Reset()
		in.Name = "a relocation"
		return
	}
	if x.lower() {
		return
	}
	// Not one of those that matter. Branches all are; the decoder tells the rest from data.
	in.Reset()
	inst, err := arm64asm.Decode(sec.Data[at.Offset:][:4])
	if err != nil {
		return
	}
	if x.Bits(26, 3) == 5 {
		in.Name = inst.Op.String()
		return
	}
	in.Len = 4
	in.Havoc(inst.Op.String())
}

// relocated reports whether the instruction is of the kind that its relocation is for.
func (x *insn) relocated() bool {
	switch x.RelocType {
	case relocAdrPage, relocAdrPageNC:
		return x.Raw&0x9f000000 == 0x90000000
	case relocAddLow:
		return x.Raw&0xffc00000 == 0x91000000
	case relocLdst8, relocLdst16, relocLdst32, relocLdst64:
		return x.Raw&0x3b000000 == 0x39000000
	case relocJump26, relocCall26:
		return x.Raw&0x7c000000 == 0x14000000
	case relocCondBr:
		return x.Raw&0xff000010 == 0x54000000 || x.Raw&0x7e000000 == 0x34000000
	case relocTstBr:
		return x.Raw&0x7e000000 == 0x36000000
	}
	return false
}

// lower lowers the instructions that matter, by the encoding classes of the
// architecture manual (C4.1), and reports whether this is one.
func (x *insn) lower() bool {
	w := x.Raw
	switch {
	case w&0xfffff01f == 0xd503201f: // hints: NOP, BTI, PACIASP, AUTIASP
	case w&0xfffff01f == 0xd503301f, // barriers
		w&0xfff00000 == 0xd5100000, w&0xfff8f01f == 0xd500401f, // MSR
		w&0xffe0001f == 0xd4200000: // BRK: WARN() comes back behind it
	case w&0xfff00000 == 0xd5300000: // MRS
		x.Clobber(x.Dest(x.Bits(0, 5), 31))
	case w&0x1f000000 == 0x10000000: // ADR, ADRP
		rd := x.Dest(x.Bits(0, 5), 31)
		if x.Ref == (ir.Value{}) {
			x.Clobber(rd)
		} else {
			x.Page(rd, x.Ref)
		}
	case w&0x1f800000 == 0x11000000:
		x.addImm()
	case w&0x1f800000 == 0x12000000: // AND, ORR, EOR, ANDS with a bit mask
		x.logicalImm()
	case w&0x1f800000 == 0x12800000:
		return x.moveWide()
	case w&0x1f800000 == 0x13000000:
		x.bitfield()
	case w&0x1f800000 == 0x13800000: // EXTR
		x.Mix(ir.Temp0, x.Source(x.Bits(5, 5), 31), x.Source(x.Bits(16, 5), 31))
		x.Move(x.Dest(x.Bits(0, 5), 31), ir.Temp0)
	case w&0x1f000000 == 0x0a000000:
		x.logicalReg()
	case w&0x1f000000 == 0x0b000000:
		x.addReg()
	case w&0x1fe00000 == 0x1a400000: // CCMP, CCMN
		x.Forget()
	case w&0x1fe00800 == 0x1a800000: // CSEL and its kin
		rn, rm, rd := x.Bits(5, 5), x.Bits(16, 5), x.Dest(x.Bits(0, 5), 31)
		x.read(ir.Temp0, x.Source(rn, 31))
		if w&0x40000400 == 0 {
			x.read(ir.Temp2, x.Source(rm, 31))
			x.Binary(ir.OpJoin, ir.Temp0, ir.Temp2, 0)
		} else if rn == rm && rn == 31 { // CSET, CSETM
			x.Add(ir.Step{Code: ir.OpDecide, Dst: ir.Temp0})
		} else {
			x.Mix(ir.Temp0, ir.Temp0, x.Source(rm, 31))
		}
		x.write(rd, ir.Temp0)
	case w&0x1fe00000 == 0x1a000000, w&0x5fe00000 == 0x1ac00000: // ADC, SBC; two sources
		x.Mix(ir.Temp0, x.Source(x.Bits(5, 5), 31), x.Source(x.Bits(16, 5), 31))
		x.write(x.Dest(x.Bits(0, 5), 31), ir.Temp0)
		x.Forget()
	case w&0x5fe00000 == 0x5ac00000: // one source
		x.Mix(ir.Temp0, x.Source(x.Bits(5, 5), 31), x.Source(x.Bits(5, 5), 31))
		x.write(x.Dest(x.Bits(0, 5), 31), ir.Temp0)
	case w&0x1f000000 == 0x1b000000: // MADD and its kin
		x.Move(ir.Temp0, x.Source(x.Bits(10, 5), 31))
		x.Mix(ir.Temp0, ir.Temp0, x.Source(x.Bits(5, 5), 31))
		x.Mix(ir.Temp0, ir.Temp0, x.Source(x.Bits(16, 5), 31))
		x.write(x.Dest(x.Bits(0, 5), 31), ir.Temp0)
	case w&0x3b000000 == 0x39000000, w&0x3b200000 == 0x38000000, w&0x3b200c00 == 0x38200800:
		return x.loadStore()
	case w&0x3b000000 == 0x18000000 && w>>26&1 == 0: // LDR of a literal
		x.Clobber(x.Dest(x.Bits(0, 5), 31))
	case w&0x3a000000 == 0x28000000:
		return x.pair()
	case w&0x7c000000 == 0x14000000: // B, BL
		x.Flow, x.Target = ir.FlowJump, x.Ref
		if w>>31 == 1 {
			x.Flow = ir.FlowCall
		}
		if x.Ref == (ir.Value{}) {
			x.Target = x.Relative(x.Signed(0, 26) * 4)
		}
	case w&0x7e000000 == 0x34000000: // CBZ, CBNZ
		x.Flow, x.Cond, x.CondReg, x.Target = ir.FlowBranch, ir.CondZero, ir.Temp0, x.Relative(x.Signed(5, 19)*4)
		if w>>24&1 == 1 {
			x.Cond = ir.CondNotZero
		}
		x.read(ir.Temp0, x.Source(x.Bits(0, 5), 31))
	case w&0x7e000000 == 0x36000000: // TBZ, TBNZ
		x.Flow, x.Target = ir.FlowBranch, x.Relative(x.Signed(5, 14)*4)
		x.Field = -1
		if bit := x.Bits(19, 5) | w>>31<<5; bit == 31 || bit == 63 {
			x.Cond, x.CondReg = ir.CondNotNegative, x.Source(x.Bits(0, 5), 31)
			if w>>24&1 == 1 {
				x.Cond = ir.CondNegative
			}
		}
	case w&0xff000010 == 0x54000000: // B.cond
		x.Flow, x.Target = ir.FlowBranch, x.Relative(x.Signed(5, 19)*4)
		switch x.Bits(0, 4) {
		case 0:
			x.Cond = ir.CondZero
		case 1:
			x.Cond = ir.CondNotZero
		case 4, 11: // MI, LT
			x.Cond = ir.CondNegative
		case 5, 10: // PL, GE
			x.Cond = ir.CondNotNegative
		case 14, 15:
			x.Flow = ir.FlowJump
		}
	case w&0xfe000000 == 0xd6000000: // BR, BLR, RET, with and without authentication
		switch x.Bits(21, 4) {
		case 0, 8:
			x.Flow = ir.FlowIndirect
		case 1, 9:
			x.Flow = ir.FlowCallReg
		case 2:
			x.Flow = ir.FlowReturn
			if x.Bits(5, 5) != 30 && x.Bits(5, 5) != 31 {
				x.Flow = ir.FlowIndirect
			}
		default:
			return false
		}
	default:
		return false
	}
	return true
}

// read puts what an instruction of its width sees of a register into another one.
func (x *insn) read(dst, src int8) {
	if x.Raw>>31 == 0 {
		x.Extend(dst, src, 4)
	} else {
		x.Move(dst, src)
	}
}

// write is armRead for results.
func (x *insn) write(dst, src int8) { x.read(dst, src) }

func (x *insn) addImm() {
	rd, rn, n := x.Bits(0, 5), int8(x.Bits(5, 5)), int64(x.Bits(10, 12))
	if x.Bits(22, 1) == 1 {
		n <<= 12
	}
	sub, flags := x.Raw>>30&1 == 1, x.Raw>>29&1 == 1
	if x.Ref != (ir.Value{}) {
		x.Low(int8(rd), rn, x.Ref)
		return
	}
	if flags && sub && n == 0 { // CMP with zero
		x.read(ir.Temp0, rn)
		x.Compare(ir.Temp0, 0, 0)
		x.write(x.Dest(rd, 31), ir.Temp0)
		return
	}
	if sub {
		n = -n
	}
	x.AddImm(ir.Temp0, rn, n)
	if flags {
		x.Forget()
		x.write(x.Dest(rd, 31), ir.Temp0)
	} else {
		x.write(int8(rd), ir.Temp0)
	}
}

func (x *insn) logicalImm() {
	rd, rn := x.Bits(0, 5), x.Bits(5, 5)
	opc := x.Bits(29, 2)
	if opc == 3 {
		s := x.Source(rn, 31)
		x.Mix(x.Dest(rd, 31), s, s)
		x.Forget()
		return
	}
	if n, ok := bitMask(x.Bits(22, 1), x.Bits(10, 6), x.Bits(16, 6), x.Raw>>31 == 1); ok && opc == 1 && rn == 31 {
		x.Constant(int8(rd), int64(n)) // MOV
		return
	}
	s := x.Source(rn, 31)
	x.Mix(int8(rd), s, s)
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

func (x *insn) moveWide() bool {
	rd, shift, n := x.Dest(x.Bits(0, 5), 31), int8(x.Bits(21, 2)*16), int64(x.Bits(5, 16))
	switch x.Bits(29, 2) {
	case 0:
		n = ^(n << uint(shift))
		if x.Raw>>31 == 0 {
			n &= 1<<32 - 1
		}
		x.Constant(rd, n)
	case 2:
		x.Constant(rd, n<<uint(shift))
	case 3:
		x.Add(ir.Step{Code: ir.OpInsert, Dst: rd, B: shift, Width: 16, Imm: n})
		x.write(rd, rd)
	default:
		return false
	}
	return true
}

func (x *insn) bitfield() {
	rd, rn := x.Dest(x.Bits(0, 5), 31), x.Source(x.Bits(5, 5), 31)
	opc, immr, imms := x.Bits(29, 2), x.Bits(16, 6), x.Bits(10, 6)
	top := uint32(31)
	if x.Raw>>31 == 1 {
		top = 63
	}
	switch {
	case opc == 0 && immr == 0 && (imms == 7 || imms == 15 || imms == 31) && imms < top: // SXTB, SXTH, SXTW
		x.ExtendSigned(ir.Temp0, rn, int(imms+1)/8)
	case opc == 2 && immr == 0 && (imms == 7 || imms == 15 || imms == 31): // UXTB, UXTH
		x.Extend(ir.Temp0, rn, int(imms+1)/8)
	case opc == 2 && imms+1 == immr: // LSL
		x.Add(ir.Step{Code: ir.OpShl, Dst: ir.Temp0, A: rn, Imm: int64(top - imms)})
	case opc == 1:
		x.Mix(ir.Temp0, rd, rn)
	default:
		x.Mix(ir.Temp0, rn, rn)
	}
	x.write(rd, ir.Temp0)
}

func (x *insn) logicalReg() {
	rd, rn, rm := x.Bits(0, 5), x.Bits(5, 5), x.Bits(16, 5)
	plain := x.Bits(10, 6) == 0 && x.Bits(21, 3) == 0
	opc := x.Bits(29, 2)
	switch {
	case opc == 1 && rn == 31 && plain: // MOV
		x.write(x.Dest(rd, 31), x.Source(rm, 31))
	case opc == 3 && rn == rm && plain: // TST of one register
		x.read(ir.Temp0, x.Source(rn, 31))
		x.Compare(ir.Temp0, 0, 0)
		x.write(x.Dest(rd, 31), ir.Temp0)
	default:
		x.Move(ir.Temp0, x.Source(rn, 31))
		x.Mix(ir.Temp0, ir.Temp0, x.Source(rm, 31))
		x.write(x.Dest(rd, 31), ir.Temp0)
		if opc == 3 {
			x.Forget()
		}
	}
}

func (x *insn) addReg() {
	rd, rn, rm := x.Bits(0, 5), x.Bits(5, 5), x.Bits(16, 5)
	extended := x.Bits(21, 1) == 1
	flags := x.Bits(29, 1) == 1
	plain := !extended && x.Bits(10, 6) == 0 || extended && x.Bits(13, 3) == 3 && x.Bits(10, 3) == 0
	if extended {
		x.Move(ir.Temp0, int8(rn))
	} else {
		x.Move(ir.Temp0, x.Source(rn, 31))
	}
	m := x.Source(rm, 31)
	if !plain {
		x.Mix(ir.Temp2, m, m)
		m = ir.Temp2
	}
	code := ir.OpSum
	if x.Bits(30, 1) == 1 {
		code = ir.OpSub
	}
	x.Binary(code, ir.Temp0, ir.Temp0, m)
	d := int8(rd)
	if !extended || flags {
		d = x.Dest(rd, 31)
	}
	x.write(d, ir.Temp0)
	if flags {
		x.Forget()
	}
}
