package initcode

import (
	"encoding/binary"

	"golang.org/x/arch/x86/x86asm"
)

// Relocations of x86-64 that compilers put into code (System V ABI, table 4.9).
const (
	rX86None  = 0
	rX86_64   = 1
	rX86PC32  = 2
	rX86PLT32 = 4
	rX8632    = 10
	rX8632S   = 11
)

// x86 numbers registers as the machine does: RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8...
var x86 = machine{
	sp: 4, result: 0, link: noReg, pushes: 8, callReloc: 1,
	args:    []int8{7, 6, 2, 1, 8, 9},
	scratch: []int8{0, 1, 2, 6, 7, 8, 9, 10, 11},
	decode:  decodeX86,
}

// x86Insn is one instruction on its way to steps.
type x86Insn struct {
	*insn
	e    *engine
	inst *x86asm.Inst
	at   place
	end  uint64 // offset of the next instruction
	imm  value  // the immediate operand, when it is relocated
	disp value  // the displacement or branch target, when it is relocated
	pc   bool   // disp is relative to the instruction
}

// x86Decoder decodes instructions and remembers them by their bytes, from one module
// to the next: the init code that a toolchain writes is much the same in all of
// its modules, and x86asm takes longer for an instruction than all that follows.
type x86Decoder struct{ known []x86Known }

type x86Known struct {
	key  [16]byte // what decoding may look at: up to 15 bytes, and their number
	inst x86asm.Inst
}

const (
	x86Longest = 15   // bytes of the longest instruction
	x86Memory  = 1024 // instructions remembered
)

// decode decodes the first instruction of code. Its Op is 0 when there is none; the
// result is valid until the next call.
func (d *x86Decoder) decode(code []byte) *x86asm.Inst {
	if d.known == nil {
		d.known = make([]x86Known, x86Memory)
	}
	var key [16]byte
	n := copy(key[:x86Longest], code)
	key[x86Longest] = byte(n)
	h := binary.LittleEndian.Uint64(key[:])*0x9E3779B97F4A7C15 ^ binary.LittleEndian.Uint64(key[8:])*0xC2B2AE3D27D4EB4F
	k := &d.known[(h>>40^h>>20)%x86Memory]
	if k.key != key {
		k.key = key
		inst, err := x86asm.Decode(code[:n], 64)
		if err != nil {
			inst = x86asm.Inst{}
		}
		k.inst = inst
	}
	return &k.inst
}

// decodeX86 lowers one instruction. ENDBR64 and ENDBR32 are not in x86asm's tables:
// it takes their first byte for an instruction.
func decodeX86(e *engine, in *insn, sec *Section, at place) {
	code := sec.Data[at.offset:]
	if len(code) >= 4 && binary.LittleEndian.Uint32(code)&0xfeffffff == 0xfa1e0ff3 {
		in.len = 4
		return
	}
	inst := e.x86.decode(code)
	if inst.Op == 0 || inst.Len <= 0 || inst.Len > len(code) {
		return
	}
	x := x86Insn{insn: in, e: e, inst: inst, at: at, end: uint64(at.offset) + uint64(inst.Len)}
	if !x.relocate(sec) {
		in.name = "a relocation of " + inst.Op.String()
		return
	}
	in.len = uint8(inst.Len)
	x.lower()
}

// relocate finds the operands that relocations apply to.
func (x *x86Insn) relocate(sec *Section) bool {
	rels := relocsIn(sec, uint64(x.at.offset), x.end)
	for i := range rels {
		r := &rels[i]
		size := uint64(4)
		switch r.Type {
		case rX86None:
			continue
		case rX86_64:
			size = 8
		case rX86PC32, rX86PLT32, rX8632, rX8632S:
		default:
			return false
		}
		v, ok := x.e.target(r.Sym, r.Addend)
		if !ok {
			return false
		}
		if r.Offset+size == x.end && x.hasImm() {
			x.imm = v
			continue
		}
		x.disp = v
		if r.Type == rX86PC32 || r.Type == rX86PLT32 {
			x.pc = true
			x.disp.off += int64(x.end - r.Offset)
		}
	}
	return true
}

func (x *x86Insn) hasImm() bool {
	for _, a := range x.inst.Args {
		if _, ok := a.(x86asm.Imm); ok {
			return true
		}
	}
	return false
}

// reg returns a general register's number and width in bytes; width 0 for others.
// AH to BH give width 0 too: they are never used for what is looked for.
func x86Reg(r x86asm.Reg) (n int8, width int) {
	switch {
	case r >= x86asm.RAX && r <= x86asm.R15:
		return int8(r - x86asm.RAX), 8
	case r >= x86asm.EAX && r <= x86asm.R15L:
		return int8(r - x86asm.EAX), 4
	case r >= x86asm.AX && r <= x86asm.R15W:
		return int8(r - x86asm.AX), 2
	case r >= x86asm.AL && r <= x86asm.BL:
		return int8(r - x86asm.AL), 1
	case r >= x86asm.SPB && r <= x86asm.R15B:
		return int8(r-x86asm.SPB) + 4, 1
	}
	return 0, 0
}

// address puts a memory operand's address into a register and a displacement.
func (x *x86Insn) address(m x86asm.Mem) (base int8, off int64) {
	if m.Segment == x86asm.FS || m.Segment == x86asm.GS { // the per-CPU area
		x.clobber(temp0)
		return temp0, 0
	}
	off = m.Disp
	if x.disp != (value{}) {
		off = 0
		x.addr(temp0, x.disp)
		if m.Base != x86asm.RIP && m.Base != 0 {
			b, _ := x86Reg(m.Base)
			x.binary(opSum, temp0, temp0, b)
		}
	} else {
		if m.Base == x86asm.RIP { // compilers relocate all of these
			x.clobber(temp0)
			return temp0, 0
		}
		b, w := x86Reg(m.Base)
		if m.Index == 0 {
			if w == 8 {
				return b, off
			}
			x.clobber(temp0)
			return temp0, 0
		}
		if m.Base == 0 {
			x.constant(temp0, 0)
		} else {
			x.move(temp0, b)
		}
	}
	if m.Index != 0 {
		i, _ := x86Reg(m.Index)
		if m.Scale == 1 {
			x.binary(opSum, temp0, temp0, i)
		} else {
			x.mix(temp2, i, i)
			x.binary(opSum, temp0, temp0, temp2)
		}
	}
	return temp0, off
}

// read puts an operand into a register and returns it.
func (x *x86Insn) read(a x86asm.Arg, width int) int8 {
	switch a := a.(type) {
	case x86asm.Reg:
		n, w := x86Reg(a)
		if w == 0 {
			x.clobber(temp1)
			return temp1
		}
		return n
	case x86asm.Imm:
		if x.imm != (value{}) {
			x.addr(temp1, x.imm)
		} else {
			x.constant(temp1, int64(a))
		}
		return temp1
	case x86asm.Mem:
		b, off := x.address(a)
		x.load(temp1, b, off, width)
		return temp1
	}
	x.clobber(temp1)
	return temp1
}

// write stores a register's value into an operand.
func (x *x86Insn) write(a x86asm.Arg, src int8, width int) {
	switch a := a.(type) {
	case x86asm.Reg:
		n, w := x86Reg(a)
		switch w {
		case 8:
			x.move(n, src)
		case 4:
			x.extend(n, src, 4)
		case 1:
			x.binary(opSetLow, n, src, 0)
		case 2:
			x.mix(n, n, src)
		default: // AH to BH; segment, control and debug registers
			if a >= x86asm.AH && a <= x86asm.BH {
				n = int8(a - x86asm.AH)
				x.mix(n, n, n)
			}
		}
	case x86asm.Mem:
		b, off := x.address(a)
		x.store(src, b, off, width)
	}
}

// width is the size of the operands in bytes.
func (x *x86Insn) width() int {
	for _, a := range x.inst.Args[:2] {
		if r, ok := a.(x86asm.Reg); ok {
			if _, w := x86Reg(r); w != 0 {
				return w
			}
			if r >= x86asm.AH && r <= x86asm.BH {
				return 1
			}
		}
	}
	if x.inst.MemBytes != 0 {
		return x.inst.MemBytes
	}
	return max(x.inst.DataSize/8, 1)
}
