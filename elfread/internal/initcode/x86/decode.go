package x86

import (
	"encoding/binary"

	"golang.org/x/arch/x86/x86asm"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
)

// Relocations of x86-64 that compilers put into code (System V ABI, table 4.9).
const (
	relocNone  = 0
	reloc64    = 1
	relocPC32  = 2
	relocPLT32 = 4
	reloc32    = 10
	reloc32S   = 11
)

// machine numbers registers as the machine does: RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8...
var machine = ir.Machine{
	PointerReloc: 1, // R_X86_64_64
	SP:           4, Result: 0, Link: ir.NoReg, Pushes: 8, CallReloc: 1,
	Args:    []int8{7, 6, 2, 1, 8, 9},
	Scratch: []int8{0, 1, 2, 6, 7, 8, 9, 10, 11},
}

// insn is one instruction on its way to steps.
type insn struct {
	*ir.Insn
	e    ir.Resolver
	inst *x86asm.Inst
	at   ir.PC
	end  uint64   // offset of the next instruction
	imm  ir.Value // the immediate operand, when it is relocated
	disp ir.Value // the displacement or branch target, when it is relocated
	pc   bool     // disp is relative to the instruction
}

// Decoder decodes instructions and remembers them by their bytes, from one module
// to the next: the init code that a toolchain writes is much the same in all of
// its modules, and x86asm takes longer for an instruction than all that follows.
type Decoder struct{ known []known }

// Machine returns the registers and the calling convention.
func (d *Decoder) Machine() *ir.Machine { return &machine }

type known struct {
	key  [16]byte // what decoding may look at: up to 15 bytes, and their number
	inst x86asm.Inst
}

const (
	longest    = 15   // bytes of the longest instruction
	remembered = 1024 // instructions remembered
)

// find decodes the first instruction of code. Its Op is 0 when there is none; the
// result is valid until the next call.
func (d *Decoder) find(code []byte) *x86asm.Inst {
	if d.known == nil {
		d.known = make([]known, remembered)
	}
	var key [16]byte
	n := copy(key[:longest], code)
	key[longest] = byte(n)
	h := binary.LittleEndian.Uint64(key[:])*0x9E3779B97F4A7C15 ^ binary.LittleEndian.Uint64(key[8:])*0xC2B2AE3D27D4EB4F
	k := &d.known[(h>>40^h>>20)%remembered]
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

// Decode lowers one instruction. ENDBR64 and ENDBR32 are not in x86asm's tables:
// it takes their first byte for an instruction.
func (d *Decoder) Decode(e ir.Resolver, in *ir.Insn, sec *ir.Section, at ir.PC) {
	code := sec.Data[at.Offset:]
	if len(code) >= 4 && binary.LittleEndian.Uint32(code)&0xfeffffff == 0xfa1e0ff3 {
		in.Len = 4
		return
	}
	inst := d.find(code)
	if inst.Op == 0 || inst.Len <= 0 || inst.Len > len(code) {
		return
	}
	x := insn{Insn: in, e: e, inst: inst, at: at, end: uint64(at.Offset) + uint64(inst.Len)}
	if !x.relocate(sec) {
		in.Name = "a relocation of " + inst.Op.String()
		return
	}
	in.Len = uint8(inst.Len)
	x.lower()
}

// relocate finds the operands that relocations apply to.
func (x *insn) relocate(sec *ir.Section) bool {
	rels := ir.RelocsIn(sec, uint64(x.at.Offset), x.end)
	for i := range rels {
		r := &rels[i]
		size := uint64(4)
		switch r.Type {
		case relocNone:
			continue
		case reloc64:
			size = 8
		case relocPC32, relocPLT32, reloc32, reloc32S:
		default:
			return false
		}
		v, ok := x.e.Target(r.Sym, r.Addend)
		if !ok {
			return false
		}
		if r.Offset+size == x.end && x.hasImm() {
			x.imm = v
			continue
		}
		x.disp = v
		if r.Type == relocPC32 || r.Type == relocPLT32 {
			x.pc = true
			x.disp.Off += int64(x.end - r.Offset)
		}
	}
	return true
}

func (x *insn) hasImm() bool {
	for _, a := range x.inst.Args {
		if _, ok := a.(x86asm.Imm); ok {
			return true
		}
	}
	return false
}

// regOf returns a general register's number and width in bytes; width 0 for others.
// AH to BH give width 0 too: they are never used for what is looked for.
func regOf(r x86asm.Reg) (n int8, width int) {
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
func (x *insn) address(m x86asm.Mem) (base int8, off int64) {
	if m.Segment == x86asm.FS || m.Segment == x86asm.GS { // the per-CPU area
		x.Clobber(ir.Temp0)
		return ir.Temp0, 0
	}
	off = m.Disp
	if x.disp != (ir.Value{}) {
		off = 0
		x.Addr(ir.Temp0, x.disp)
		if m.Base != x86asm.RIP && m.Base != 0 {
			b, _ := regOf(m.Base)
			x.Binary(ir.OpSum, ir.Temp0, ir.Temp0, b)
		}
	} else {
		if m.Base == x86asm.RIP { // compilers relocate all of these
			x.Clobber(ir.Temp0)
			return ir.Temp0, 0
		}
		b, w := regOf(m.Base)
		if m.Index == 0 {
			if w == 8 {
				return b, off
			}
			x.Clobber(ir.Temp0)
			return ir.Temp0, 0
		}
		if m.Base == 0 {
			x.Constant(ir.Temp0, 0)
		} else {
			x.Move(ir.Temp0, b)
		}
	}
	if m.Index != 0 {
		i, _ := regOf(m.Index)
		if m.Scale == 1 {
			x.Binary(ir.OpSum, ir.Temp0, ir.Temp0, i)
		} else {
			x.Mix(ir.Temp2, i, i)
			x.Binary(ir.OpSum, ir.Temp0, ir.Temp0, ir.Temp2)
		}
	}
	return ir.Temp0, off
}

// read puts an operand into a register and returns it.
func (x *insn) read(a x86asm.Arg, width int) int8 {
	switch a := a.(type) {
	case x86asm.Reg:
		n, w := regOf(a)
		if w == 0 {
			x.Clobber(ir.Temp1)
			return ir.Temp1
		}
		return n
	case x86asm.Imm:
		if x.imm != (ir.Value{}) {
			x.Addr(ir.Temp1, x.imm)
		} else {
			x.Constant(ir.Temp1, int64(a))
		}
		return ir.Temp1
	case x86asm.Mem:
		b, off := x.address(a)
		x.Load(ir.Temp1, b, off, width)
		return ir.Temp1
	}
	x.Clobber(ir.Temp1)
	return ir.Temp1
}

// write stores a register's value into an operand.
func (x *insn) write(a x86asm.Arg, src int8, width int) {
	switch a := a.(type) {
	case x86asm.Reg:
		n, w := regOf(a)
		switch w {
		case 8:
			x.Move(n, src)
		case 4:
			x.Extend(n, src, 4)
		case 1:
			x.Binary(ir.OpSetLow, n, src, 0)
		case 2:
			x.Mix(n, n, src)
		default: // AH to BH; segment, control and debug registers
			if a >= x86asm.AH && a <= x86asm.BH {
				n = int8(a - x86asm.AH)
				x.Mix(n, n, n)
			}
		}
	case x86asm.Mem:
		b, off := x.address(a)
		x.Store(src, b, off, width)
	}
}

// width is the size of the operands in bytes.
func (x *insn) width() int {
	for _, a := range x.inst.Args[:2] {
		if r, ok := a.(x86asm.Reg); ok {
			if _, w := regOf(r); w != 0 {
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
