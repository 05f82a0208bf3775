package initcode

// opcode is what one step of an instruction does. Instructions of every machine are
// lowered to these, so that one interpreter serves all.
type opcode uint8

const (
	opMove     opcode = iota // dst = a
	opExtend                 // dst = the low width bytes of a, sign-extended when imm is 1
	opSetLow                 // dst = dst with the lowest byte of a, or its lowest four if width is 4
	opJoin                   // dst = dst or a
	opConst                  // dst = imm
	opAddr                   // dst = byte imm of reg
	opAdd                    // dst = a + imm
	opSum                    // dst = a + b
	opSub                    // dst = a - b
	opOr                     // dst = a | imm, for constants
	opShl                    // dst = a << imm, for constants
	opRotate                 // dst = a rotated left by b, and imm
	opMix                    // dst = something made from a and b
	opPage                   // dst = the page of byte imm of reg
	opLow                    // dst = the page in a plus the low part of byte imm of reg
	opInsert                 // dst = dst with the width bits from bit b on replaced by imm
	opClobber                // dst = anything
	opLoad                   // dst = width bytes at a + imm; narrower than 8 is extended with zeros, or with its sign if b is 1
	opStore                  // width bytes at a + imm = b
	opStoreImm               // width bytes at a = imm
	opCompare                // the outcome of comparing a with imm goes to condition register b
	opForget                 // the condition register holds something else
	opDecide                 // dst = a number that is decided at run time
	opHavoc                  // anything may have happened to registers and memory
)

// op is one step.
type op struct {
	code      opcode
	width     uint8 // bytes
	dst, a, b int8  // registers
	reg       region
	imm       int64
}

// The lowering's own registers, behind the machine's.
const (
	temp0 = regCount - 3 // an address
	temp1 = regCount - 2 // an operand
	temp2 = regCount - 1
	noReg = -1
)

// flow is where an instruction leads.
type flow uint8

const (
	flowNext     flow = iota // to the next instruction
	flowJump                 // to target
	flowBranch               // to target or to the next instruction
	flowCall                 // to target, and back
	flowReturn               // to the caller
	flowStop                 // nowhere: a trap
	flowReturnIf             // to the caller or to the next instruction
	flowIndirect             // to an address in a register
	flowCallReg              // to an address in a register, and back
)

// condition is when a branch is taken, as far as it compares with zero.
type condition uint8

const (
	condOther condition = iota
	condZero
	condNotZero
	condNegative
	condNotNegative
)

// insn is one machine instruction, lowered.
type insn struct {
	len  uint8 // bytes; 0: it could not be decoded
	flow flow
	cond condition
	// condReg is the register that a branch compares with zero, or noReg: then the
	// outcome of the last comparison, in condition register field. Of an indirect
	// jump it is the register that holds the address.
	condReg int8
	field   int8
	nops    uint8
	// first is the index of the instruction's steps in slab.
	first int
	slab  *[]op
	// target of a jump, branch or call: byte off of reg, which is a code section
	// or an undefined symbol.
	target value
	// name of the instruction, for the reason, where it is not understood
	name string
}

// reset makes the instruction one that could not be decoded.
func (in *insn) reset() {
	*in.slab = (*in.slab)[:in.first]
	in.len, in.flow, in.cond, in.condReg, in.field, in.nops = 0, flowNext, condOther, noReg, 0, 0
	in.target, in.name = value{}, ""
}

func (in *insn) add(o op) {
	*in.slab = append(*in.slab, o)
	in.nops++
}

func (in *insn) move(dst, a int8) { in.add(op{code: opMove, dst: dst, a: a}) }
func (in *insn) extend(dst, a int8, width int) {
	in.add(op{code: opExtend, dst: dst, a: a, width: uint8(width)})
}

func (in *insn) extendSigned(dst, a int8, width int) {
	in.add(op{code: opExtend, dst: dst, a: a, width: uint8(width), imm: 1})
}
func (in *insn) binary(code opcode, dst, a, b int8) { in.add(op{code: code, dst: dst, a: a, b: b}) }
func (in *insn) constant(dst int8, n int64) {
	in.add(op{code: opConst, dst: dst, imm: n})
}

func (in *insn) addr(dst int8, v value) {
	in.add(op{code: opAddr, dst: dst, reg: v.reg, imm: v.off})
}

func (in *insn) addImm(dst, a int8, n int64) {
	in.add(op{code: opAdd, dst: dst, a: a, imm: n})
}
func (in *insn) mix(dst, a, b int8) { in.add(op{code: opMix, dst: dst, a: a, b: b}) }
func (in *insn) clobber(dst int8)   { in.add(op{code: opClobber, dst: dst}) }
func (in *insn) load(dst, base int8, off int64, width int) {
	in.add(op{code: opLoad, dst: dst, a: base, imm: off, width: uint8(width)})
}

func (in *insn) loadSigned(dst, base int8, off int64, width int) {
	in.add(op{code: opLoad, dst: dst, a: base, imm: off, width: uint8(width), b: 1})
}

func (in *insn) store(src, base int8, off int64, width int) {
	in.add(op{code: opStore, a: base, b: src, imm: off, width: uint8(width)})
}

func (in *insn) page(dst int8, v value) {
	in.add(op{code: opPage, dst: dst, reg: v.reg, imm: v.off})
}

func (in *insn) low(dst, a int8, v value) {
	in.add(op{code: opLow, dst: dst, a: a, reg: v.reg, imm: v.off})
}

func (in *insn) compare(a int8, n int64, field int8) {
	in.add(op{code: opCompare, a: a, imm: n, b: field})
}
func (in *insn) forget() { in.add(op{code: opForget}) }
func (in *insn) havoc(name string) {
	*in.slab = (*in.slab)[:in.first]
	in.nops = 0
	in.add(op{code: opHavoc})
	in.name = name
}

// machine is one architecture's registers, calling convention and decoder.
type machine struct {
	sp     int8
	result int8
	args   []int8 // argument registers in order
	// scratch are the registers that a called function may change, those of
	// arguments and result included.
	scratch []int8
	// pushes is how many bytes a call stores below the stack pointer.
	pushes int64
	// callReloc is how far into a call its relocation stands, in bytes.
	callReloc uint64
	// link is the register that a call leaves the return address in, or noReg.
	link int8
	// decode lowers the instruction at a place of sec, which holds at least one
	// byte there.
	decode func(e *engine, in *insn, sec *Section, at place)
}

// withImm is a step with a register and a number.
func withImm(code opcode, dst, a int8, imm int64) op { return op{code: code, dst: dst, a: a, imm: imm} }

// insertion replaces width bits of a register from bit shift on.
func insertion(dst int8, n int64, shift int8, width uint8) op {
	return op{code: opInsert, dst: dst, b: shift, width: width, imm: n}
}

// immediateStore stores a number where a register points.
func immediateStore(base int8, n int64, width uint8) op {
	return op{code: opStoreImm, a: base, imm: n, width: width}
}
