package s390x

import (
	"github.com/klplint/klplint/elfread/internal/initcode/ir"
)

// storage lowers E3xx: a register and storage with a long displacement.
func (x *insn) storage(op uint32) bool {
	if x.rel != (ir.Value{}) {
		return false
	}
	r1 := x.r(8)
	b, d := x.long(true)
	switch op {
	case 0x04: // LG
		x.Load(r1, b, d, 8)
	case 0x02: // LTG
		x.Load(r1, b, d, 8)
		x.Compare(r1, 0, 0)
	case 0x12: // LT
		x.LoadSigned(ir.Temp1, b, d, 4)
		x.half(r1, ir.Temp1)
		x.Compare(ir.Temp1, 0, 0)
	case 0x58: // LY
		x.Load(ir.Temp1, b, d, 4)
		x.half(r1, ir.Temp1)
	case 0x16: // LLGF
		x.Load(r1, b, d, 4)
	case 0x14: // LGF
		x.LoadSigned(r1, b, d, 4)
	case 0x32: // LTGF
		x.LoadSigned(r1, b, d, 4)
		x.Compare(r1, 0, 0)
	case 0x90: // LLGC
		x.Load(r1, b, d, 1)
	case 0x94: // LLC
		x.Load(ir.Temp1, b, d, 1)
		x.half(r1, ir.Temp1)
	case 0x77: // LGB
		x.LoadSigned(r1, b, d, 1)
	case 0x76: // LB
		x.LoadSigned(ir.Temp1, b, d, 1)
		x.half(r1, ir.Temp1)
	case 0x91: // LLGH
		x.Load(r1, b, d, 2)
	case 0x95: // LLH
		x.Load(ir.Temp1, b, d, 2)
		x.half(r1, ir.Temp1)
	case 0x15: // LGH
		x.LoadSigned(r1, b, d, 2)
	case 0x78: // LHY
		x.LoadSigned(ir.Temp1, b, d, 2)
		x.half(r1, ir.Temp1)
	case 0x24: // STG
		x.Store(r1, b, d, 8)
	case 0x50: // STY
		x.Store(r1, b, d, 4)
	case 0x70: // STHY
		x.Store(r1, b, d, 2)
	case 0x72: // STCY
		x.Store(r1, b, d, 1)
	case 0x71: // LAY
		x.AddImm(r1, b, d)
	case 0x08, 0x0a, 0x18, 0x1a, 0x09, 0x0b, 0x19, 0x1b, 0x88, 0x89, 0x98, 0x99, 0x80, 0x81, 0x82, 0x0c, 0x1c, 0x3c, 0x38, 0x54, 0x56, 0x57, 0x5a, 0x5b, 0x5e, 0x5f, 0x51, 0x7a, 0x7b: // arithmetic
		x.Load(ir.Temp1, b, d, 8)
		x.Mix(r1, r1, ir.Temp1)
		x.Forget()
	case 0x20, 0x21, 0x30, 0x31, 0x34, 0x55, 0x59, 0x79: // comparisons
		x.Forget()
	case 0x46, 0x36: // PFD only; BCTG branches
		return op == 0x36
	default:
		return false
	}
	return true
}

// storageMultiple lowers EBxx.
func (x *insn) storageMultiple(op uint32) bool {
	if x.rel != (ir.Value{}) {
		return false
	}
	r1, r3 := x.r(8), x.r(12)
	b, d := x.long(false)
	switch op {
	case 0x24: // STMG
		x.multiple(r1, r3, b, d, 8, true)
	case 0x04: // LMG
		x.multiple(r1, r3, b, d, 8, false)
	case 0x0d: // SLLG
		if x.r(16) == 0 {
			x.Add(ir.WithImm(ir.OpShl, r1, r3, d&63))
		} else {
			x.Mix(r1, r3, r3)
		}
	case 0x0a, 0x0b, 0x0c, 0x1c, 0x1d, 0xdc, 0xdd, 0xde, 0xdf: // shifts
		x.Mix(r1, r3, r3)
		x.Forget()
	case 0x52: // MVIY
		x.AddImm(ir.Temp0, b, d)
		x.Add(ir.ImmediateStore(ir.Temp0, int64(x.bits(8, 8)), 1))
	case 0x51, 0x55: // TMY, CLIY
		x.Forget()
	case 0x54, 0x56, 0x57: // NIY, OIY, XIY
		x.AddImm(ir.Temp0, b, d)
		x.Load(ir.Temp1, ir.Temp0, 0, 1)
		x.Mix(ir.Temp1, ir.Temp1, ir.Temp1)
		x.Store(ir.Temp1, ir.Temp0, 0, 1)
		x.Forget()
	case 0x6a, 0x6e, 0x7a, 0x7e: // ASI, ALSI, AGSI, ALGSI
		width := 4
		if op >= 0x7a {
			width = 8
		}
		x.AddImm(ir.Temp0, b, d)
		x.Load(ir.Temp1, ir.Temp0, 0, width)
		x.AddImm(ir.Temp1, ir.Temp1, x.signed(8, 8))
		x.Store(ir.Temp1, ir.Temp0, 0, width)
		x.Forget()
	case 0xe2: // LOCG
		x.Load(ir.Temp1, b, d, 8)
		x.Binary(ir.OpJoin, r1, ir.Temp1, 0)
	case 0xf2: // LOC
		x.Load(ir.Temp1, b, d, 4)
		x.halfIf(r1, ir.Temp1)
	case 0xe3, 0xf3: // STOCG, STOC
		width := map[uint32]int{0xe3: 8, 0xf3: 4}[op]
		x.AddImm(ir.Temp0, b, d)
		x.Load(ir.Temp1, ir.Temp0, 0, width)
		x.Extend(ir.Temp2, r1, width)
		x.Binary(ir.OpJoin, ir.Temp1, ir.Temp2, 0)
		x.Store(ir.Temp1, ir.Temp0, 0, width)
	default:
		return false
	}
	return true
}

// compareAndBranch lowers ECxx.
func (x *insn) compareAndBranch(op uint32) bool {
	if x.rel != (ir.Value{}) && op < 0x64 {
		return false
	}
	r1, r2 := x.r(8), x.r(12)
	switch op {
	case 0x64, 0x65, 0x76, 0x77: // CGRJ, CLGRJ, CRJ, CLRJ: nothing compares with zero
		x.Flow, x.Target, x.Field = ir.FlowBranch, x.relative(16, 16), -1
	case 0x7c, 0x7d, 0x7e, 0x7f: // CGIJ, CLGIJ, CIJ, CLIJ: the mask is where r2 is elsewhere
		x.Flow, x.Target, x.Field = ir.FlowBranch, x.relative(16, 16), -1
		if x.bits(32, 8) != 0 {
			return true
		}
		if op >= 0x7e {
			x.ExtendSigned(ir.Temp0, r1, 4)
		} else {
			x.Move(ir.Temp0, r1)
		}
		x.CondReg = ir.Temp0
		if x.condition(r2); (op == 0x7d || op == 0x7f) && x.Cond != ir.CondZero && x.Cond != ir.CondNotZero {
			x.Cond = ir.CondOther
		}
	case 0x42: // LOCHI
		x.Constant(ir.Temp1, x.signed(16, 16))
		x.halfIf(r1, ir.Temp1)
	case 0x46: // LOCGHI
		x.Constant(ir.Temp0, x.signed(16, 16))
		x.Binary(ir.OpJoin, r1, ir.Temp0, 0)
	case 0xd8: // AHIK
		x.ExtendSigned(ir.Temp0, r2, 4)
		x.AddImm(ir.Temp0, ir.Temp0, x.signed(16, 16))
		x.half(r1, ir.Temp0)
		x.Forget()
	case 0xd9: // AGHIK
		x.AddImm(r1, r2, x.signed(16, 16))
		x.Forget()
	case 0xda, 0xdb: // ALHSIK, ALGHSIK
		x.Mix(r1, r2, r2)
		x.Forget()
	case 0x51, 0x54, 0x55, 0x56, 0x57, 0x59, 0x5d: // rotate, then select bits
		x.Mix(r1, r1, r2)
		if op != 0x59 {
			x.Forget()
		}
	default:
		return false
	}
	return true
}

// storeImmediate lowers E5xx.
func (x *insn) storeImmediate(op uint32) bool {
	if x.rel != (ir.Value{}) {
		return false
	}
	switch op {
	case 0x44, 0x48, 0x4c: // MVHHI, MVGHI, MVHI
		b, d := x.short(false)
		x.AddImm(ir.Temp0, b, d)
		width := map[uint32]uint8{0x44: 2, 0x48: 8, 0x4c: 4}[op]
		x.Add(ir.ImmediateStore(ir.Temp0, x.signed(32, 16), width))
	case 0x54, 0x55, 0x58, 0x59, 0x5c, 0x5d: // comparisons
		x.Forget()
	default:
		return false
	}
	return true
}
