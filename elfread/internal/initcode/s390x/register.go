package s390x

import (
	"github.com/klplint/klplint/elfread/internal/initcode/ir"
)

// immediate lowers A5x and A7x.
func (x *insn) immediate(op uint32) bool {
	r1, n, u := x.r(8), x.signed(16, 16), int64(x.bits(16, 16))
	if x.rel != (ir.Value{}) && op != 0xa74 && op != 0xa75 && op != 0xa76 && op != 0xa77 {
		return false
	}
	switch op {
	case 0xa50, 0xa51, 0xa52, 0xa53: // IIHH, IIHL, IILH, IILL
		x.Add(ir.Insertion(r1, u, int8(48-16*(op&3)), 16))
	case 0xa58, 0xa59, 0xa5a, 0xa5b: // OIHH...
		x.Add(ir.WithImm(ir.OpOr, r1, r1, u<<(48-16*(op&3))))
		x.Forget()
	case 0xa54, 0xa55, 0xa56, 0xa57: // NIHH...
		x.Mix(r1, r1, r1)
		x.Forget()
	case 0xa5c, 0xa5d, 0xa5e, 0xa5f: // LLIHH...
		x.Constant(r1, u<<(48-16*(op&3)))
	case 0xa70, 0xa71, 0xa72, 0xa73: // TM
		x.Forget()
	case 0xa74: // BRC
		x.Flow, x.Target = ir.FlowBranch, x.relative(16, 16)
		switch r1 {
		case 0:
			x.Flow = ir.FlowNext
		case 15:
			x.Flow = ir.FlowJump
		}
		x.condition(r1)
	case 0xa75: // BRAS
		x.Clobber(r1)
		x.Flow, x.Target = ir.FlowCall, x.relative(16, 16)
	case 0xa76, 0xa77: // BRCT, BRCTG
		x.Mix(r1, r1, r1)
		x.Flow, x.Target, x.Field = ir.FlowBranch, x.relative(16, 16), -1
	case 0xa78: // LHI
		x.Add(ir.Insertion(r1, n, 0, 32))
	case 0xa79: // LGHI
		x.Constant(r1, n)
	case 0xa7a: // AHI
		x.ExtendSigned(ir.Temp0, r1, 4)
		x.AddImm(ir.Temp0, ir.Temp0, n)
		x.half(r1, ir.Temp0)
		x.Forget()
	case 0xa7b: // AGHI
		x.AddImm(r1, r1, n)
		x.Forget()
	case 0xa7c, 0xa7d: // MHI, MGHI
		x.Mix(r1, r1, r1)
	case 0xa7e: // CHI
		x.ExtendSigned(ir.Temp0, r1, 4)
		x.Compare(ir.Temp0, n, 0)
	case 0xa7f: // CGHI
		x.Compare(r1, n, 0)
	default:
		return false
	}
	return true
}

// relativeLong lowers C0x, C2x, C4x and C6x, with an operand of 32 bits.
func (x *insn) relativeLong(op uint32) bool {
	r1, n, u := x.r(8), x.signed(16, 32), int64(x.bits(16, 32))
	branch := op == 0xc04 || op == 0xc05
	data := op == 0xc00 || op>>4 == 0xc4 || op>>4 == 0xc6
	if x.rel != (ir.Value{}) && !branch && !data || x.got && op != 0xc00 && op != 0xc48 && op>>4 != 0xc6 {
		return false
	}
	if data && op != 0xc00 {
		return x.relativeData(op, r1)
	}
	switch op {
	case 0xc00: // LARL
		if v := x.relative(16, 32); v != (ir.Value{}) && !x.got {
			x.Addr(r1, v)
		} else {
			x.Clobber(r1)
		}
	case 0xc04: // BRCL
		x.Flow, x.Target = ir.FlowBranch, x.relative(16, 32)
		switch r1 {
		case 0:
			x.Flow = ir.FlowNext
		case 15:
			x.Flow = ir.FlowJump
		}
		x.condition(r1)
	case 0xc05: // BRASL
		x.Clobber(r1)
		x.Flow, x.Target = ir.FlowCall, x.relative(16, 32)
	case 0xc01: // LGFI
		x.Constant(r1, n)
	case 0xc0e: // LLIHF
		x.Constant(r1, u<<32)
	case 0xc0f: // LLILF
		x.Constant(r1, u)
	case 0xc08: // IIHF
		x.Add(ir.Insertion(r1, u, 32, 32))
	case 0xc09: // IILF
		x.Add(ir.Insertion(r1, u, 0, 32))
	case 0xc0c: // OIHF
		x.Add(ir.WithImm(ir.OpOr, r1, r1, u<<32))
		x.Forget()
	case 0xc0d: // OILF
		x.Add(ir.WithImm(ir.OpOr, r1, r1, u))
		x.Forget()
	case 0xc06, 0xc07, 0xc0a, 0xc0b: // XIHF, XILF, NIHF, NILF
		x.Mix(r1, r1, r1)
		x.Forget()
	case 0xc28: // AGFI
		x.AddImm(r1, r1, n)
		x.Forget()
	case 0xc20, 0xc21, 0xc24, 0xc25, 0xc29, 0xc2a, 0xc2b: // products, sums
		x.Mix(r1, r1, r1)
		x.Forget()
	case 0xc2c: // CGFI
		x.Compare(r1, n, 0)
	case 0xc2d: // CFI
		x.ExtendSigned(ir.Temp0, r1, 4)
		x.Compare(ir.Temp0, n, 0)
	case 0xc2e, 0xc2f: // CLGFI, CLFI
		x.Forget()
	default:
		return false
	}
	return true
}

// relativeData lowers loads, stores and comparisons of storage relative to the instruction.
func (x *insn) relativeData(op uint32, r1 int8) bool {
	if op>>4 == 0xc6 {
		x.Forget()
		return op != 0xc60 && op != 0xc62 // EXRL, PFDRL
	}
	if v := x.relative(16, 32); v != (ir.Value{}) {
		x.Addr(ir.Temp0, v)
	} else {
		x.Clobber(ir.Temp0)
	}
	switch op {
	case 0xc48: // LGRL
		if x.got {
			x.Move(r1, ir.Temp0)
		} else {
			x.Load(r1, ir.Temp0, 0, 8)
		}
	case 0xc4b: // STGRL
		x.Store(r1, ir.Temp0, 0, 8)
	case 0xc4c: // LGFRL
		x.LoadSigned(r1, ir.Temp0, 0, 4)
	case 0xc4d: // LRL
		x.Load(ir.Temp1, ir.Temp0, 0, 4)
		x.half(r1, ir.Temp1)
	case 0xc4e: // LLGFRL
		x.Load(r1, ir.Temp0, 0, 4)
	case 0xc4f: // STRL
		x.Store(r1, ir.Temp0, 0, 4)
	case 0xc42: // LLHRL
		x.Load(ir.Temp1, ir.Temp0, 0, 2)
		x.half(r1, ir.Temp1)
	case 0xc46: // LLGHRL
		x.Load(r1, ir.Temp0, 0, 2)
	case 0xc44: // LGHRL
		x.LoadSigned(r1, ir.Temp0, 0, 2)
	case 0xc45: // LHRL
		x.LoadSigned(ir.Temp1, ir.Temp0, 0, 2)
		x.half(r1, ir.Temp1)
	case 0xc47: // STHRL
		x.Store(r1, ir.Temp0, 0, 2)
	default:
		return false
	}
	return true
}

// registers lowers B9xx.
func (x *insn) registers(op uint32) bool {
	if x.rel != (ir.Value{}) {
		return false
	}
	r1, r2, r3 := x.r(24), x.r(28), x.r(16)
	switch op {
	case 0x04: // LGR
		x.Move(r1, r2)
	case 0x02: // LTGR
		x.Move(r1, r2)
		x.Compare(r1, 0, 0)
	case 0x14: // LGFR
		x.ExtendSigned(r1, r2, 4)
	case 0x12: // LTGFR
		x.ExtendSigned(r1, r2, 4)
		x.Compare(r1, 0, 0)
	case 0x16: // LLGFR
		x.Extend(r1, r2, 4)
	case 0x06: // LGBR
		x.ExtendSigned(r1, r2, 1)
	case 0x26: // LBR
		x.ExtendSigned(ir.Temp0, r2, 1)
		x.half(r1, ir.Temp0)
	case 0x07: // LGHR
		x.ExtendSigned(r1, r2, 2)
	case 0x27: // LHR
		x.ExtendSigned(ir.Temp0, r2, 2)
		x.half(r1, ir.Temp0)
	case 0x84: // LLGCR
		x.Extend(r1, r2, 1)
	case 0x94: // LLCR
		x.Extend(ir.Temp0, r2, 1)
		x.half(r1, ir.Temp0)
	case 0x85: // LLGHR
		x.Extend(r1, r2, 2)
	case 0x95: // LLHR
		x.Extend(ir.Temp0, r2, 2)
		x.half(r1, ir.Temp0)
	case 0x08, 0x0a: // AGR, ALGR
		x.Binary(ir.OpSum, r1, r1, r2)
		x.Forget()
	case 0x09, 0x0b: // SGR, SLGR
		x.Binary(ir.OpSub, r1, r1, r2)
		x.Forget()
	case 0xe8, 0xea: // AGRK, ALGRK
		x.Binary(ir.OpSum, r1, r2, r3)
		x.Forget()
	case 0xe9, 0xeb: // SGRK, SLGRK
		x.Binary(ir.OpSub, r1, r2, r3)
		x.Forget()
	case 0x82: // XGR
		if r1 == r2 {
			x.Constant(r1, 0)
		} else {
			x.Mix(r1, r1, r2)
		}
		x.Forget()
	case 0x00, 0x01, 0x03, 0x0c, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x80, 0x81, 0x88, 0x89, 0x98, 0x99: // arithmetic
		x.Mix(r1, r1, r2)
		x.Forget()
	case 0xf8, 0xf9, 0xfa, 0xfb, 0xe4, 0xe6, 0xe7, 0xf4, 0xf6, 0xf7, 0xed, 0xfd: // the same with three operands
		x.Mix(r1, r2, r3)
		x.Forget()
	case 0x86, 0x87, 0x96, 0x97, 0x0d, 0x1d: // MLGR, DLGR and their kin work on a pair of registers
		if r1 == 15 {
			return false
		}
		x.Mix(r1, r1, r2)
		x.Mix(r1, r1, r1+1)
		x.Move(r1+1, r1)
	case 0x20, 0x21, 0x30, 0x31: // comparisons
		x.Forget()
	case 0xe2: // LOCGR
		x.Binary(ir.OpJoin, r1, r2, 0)
	case 0xf2: // LOCR
		x.halfIf(r1, r2)
	default:
		return false
	}
	return true
}
