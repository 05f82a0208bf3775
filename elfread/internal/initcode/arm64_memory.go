package initcode

// armLoadStore lowers loads and stores of one register.
func (x *word) armLoadStore() bool {
	if x.bits(26, 1) == 1 { // of vectors
		return false
	}
	size, opc := x.bits(30, 2), x.bits(22, 2)
	width := 1 << size
	rt, base := x.bits(0, 5), int8(x.bits(5, 5))
	if size == 3 && opc == 2 { // PRFM
		return x.rel == (value{})
	}
	var off, after int64
	switch {
	case x.bits(24, 2) == 1:
		off = int64(x.bits(10, 12)) << size
		if x.rel != (value{}) {
			x.low(temp0, base, x.rel)
			base, off = temp0, 0
		}
	case x.bits(21, 1) == 1:
		m := x.source(x.bits(16, 5), 31)
		if x.bits(13, 3) != 3 || x.bits(12, 1) == 1 {
			x.mix(temp2, m, m)
			m = temp2
		}
		x.binary(opSum, temp0, base, m)
		base = temp0
	default:
		n := x.signed(12, 9)
		switch x.bits(10, 2) {
		case 0, 2:
			off = n
		case 1:
			after = n
		case 3:
			x.addImm(base, base, n)
		}
	}
	x.armAccess(opc, rt, base, off, width)
	if after != 0 {
		x.addImm(int8(x.bits(5, 5)), int8(x.bits(5, 5)), after)
	}
	return true
}

func (x *word) armAccess(opc, rt uint32, base int8, off int64, width int) {
	switch opc {
	case 0:
		x.store(x.source(rt, 31), base, off, width)
	case 1:
		x.load(x.dest(rt, 31), base, off, width)
	case 2:
		x.loadSigned(x.dest(rt, 31), base, off, width)
	case 3:
		x.loadSigned(temp2, base, off, width)
		x.extend(x.dest(rt, 31), temp2, 4)
	}
}

// armPair lowers loads and stores of two registers.
func (x *word) armPair() bool {
	if x.bits(26, 1) == 1 || x.bits(30, 2) == 3 {
		return false
	}
	width, opc := 4, x.bits(22, 1)
	if x.bits(30, 2) == 2 {
		width = 8
	} else if x.bits(30, 2) == 1 {
		if opc == 0 {
			return false
		}
		opc = 2
	}
	n, base := x.signed(15, 7)*int64(width), int8(x.bits(5, 5))
	off := n
	switch x.bits(23, 2) {
	case 1:
		off = 0
	case 3:
		x.addImm(base, base, n)
		off = 0
	}
	if opc != 0 { // the base may be one of those loaded
		x.move(temp0, base)
		x.armAccess(opc, x.bits(0, 5), temp0, off, width)
		x.armAccess(opc, x.bits(10, 5), temp0, off+int64(width), width)
	} else {
		x.armAccess(opc, x.bits(0, 5), base, off, width)
		x.armAccess(opc, x.bits(10, 5), base, off+int64(width), width)
	}
	if x.bits(23, 2) == 1 {
		x.addImm(base, base, n)
	}
	return true
}
