package ir

// Op is what one step of an instruction does. Instructions of every machine are
// lowered to these, so that one interpreter serves all.
type Op uint8

// The operations, on registers Dst, A and B, region Reg, number Imm and Width bytes.
const (
	OpMove     Op = iota // dst = a
	OpExtend             // dst = the low width bytes of a, sign-extended when imm is 1
	OpSetLow             // dst = dst with the lowest byte of a, or its lowest four if width is 4
	OpJoin               // dst = dst or a
	OpConst              // dst = imm
	OpAddr               // dst = byte imm of reg
	OpAdd                // dst = a + imm
	OpSum                // dst = a + b
	OpSub                // dst = a - b
	OpOr                 // dst = a | imm, for constants
	OpShl                // dst = a << imm, for constants
	OpRotate             // dst = a rotated left by b, and imm
	OpMix                // dst = something made from a and b
	OpPage               // dst = the page of byte imm of reg
	OpLow                // dst = the page in a plus the low part of byte imm of reg
	OpInsert             // dst = dst with the width bits from bit b on replaced by imm
	OpClobber            // dst = anything
	OpLoad               // dst = width bytes at a + imm; narrower than 8 is extended with zeros, or with its sign if b is 1
	OpStore              // width bytes at a + imm = b
	OpStoreImm           // width bytes at a = imm
	OpCompare            // the outcome of comparing a with imm goes to condition register b
	OpForget             // the condition register holds something else
	OpDecide             // dst = a number that is decided at run time
	OpHavoc              // anything may have happened to registers and memory
)

// Step is one operation of an instruction.
type Step struct {
	Code      Op
	Width     uint8 // bytes
	Dst, A, B int8  // registers
	Reg       Region
	Imm       int64
}

// The lowering's own registers, behind the machine's.
const (
	Temp0 = RegCount - 3 // an address
	Temp1 = RegCount - 2 // an operand
	Temp2 = RegCount - 1 // another operand, or a result that nobody reads
	NoReg = -1           // no register
)

// WithImm is a step with a register and a number.
func WithImm(code Op, dst, a int8, imm int64) Step { return Step{Code: code, Dst: dst, A: a, Imm: imm} }

// Insertion replaces width bits of a register from bit shift on.
func Insertion(dst int8, n int64, shift int8, width uint8) Step {
	return Step{Code: OpInsert, Dst: dst, B: shift, Width: width, Imm: n}
}

// ImmediateStore stores a number where a register points.
func ImmediateStore(base int8, n int64, width uint8) Step {
	return Step{Code: OpStoreImm, A: base, Imm: n, Width: width}
}
