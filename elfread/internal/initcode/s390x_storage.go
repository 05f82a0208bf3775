package initcode

// storage lowers E3xx: a register and storage with a long displacement.
func (x *s390Insn) storage(op uint32) bool {
	if x.rel != (value{}) {
		return false
	}
	r1 := x.r(8)
	b, d := x.long(true)
	switch op {
	case 0x04: // LG
		x.load(r1, b, d, 8)
	case 0x02: // LTG
		x.load(r1, b, d, 8)
		x.compare(r1, 0, 0)
	case 0x12: // LT
		x.loadSigned(temp1, b, d, 4)
		x.half(r1, temp1)
		x.compare(temp1, 0, 0)
	case 0x58: // LY
		x.load(temp1, b, d, 4)
		x.half(r1, temp1)
	case 0x16: // LLGF
		x.load(r1, b, d, 4)
	case 0x14: // LGF
		x.loadSigned(r1, b, d, 4)
	case 0x32: // LTGF
		x.loadSigned(r1, b, d, 4)
		x.compare(r1, 0, 0)
	case 0x90: // LLGC
		x.load(r1, b, d, 1)
	case 0x94: // LLC
		x.load(temp1, b, d, 1)
		x.half(r1, temp1)
	case 0x77: // LGB
		x.loadSigned(r1, b, d, 1)
	case 0x76: // LB
		x.loadSigned(temp1, b, d, 1)
		x.half(r1, temp1)
	case 0x91: // LLGH
		x.load(r1, b, d, 2)
	case 0x95: // LLH
		x.load(temp1, b, d, 2)
		x.half(r1, temp1)
	case 0x15: // LGH
		x.loadSigned(r1, b, d, 2)
	case 0x78: // LHY
		x.loadSigned(temp1, b, d, 2)
		x.half(r1, temp1)
	case 0x24: // STG
		x.store(r1, b, d, 8)
	case 0x50: // STY
		x.store(r1, b, d, 4)
	case 0x70: // STHY
		x.store(r1, b, d, 2)
	case 0x72: // STCY
		x.store(r1, b, d, 1)
	case 0x71: // LAY
		x.addImm(r1, b, d)
	case 0x08, 0x0a, 0x18, 0x1a, 0x09, 0x0b, 0x19, 0x1b, 0x88, 0x89, 0x98, 0x99, 0x80, 0x81, 0x82, 0x0c, 0x1c, 0x3c, 0x38, 0x54, 0x56, 0x57, 0x5a, 0x5b, 0x5e, 0x5f, 0x51, 0x7a, 0x7b: // arithmetic
		x.load(temp1, b, d, 8)
		x.mix(r1, r1, temp1)
		x.forget()
	case 0x20, 0x21, 0x30, 0x31, 0x34, 0x55, 0x59, 0x79: // comparisons
		x.forget()
	case 0x46, 0x36: // PFD only; BCTG branches
		return op == 0x36
	default:
		return false
	}
	return true
}

// storageMultiple lowers EBxx.
func (x *s390Insn) storageMultiple(op uint32) bool {
	if x.rel != (value{}) {
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
			x.add(withImm(opShl, r1, r3, d&63))
		} else {
			x.mix(r1, r3, r3)
		}
	case 0x0a, 0x0b, 0x0c, 0x1c, 0x1d, 0xdc, 0xdd, 0xde, 0xdf: // shifts
		x.mix(r1, r3, r3)
		x.forget()
	case 0x52: // MVIY
		x.addImm(temp0, b, d)
		x.add(immediateStore(temp0, int64(x.bits(8, 8)), 1))
	case 0x51, 0x55: // TMY, CLIY
		x.forget()
	case 0x54, 0x56, 0x57: // NIY, OIY, XIY
		x.addImm(temp0, b, d)
		x.load(temp1, temp0, 0, 1)
		x.mix(temp1, temp1, temp1)
		x.store(temp1, temp0, 0, 1)
		x.forget()
	case 0x6a, 0x6e, 0x7a, 0x7e: // ASI, ALSI, AGSI, ALGSI
		width := 4
		if op >= 0x7a {
			width = 8
		}
		x.addImm(temp0, b, d)
		x.load(temp1, temp0, 0, width)
		x.addImm(temp1, temp1, x.signed(8, 8))
		x.store(temp1, temp0, 0, width)
		x.forget()
	case 0xe2: // LOCG
		x.load(temp1, b, d, 8)
		x.binary(opJoin, r1, temp1, 0)
	case 0xf2: // LOC
		x.load(temp1, b, d, 4)
		x.halfIf(r1, temp1)
	case 0xe3, 0xf3: // STOCG, STOC
		width := map[uint32]int{0xe3: 8, 0xf3: 4}[op]
		x.addImm(temp0, b, d)
		x.load(temp1, temp0, 0, width)
		x.extend(temp2, r1, width)
		x.binary(opJoin, temp1, temp2, 0)
		x.store(temp1, temp0, 0, width)
	default:
		return false
	}
	return true
}

// compareAndBranch lowers ECxx.
func (x *s390Insn) compareAndBranch(op uint32) bool {
	if x.rel != (value{}) && op < 0x64 {
		return false
	}
	r1, r2 := x.r(8), x.r(12)
	switch op {
	case 0x64, 0x65, 0x76, 0x77: // CGRJ, CLGRJ, CRJ, CLRJ: nothing compares with zero
		x.flow, x.target, x.field = flowBranch, x.relative(16, 16), -1
	case 0x7c, 0x7d, 0x7e, 0x7f: // CGIJ, CLGIJ, CIJ, CLIJ: the mask is where r2 is elsewhere
		x.flow, x.target, x.field = flowBranch, x.relative(16, 16), -1
		if x.bits(32, 8) != 0 {
			return true
		}
		if op >= 0x7e {
			x.extendSigned(temp0, r1, 4)
		} else {
			x.move(temp0, r1)
		}
		x.condReg = temp0
		if x.condition(r2); (op == 0x7d || op == 0x7f) && x.cond != condZero && x.cond != condNotZero {
			x.cond = condOther
		}
	case 0x42: // LOCHI
		x.constant(temp1, x.signed(16, 16))
		x.halfIf(r1, temp1)
	case 0x46: // LOCGHI
		x.constant(temp0, x.signed(16, 16))
		x.binary(opJoin, r1, temp0, 0)
	case 0xd8: // AHIK
		x.extendSigned(temp0, r2, 4)
		x.addImm(temp0, temp0, x.signed(16, 16))
		x.half(r1, temp0)
		x.forget()
	case 0xd9: // AGHIK
		x.addImm(r1, r2, x.signed(16, 16))
		x.forget()
	case 0xda, 0xdb: // ALHSIK, ALGHSIK
		x.mix(r1, r2, r2)
		x.forget()
	case 0x51, 0x54, 0x55, 0x56, 0x57, 0x59, 0x5d: // rotate, then select bits
		x.mix(r1, r1, r2)
		if op != 0x59 {
			x.forget()
		}
	default:
		return false
	}
	return true
}

// storeImmediate lowers E5xx.
func (x *s390Insn) storeImmediate(op uint32) bool {
	if x.rel != (value{}) {
		return false
	}
	switch op {
	case 0x44, 0x48, 0x4c: // MVHHI, MVGHI, MVHI
		b, d := x.short(false)
		x.addImm(temp0, b, d)
		width := map[uint32]uint8{0x44: 2, 0x48: 8, 0x4c: 4}[op]
		x.add(immediateStore(temp0, x.signed(32, 16), width))
	case 0x54, 0x55, 0x58, 0x59, 0x5c, 0x5d: // comparisons
		x.forget()
	default:
		return false
	}
	return true
}
