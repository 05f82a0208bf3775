package loong64

import (
	"encoding/binary"

	"golang.org/x/arch/loong64/loong64asm"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
)

// Relocations of LoongArch that compilers put into code (ELF for the LoongArch
// Architecture, table of relocations).
const (
	relocB16     = 64
	relocB21     = 65
	relocB26     = 66
	relocPcalaHi = 71
	relocPcalaLo = 72
	relocGotHi   = 75
	relocGotLo   = 76
	relocRelax   = 100
	relocCall36  = 110
	jirlOpcode   = 0x13
)

// machine numbers registers as the machine does; 0 reads as zero.
var machine = ir.Machine{
	PointerReloc: 2, // R_LARCH_64
	SP:           3, Result: 4, Link: 1,
	Args:    []int8{4, 5, 6, 7, 8, 9, 10, 11},
	Scratch: []int8{1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20},
}

// Decoder lowers instructions of loongarch64. It implements ir.Decoder.
type Decoder struct{}

// Machine returns the registers and the calling convention.
func (Decoder) Machine() *ir.Machine { return &machine }

// insn is one instruction on its way to steps.
type insn struct{ ir.Word }

// Decode lowers one instruction.
func (Decoder) Decode(e ir.Resolver, in *ir.Insn, sec *ir.Section, at ir.PC) {
	word, ok := ir.StartWord(e, in, sec, at, relocRelax)
	if !ok {
		return
	}
	x, code := insn{word}, sec.Data[at.Offset:]
	if x.RelocType == relocCall36 { // PCADDU18I and JIRL, one call or jump
		if len(code) < 8 || x.Raw>>25 != 0xf {
			in.Reset()
			return
		}
		jirl := binary.LittleEndian.Uint32(code[4:])
		if jirl>>26 != jirlOpcode || jirl>>5&31 != x.Raw&31 {
			in.Reset()
			return
		}
		in.Len, in.Target, in.Flow = 8, x.Ref, ir.FlowJump
		x.Clobber(x.Dest(x.Raw&31, 0))
		switch jirl & 31 {
		case 0:
		case 1:
			in.Flow = ir.FlowCall
		default:
			in.Reset()
		}
		return
	}
	if (x.Ref == (ir.Value{}) || x.relocated()) && x.lower() {
		return
	}
	relocated := x.Ref != (ir.Value{})
	in.Reset()
	inst, err := loong64asm.Decode(code[:4])
	if err != nil {
		return
	}
	if op := x.Raw >> 26; relocated || op >= 0x10 && op <= 0x1b {
		in.Name = inst.Op.String()
		return
	}
	in.Len = 4
	in.Havoc(inst.Op.String())
}

// relocated reports whether the instruction is of the kind that its relocation is for.
func (x *insn) relocated() bool {
	op := x.Raw >> 22
	switch x.RelocType {
	case relocB16:
		return x.Raw>>26 >= 0x16 && x.Raw>>26 <= 0x1b
	case relocB21:
		return x.Raw>>26 == 0x10 || x.Raw>>26 == 0x11
	case relocB26:
		return x.Raw>>26 == 0x14 || x.Raw>>26 == 0x15
	case relocPcalaHi, relocGotHi:
		return x.Raw>>25 == 0xd
	case relocPcalaLo:
		return op == 0xb || op >= 0xa0 && op <= 0xaa
	case relocGotLo:
		return op == 0xa3
	}
	return false
}

// lower lowers the instructions that matter, and reports whether this is one.
func (x *insn) lower() bool {
	rd, rj, rk := x.Bits(0, 5), x.Bits(5, 5), x.Bits(10, 5)
	if x.branch(rd, rj) {
		return true
	}
	d := x.Dest(rd, 0)
	switch op := x.Raw >> 22; {
	case op == 0x8, op == 0x9, op == 0xd, op == 0xf: // SLTI, SLTUI, ANDI, XORI
		s := x.Source(rj, 0)
		x.Mix(d, s, s)
		return true
	case op == 0xa: // ADDI.W
		x.AddImm(ir.Temp0, x.Source(rj, 0), x.Signed(10, 12))
		x.ExtendSigned(d, ir.Temp0, 4)
		return true
	case op == 0xb: // ADDI.D
		if x.Ref != (ir.Value{}) {
			x.Low(d, x.Source(rj, 0), x.Ref)
			return true
		}
		x.AddImm(d, x.Source(rj, 0), x.Signed(10, 12))
		return true
	case op == 0xc: // LU52I.D
		x.Move(ir.Temp0, x.Source(rj, 0))
		x.Add(ir.Insertion(ir.Temp0, int64(x.Bits(10, 12)), 52, 12))
		x.Move(d, ir.Temp0)
		return true
	case op == 0xe: // ORI, LI
		x.Add(ir.WithImm(ir.OpOr, d, x.Source(rj, 0), int64(x.Bits(10, 12))))
		return true
	case op >= 0xa0 && op <= 0xaa:
		x.memory(op, rd, rj)
		return true
	case op == 0xab: // PRELD
		return true
	case x.Raw>>23 == 0x1 && x.Raw>>22&1 == 0 || op == 0x3, x.Raw>>21 == 0x3: // BSTRINS.D, BSTRPICK.D and of words
		if op == 0x2 || x.Raw>>21 == 0x3 && x.Raw>>15&1 == 0 { // insertion
			x.Mix(d, d, x.Source(rj, 0))
			return true
		}
		s := x.Source(rj, 0)
		if op == 0x3 && x.Bits(10, 6) == 0 && x.Bits(16, 6) == 31 {
			x.Extend(d, s, 4)
			return true
		}
		x.Mix(d, s, s)
		return true
	}
	switch x.Raw >> 25 {
	case 0xa: // LU12I.W
		x.Constant(d, x.Signed(5, 20)<<12)
		return true
	case 0xb: // LU32I.D
		x.Add(ir.Insertion(d, x.Signed(5, 20), 32, 32))
		return true
	case 0xc, 0xe, 0xf: // PCADDI, PCADDU12I, PCADDU18I
		x.Clobber(d)
		return true
	case 0xd: // PCALAU12I
		if x.Ref == (ir.Value{}) {
			x.Clobber(d)
		} else {
			x.Page(d, x.Ref)
		}
		return true
	}
	if x.Raw>>26 == 0x4 { // ADDU16I.D
		x.AddImm(d, x.Source(rj, 0), x.Signed(10, 16)<<16)
		return true
	}
	switch x.Raw >> 24 {
	case 0x24, 0x26: // LDPTR
		w := 8
		if x.Raw>>24 == 0x24 {
			w = 4
		}
		x.LoadSigned(d, x.Source(rj, 0), x.Signed(10, 14)*4, w)
		return true
	case 0x25, 0x27: // STPTR
		w := 8
		if x.Raw>>24 == 0x25 {
			w = 4
		}
		x.Move(ir.Temp0, x.Source(rj, 0))
		x.Store(x.Source(rd, 0), ir.Temp0, x.Signed(10, 14)*4, w)
		return true
	}
	return x.three(d, rd, rj, rk)
}

// branch lowers branches.
func (x *insn) branch(rd, rj uint32) bool {
	to := func(n int64) ir.Value {
		if x.Ref != (ir.Value{}) {
			return x.Ref
		}
		return x.Relative(n)
	}
	switch op := x.Raw >> 26; op {
	case 0x10, 0x11, 0x12: // BEQZ, BNEZ, BCEQZ
		x.Flow, x.Target = ir.FlowBranch, to((x.Signed(0, 5)<<16|int64(x.Bits(10, 16)))*4)
		x.Field = -1
		if op == 0x12 {
			return true
		}
		x.CondReg = x.Source(rj, 0)
		x.Cond = ir.CondZero
		if op == 0x11 {
			x.Cond = ir.CondNotZero
		}
	case 0x13: // JIRL
		switch {
		case rd == 0 && rj == 1 && x.Bits(10, 16) == 0:
			x.Flow = ir.FlowReturn
		case rd == 0:
			x.Flow = ir.FlowIndirect
		default:
			x.Clobber(int8(rd))
			x.Flow = ir.FlowCallReg
		}
	case 0x14, 0x15: // B, BL
		x.Flow, x.Target = ir.FlowJump, to((x.Signed(0, 10)<<16|int64(x.Bits(10, 16)))*4)
		if op == 0x15 {
			x.Flow = ir.FlowCall
		}
	case 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b: // BEQ, BNE, BLT, BGE, BLTU, BGEU
		x.Flow, x.Target, x.Field = ir.FlowBranch, to(x.Signed(10, 16)*4), -1
		if rd != 0 {
			return true
		}
		x.CondReg = x.Source(rj, 0)
		x.Cond = []ir.Condition{ir.CondZero, ir.CondNotZero, ir.CondNegative, ir.CondNotNegative, ir.CondOther, ir.CondOther}[op-0x16]
	default:
		return false
	}
	return true
}

func (x *insn) memory(op, rd, rj uint32) {
	base, off := x.Source(rj, 0), x.Signed(10, 12)
	if x.Ref != (ir.Value{}) {
		if x.RelocType == relocGotLo { // the entry of the global offset table is the address
			x.Low(x.Dest(rd, 0), base, x.Ref)
			return
		}
		x.Low(ir.Temp0, base, x.Ref)
		base, off = ir.Temp0, 0
	} else if base == ir.Temp1 {
		x.Move(ir.Temp0, ir.Temp1)
		base = ir.Temp0
	}
	switch {
	case op <= 0xa3:
		x.LoadSigned(x.Dest(rd, 0), base, off, 1<<(op-0xa0))
	case op <= 0xa7:
		x.Store(x.Source(rd, 0), base, off, 1<<(op-0xa4))
	default:
		x.Load(x.Dest(rd, 0), base, off, 1<<(op-0xa8))
	}
}

// three lowers instructions with three registers, and shifts.
func (x *insn) three(d int8, rd, rj, rk uint32) bool {
	x.Move(ir.Temp0, x.Source(rj, 0))
	op := x.Raw >> 15
	switch {
	case op == 0x21: // ADD.D
		x.Binary(ir.OpSum, d, ir.Temp0, x.Source(rk, 0))
	case op == 0x23: // SUB.D
		x.Binary(ir.OpSub, d, ir.Temp0, x.Source(rk, 0))
	case op == 0x20 || op == 0x22: // ADD.W, SUB.W
		code := ir.OpSum
		if op == 0x22 {
			code = ir.OpSub
		}
		x.Binary(code, ir.Temp0, ir.Temp0, x.Source(rk, 0))
		x.ExtendSigned(d, ir.Temp0, 4)
	case op == 0x2a && (rk == 0 || rj == 0): // OR with zero, MOVE
		if rk == 0 {
			x.Move(d, ir.Temp0)
		} else {
			x.Move(d, x.Source(rk, 0))
		}
	case op == 0x81 && rk == 0: // SLLI.W 0
		x.ExtendSigned(d, ir.Temp0, 4)
	case x.Raw>>16 == 0x41: // SLLI.D
		x.Add(ir.WithImm(ir.OpShl, d, ir.Temp0, int64(x.Bits(10, 6))))
	case x.Raw>>16 == 0x45, x.Raw>>16 == 0x49, op == 0x81, op == 0x89, op == 0x91: // shifts
		x.Mix(d, ir.Temp0, ir.Temp0)
	case op >= 0x24 && op <= 0x47 || x.Raw>>17 == 0x2 || x.Raw>>17 == 0x3 || x.Raw>>17 == 0x16: // comparisons, logic, products, ALSL
		x.Mix(d, ir.Temp0, x.Source(rk, 0))
	case x.Raw>>10 == 0x16 || x.Raw>>10 == 0x17: // EXT.W.H, EXT.W.B
		x.Mix(d, ir.Temp0, ir.Temp0)
	case op == 0x54, op == 0x70e4, op == 0x70e5, op == 0x7058: // BREAK: WARN() comes back behind it; barriers; PRELDX
	case op >= 0x7000 && op <= 0x7050 && op&7 == 0: // LDX, STX
		x.Binary(ir.OpSum, ir.Temp0, ir.Temp0, x.Source(rk, 0))
		width := 1 << (op >> 3 & 3)
		switch {
		case op < 0x7020:
			x.LoadSigned(d, ir.Temp0, 0, width)
		case op < 0x7040:
			x.Store(x.Source(rd, 0), ir.Temp0, 0, width)
		default:
			x.Load(d, ir.Temp0, 0, width)
		}
	default:
		return false
	}
	return true
}
