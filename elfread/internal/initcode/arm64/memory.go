package arm64

import (
	"github.com/klplint/klplint/elfread/internal/initcode/ir"
)

// loadStore lowers loads and stores of one register.
func (x *insn) loadStore() bool {
	if x.Bits(26, 1) == 1 { // of vectors
		return false
	}
	size, opc := x.Bits(30, 2), x.Bits(22, 2)
	width := 1 << size
	rt, base := x.Bits(0, 5), int8(x.Bits(5, 5))
	if size == 3 && opc == 2 { // PRFM
		return x.Ref == (ir.Value{})
	}
	var off, after int64
	switch {
	case x.Bits(24, 2) == 1:
		off = int64(x.Bits(10, 12)) << size
		if x.Ref != (ir.Value{}) {
			x.Low(ir.Temp0, base, x.Ref)
			base, off = ir.Temp0, 0
		}
	case x.Bits(21, 1) == 1:
		m := x.Source(x.Bits(16, 5), 31)
		if x.Bits(13, 3) != 3 || x.Bits(12, 1) == 1 {
			x.Mix(ir.Temp2, m, m)
			m = ir.Temp2
		}
		x.Binary(ir.OpSum, ir.Temp0, base, m)
		base = ir.Temp0
	default:
		n := x.Signed(12, 9)
		switch x.Bits(10, 2) {
		case 0, 2:
			off = n
		case 1:
			after = n
		case 3:
			x.AddImm(base, base, n)
		}
	}
	x.access(opc, rt, base, off, width)
	if after != 0 {
		x.AddImm(int8(x.Bits(5, 5)), int8(x.Bits(5, 5)), after)
	}
	return true
}

func (x *insn) access(opc, rt uint32, base int8, off int64, width int) {
	switch opc {
	case 0:
		x.Store(x.Source(rt, 31), base, off, width)
	case 1:
		x.Load(x.Dest(rt, 31), base, off, width)
	case 2:
		x.LoadSigned(x.Dest(rt, 31), base, off, width)
	case 3:
		x.LoadSigned(ir.Temp2, base, off, width)
		x.Extend(x.Dest(rt, 31), ir.Temp2, 4)
	}
}

// pair lowers loads and stores of two registers.
func (x *insn) pair() bool {
	if x.Bits(26, 1) == 1 || x.Bits(30, 2) == 3 {
		return false
	}
	width, opc := 4, x.Bits(22, 1)
	if x.Bits(30, 2) == 2 {
		width = 8
	} else if x.Bits(30, 2) == 1 {
		if opc == 0 {
			return false
		}
		opc = 2
	}
	n, base := x.Signed(15, 7)*int64(width), int8(x.Bits(5, 5))
	off := n
	switch x.Bits(23, 2) {
	case 1:
		off = 0
	case 3:
		x.AddImm(base, base, n)
		off = 0
	}
	if opc != 0 { // the base may be one of those loaded
		x.Move(ir.Temp0, base)
		x.access(opc, x.Bits(0, 5), ir.Temp0, off, width)
		x.access(opc, x.Bits(10, 5), ir.Temp0, off+int64(width), width)
	} else {
		x.access(opc, x.Bits(0, 5), base, off, width)
		x.access(opc, x.Bits(10, 5), base, off+int64(width), width)
	}
	if x.Bits(23, 2) == 1 {
		x.AddImm(base, base, n)
	}
	return true
}
