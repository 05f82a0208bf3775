package ir

// Flow is where an instruction leads.
type Flow uint8

// The ways that an instruction can lead.
const (
	FlowNext     Flow = iota // to the next instruction
	FlowJump                 // to target
	FlowBranch               // to target or to the next instruction
	FlowCall                 // to target, and back
	FlowReturn               // to the caller
	FlowStop                 // nowhere: a trap
	FlowReturnIf             // to the caller or to the next instruction
	FlowIndirect             // to an address in a register
	FlowCallReg              // to an address in a register, and back
)

// Condition is when a branch is taken, as far as it compares with zero.
type Condition uint8

// The conditions, of the register or outcome that a branch looks at.
const (
	CondOther       Condition = iota // one that is not about zero
	CondZero                         // it is 0
	CondNotZero                      // it is not 0
	CondNegative                     // it is below 0
	CondNotNegative                  // it is 0 or above
)

// Insn is one machine instruction, lowered.
type Insn struct {
	Len  uint8 // bytes; 0: it could not be decoded
	Flow Flow
	Cond Condition
	// CondReg is the register that a branch compares with zero, or NoReg: then the
	// outcome of the last comparison, in condition register Field. Of an indirect
	// jump it is the register that holds the address.
	CondReg int8
	Field   int8  // the condition register of a branch
	Steps   uint8 // how many steps the instruction has
	First   int   // index of the first of them in Slab
	// Slab holds the steps of many instructions, and belongs to the interpreter.
	Slab *[]Step
	// Target of a jump, branch or call: byte off of reg, which is a code section
	// or an undefined symbol.
	Target Value
	// Name of the instruction, for the reason, where it is not understood
	Name string
}

// Reset makes the instruction one that could not be decoded.
func (in *Insn) Reset() {
	*in.Slab = (*in.Slab)[:in.First]
	in.Len, in.Flow, in.Cond, in.CondReg, in.Field, in.Steps = 0, FlowNext, CondOther, NoReg, 0, 0
	in.Target, in.Name = Value{}, ""
}

// Add appends a step.
func (in *Insn) Add(o Step) {
	*in.Slab = append(*in.Slab, o)
	in.Steps++
}

// Move copies register a to dst.
func (in *Insn) Move(dst, a int8) { in.Add(Step{Code: OpMove, Dst: dst, A: a}) }

// Extend puts the lowest width bytes of register a, extended with zeros, into dst.
func (in *Insn) Extend(dst, a int8, width int) {
	in.Add(Step{Code: OpExtend, Dst: dst, A: a, Width: uint8(width)})
}

// ExtendSigned puts the lowest width bytes of register a, extended with their sign, into dst.
func (in *Insn) ExtendSigned(dst, a int8, width int) {
	in.Add(Step{Code: OpExtend, Dst: dst, A: a, Width: uint8(width), Imm: 1})
}

// Binary puts what an operation makes of registers a and b into dst.
func (in *Insn) Binary(code Op, dst, a, b int8) { in.Add(Step{Code: code, Dst: dst, A: a, B: b}) }

// Constant puts a number into register dst.
func (in *Insn) Constant(dst int8, n int64) {
	in.Add(Step{Code: OpConst, Dst: dst, Imm: n})
}

// Addr puts the address v into register dst.
func (in *Insn) Addr(dst int8, v Value) {
	in.Add(Step{Code: OpAddr, Dst: dst, Reg: v.Reg, Imm: v.Off})
}

// AddImm puts register a plus n into dst.
func (in *Insn) AddImm(dst, a int8, n int64) {
	in.Add(Step{Code: OpAdd, Dst: dst, A: a, Imm: n})
}

// Mix puts some arithmetic on registers a and b, which is not followed, into dst.
func (in *Insn) Mix(dst, a, b int8) { in.Add(Step{Code: OpMix, Dst: dst, A: a, B: b}) }

// Clobber makes register dst unknown.
func (in *Insn) Clobber(dst int8) { in.Add(Step{Code: OpClobber, Dst: dst}) }

// Load reads width bytes at register base plus off into dst, extended with zeros.
func (in *Insn) Load(dst, base int8, off int64, width int) {
	in.Add(Step{Code: OpLoad, Dst: dst, A: base, Imm: off, Width: uint8(width)})
}

// LoadSigned reads width bytes at register base plus off into dst, extended with
// their sign.
func (in *Insn) LoadSigned(dst, base int8, off int64, width int) {
	in.Add(Step{Code: OpLoad, Dst: dst, A: base, Imm: off, Width: uint8(width), B: 1})
}

// Store writes the lowest width bytes of register src at register base plus off.
func (in *Insn) Store(src, base int8, off int64, width int) {
	in.Add(Step{Code: OpStore, A: base, B: src, Imm: off, Width: uint8(width)})
}

// Page puts the page of the address v into register dst.
func (in *Insn) Page(dst int8, v Value) {
	in.Add(Step{Code: OpPage, Dst: dst, Reg: v.Reg, Imm: v.Off})
}

// Low puts the page in register a plus the low part of the address v into dst.
func (in *Insn) Low(dst, a int8, v Value) {
	in.Add(Step{Code: OpLow, Dst: dst, A: a, Reg: v.Reg, Imm: v.Off})
}

// Compare puts the outcome of comparing register a with n into a condition register.
func (in *Insn) Compare(a int8, n int64, field int8) {
	in.Add(Step{Code: OpCompare, A: a, Imm: n, B: field})
}

// Forget makes the outcome of the last comparison unknown.
func (in *Insn) Forget() { in.Add(Step{Code: OpForget}) }

// Havoc replaces the steps by one after which nothing is known; name is the
// instruction that could have done anything.
func (in *Insn) Havoc(name string) {
	*in.Slab = (*in.Slab)[:in.First]
	in.Steps = 0
	in.Add(Step{Code: OpHavoc})
	in.Name = name
}
