package x86

import (
	"golang.org/x/arch/x86/x86asm"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
)

func (x *insn) lower() {
	args, width := x.inst.Args, x.width()
	switch x.inst.Op {
	case x86asm.MOV:
		if _, ok := args[0].(x86asm.Mem); ok {
			// The source first: both use the lowering's registers.
			src := x.read(args[1], width)
			x.write(args[0], src, width)
			return
		}
		x.write(args[0], x.read(args[1], width), width)
	case x86asm.MOVZX, x86asm.MOVSX, x86asm.MOVSXD:
		from := x.inst.MemBytes
		if r, ok := args[1].(x86asm.Reg); ok {
			if _, from = regOf(r); from == 0 {
				from = 1
			}
		}
		src := x.read(args[1], from)
		if x.inst.Op == x86asm.MOVZX {
			x.Extend(ir.Temp1, src, from)
		} else {
			x.ExtendSigned(ir.Temp1, src, from)
		}
		x.write(args[0], ir.Temp1, width)
	case x86asm.LEA:
		m, ok := args[1].(x86asm.Mem)
		if !ok {
			x.Havoc("LEA")
			return
		}
		b, off := x.address(m)
		x.AddImm(ir.Temp1, b, off)
		x.write(args[0], ir.Temp1, width)
	case x86asm.ADD, x86asm.SUB:
		code := ir.OpSum
		if x.inst.Op == x86asm.SUB {
			code = ir.OpSub
		}
		x.arithmetic(code, width)
	case x86asm.INC, x86asm.DEC:
		n := int64(1)
		if x.inst.Op == x86asm.DEC {
			n = -1
		}
		src := x.read(args[0], width)
		x.AddImm(ir.Temp1, src, n)
		x.write(args[0], ir.Temp1, width)
		x.Forget()
	case x86asm.XOR:
		a, ok := args[0].(x86asm.Reg)
		if b, ok2 := args[1].(x86asm.Reg); ok && ok2 && a == b {
			x.Constant(ir.Temp1, 0)
			x.write(a, ir.Temp1, width)
			x.Forget()
			return
		}
		x.arithmetic(ir.OpMix, width)
	case x86asm.AND, x86asm.OR:
		// Small code sets memory and registers so.
		n := int64(0)
		if x.inst.Op == x86asm.OR {
			n = -1
		}
		if i, ok := args[1].(x86asm.Imm); ok && x.imm == (ir.Value{}) && int64(i) == n {
			x.Constant(ir.Temp1, n)
			x.write(args[0], ir.Temp1, width)
			x.Forget()
			return
		}
		x.arithmetic(ir.OpMix, width)
	case x86asm.SHL:
		if i, ok := args[1].(x86asm.Imm); ok && width >= 4 {
			mask := int64(31) // of the count, whatever the width below a quadword
			if width == 8 {
				mask = 63
			}
			src := x.read(args[0], width)
			x.Add(ir.Step{Code: ir.OpShl, Dst: ir.Temp1, A: src, Imm: int64(i) & mask})
			x.write(args[0], ir.Temp1, width)
			x.Forget()
			return
		}
		x.arithmetic(ir.OpMix, width)
	case x86asm.SHR, x86asm.SAR, x86asm.ROL, x86asm.ROR, x86asm.ADC, x86asm.SBB, x86asm.NEG, x86asm.NOT, x86asm.BSWAP:
		x.arithmetic(ir.OpMix, width)
	case x86asm.IMUL:
		switch {
		case args[2] != nil:
			src := x.read(args[1], width)
			x.Mix(ir.Temp1, src, src)
			x.write(args[0], ir.Temp1, width)
			x.Forget()
		case args[1] != nil:
			x.arithmetic(ir.OpMix, width)
		default:
			x.multiply(args[0], width)
		}
	case x86asm.MUL, x86asm.DIV, x86asm.IDIV:
		x.multiply(args[0], width)
	case x86asm.CDQE:
		x.ExtendSigned(0, 0, 4)
	case x86asm.CWDE, x86asm.CBW:
		x.Mix(0, 0, 0)
	case x86asm.CDQ, x86asm.CQO, x86asm.CWD:
		x.Mix(2, 0, 0)
	case x86asm.TEST:
		a, ok := args[0].(x86asm.Reg)
		if b, ok2 := args[1].(x86asm.Reg); ok && ok2 && a == b && width >= 4 {
			n, _ := regOf(a)
			x.Extend(ir.Temp1, n, width)
			x.Compare(ir.Temp1, 0, 0)
			return
		}
		x.Forget()
	case x86asm.CMP:
		i, ok := args[1].(x86asm.Imm)
		if !ok || x.imm != (ir.Value{}) || width < 4 {
			x.Forget()
			return
		}
		x.Extend(ir.Temp1, x.read(args[0], width), width)
		x.Compare(ir.Temp1, int64(i), 0)
	case x86asm.BT:
		x.Forget()
	case x86asm.PUSH:
		src := x.read(args[0], 8)
		if src == 4 {
			x.Move(ir.Temp1, src)
			src = ir.Temp1
		}
		x.AddImm(4, 4, -8)
		x.Store(src, 4, 0, 8)
	case x86asm.POP:
		x.Load(ir.Temp1, 4, 0, 8)
		x.AddImm(4, 4, 8)
		x.write(args[0], ir.Temp1, 8)
	case x86asm.LEAVE:
		x.Move(4, 5)
		x.Load(5, 4, 0, 8)
		x.AddImm(4, 4, 8)
	case x86asm.NOP, x86asm.PAUSE, x86asm.LFENCE, x86asm.MFENCE, x86asm.SFENCE, x86asm.CLD, x86asm.CLI, x86asm.STI,
		x86asm.UD2, // WARN() comes back behind it
		x86asm.PREFETCHT0, x86asm.PREFETCHNTA, x86asm.PREFETCHW:
	case x86asm.XCHG:
		x.exchange(args[0], args[1], width)
	case x86asm.STOSB, x86asm.STOSW, x86asm.STOSD, x86asm.STOSQ:
		x.Mix(ir.Temp0, 7, 7)
		x.Store(0, ir.Temp0, 0, 8)
		x.Move(7, ir.Temp0)
		x.Clobber(1)
	case x86asm.MOVSB, x86asm.MOVSW, x86asm.MOVSQ, x86asm.MOVSD:
		if x.inst.Op == x86asm.MOVSD && args[0] != nil {
			if _, ok := args[0].(x86asm.Mem); !ok { // the SSE instruction of that name
				x.Havoc("MOVSD")
				return
			}
		}
		x.Mix(ir.Temp0, 6, 6)
		x.Load(ir.Temp1, ir.Temp0, 0, 8)
		x.Move(6, ir.Temp0)
		x.Mix(ir.Temp0, 7, 7)
		x.Mix(ir.Temp1, ir.Temp1, ir.Temp1)
		x.Store(ir.Temp1, ir.Temp0, 0, 8)
		x.Move(7, ir.Temp0)
		x.Clobber(1)
	case x86asm.CALL:
		x.Flow, x.Target = x.branchTarget(ir.FlowCall, ir.FlowCallReg)
	case x86asm.JMP:
		x.Flow, x.Target = x.branchTarget(ir.FlowJump, ir.FlowIndirect)
	case x86asm.RET:
		x.Flow = ir.FlowReturn
	case x86asm.INT:
		x.Flow = ir.FlowStop // INT3 is padding
		if i, ok := args[0].(x86asm.Imm); !ok || i != 3 {
			x.Insn.Reset()
			x.Name = "INT"
		}
	case x86asm.JCXZ, x86asm.JECXZ, x86asm.JRCXZ, x86asm.LOOP, x86asm.LOOPE, x86asm.LOOPNE, x86asm.IRET, x86asm.IRETD,
		x86asm.IRETQ, x86asm.LCALL, x86asm.LJMP, x86asm.LRET, x86asm.INTO, x86asm.SYSCALL, x86asm.SYSENTER, x86asm.SYSEXIT,
		x86asm.SYSRET, x86asm.XBEGIN, x86asm.HLT, x86asm.UD1:
		x.Insn.Reset()
		x.Name = x.inst.Op.String()
	default:
		x.conditional(width)
	}
}

// conditional lowers Jcc, CMOVcc and SETcc, and everything else to havoc.
func (x *insn) conditional(width int) {
	o := x.inst.Op
	switch o {
	case x86asm.JE:
		x.Cond = ir.CondZero
	case x86asm.JNE:
		x.Cond = ir.CondNotZero
	case x86asm.JS, x86asm.JL:
		x.Cond = ir.CondNegative
	case x86asm.JNS, x86asm.JGE:
		x.Cond = ir.CondNotNegative
	case x86asm.JA, x86asm.JAE, x86asm.JB, x86asm.JBE, x86asm.JG, x86asm.JLE, x86asm.JNO, x86asm.JNP, x86asm.JO, x86asm.JP:
	case x86asm.CMOVA, x86asm.CMOVAE, x86asm.CMOVB, x86asm.CMOVBE, x86asm.CMOVE, x86asm.CMOVG, x86asm.CMOVGE, x86asm.CMOVL,
		x86asm.CMOVLE, x86asm.CMOVNE, x86asm.CMOVNO, x86asm.CMOVNP, x86asm.CMOVNS, x86asm.CMOVO, x86asm.CMOVP, x86asm.CMOVS:
		src := x.read(x.inst.Args[1], width)
		if r, ok := x.inst.Args[0].(x86asm.Reg); ok {
			n, _ := regOf(r)
			if width == 4 { // the high halves are not joined: both are cleared
				x.Extend(ir.Temp1, src, 4)
				x.Extend(ir.Temp2, n, 4)
				n = ir.Temp2
			} else if src != ir.Temp1 {
				x.Move(ir.Temp1, src)
			}
			x.Binary(ir.OpJoin, ir.Temp1, n, 0)
			x.write(r, ir.Temp1, width)
			return
		}
		x.Havoc(o.String())
		return
	case x86asm.SETA, x86asm.SETAE, x86asm.SETB, x86asm.SETBE, x86asm.SETE, x86asm.SETG, x86asm.SETGE, x86asm.SETL,
		x86asm.SETLE, x86asm.SETNE, x86asm.SETNO, x86asm.SETNP, x86asm.SETNS, x86asm.SETO, x86asm.SETP, x86asm.SETS:
		x.Add(ir.Step{Code: ir.OpDecide, Dst: ir.Temp1})
		x.write(x.inst.Args[0], ir.Temp1, 1)
		return
	default:
		x.Havoc(o.String())
		return
	}
	x.Flow, x.Target = x.branchTarget(ir.FlowBranch, ir.FlowBranch)
}

// arithmetic lowers dst = dst OP src, and dst = OP dst.
func (x *insn) arithmetic(code ir.Op, width int) {
	dst, src := x.inst.Args[0], x.inst.Args[1]
	defer x.Forget()
	if m, ok := dst.(x86asm.Mem); ok { // the old content and the operand, in some way
		b, off := x.address(m)
		x.Load(ir.Temp1, b, off, width)
		if r, ok := src.(x86asm.Reg); ok {
			if n, w := regOf(r); w != 0 {
				x.Mix(ir.Temp1, ir.Temp1, n)
			}
		}
		if x.imm != (ir.Value{}) {
			x.Havoc(x.inst.Op.String())
			return
		}
		x.Mix(ir.Temp1, ir.Temp1, ir.Temp1)
		x.Store(ir.Temp1, b, off, width)
		return
	}
	r, ok := dst.(x86asm.Reg)
	n, w := regOf(r)
	if !ok || w == 0 {
		if !ok || r < x86asm.AH || r > x86asm.BH {
			x.Havoc(x.inst.Op.String())
			return
		}
		x.write(dst, ir.Temp1, 1)
		return
	}
	s := n
	if src != nil {
		s = x.read(src, width)
	}
	if w < 4 {
		code = ir.OpMix
	}
	x.Binary(code, ir.Temp1, n, s)
	if w < 4 {
		x.Mix(n, n, ir.Temp1)
		return
	}
	x.write(dst, ir.Temp1, width)
}

// multiply lowers the one-operand forms of multiplication and division.
func (x *insn) multiply(src x86asm.Arg, width int) {
	s := x.read(src, width)
	x.Mix(0, 0, s)
	x.Mix(2, 2, 0)
	x.Mix(0, 0, 2)
	x.Forget()
}

// exchange lowers XCHG of two registers; memory is exchanged atomically by code that
// is not looked for.
func (x *insn) exchange(a, b x86asm.Arg, width int) {
	ra, ok := a.(x86asm.Reg)
	rb, ok2 := b.(x86asm.Reg)
	if !ok || !ok2 {
		x.Havoc("XCHG")
		return
	}
	na, wa := regOf(ra)
	nb, wb := regOf(rb)
	if ra == rb {
		if wa == 4 { // 90 is NOP, and no exchange of EAX with itself
			x.Extend(na, na, 4)
		}
		return
	}
	if wa != wb || wa < 4 {
		x.Havoc("XCHG")
		return
	}
	x.Move(ir.Temp1, na)
	x.write(ra, nb, width)
	x.write(rb, ir.Temp1, width)
}

// branchTarget is where a branch leads, with its flow: direct or through a register.
func (x *insn) branchTarget(direct, indirect ir.Flow) (ir.Flow, ir.Value) {
	rel, ok := x.inst.Args[0].(x86asm.Rel)
	switch {
	case !ok:
		return indirect, ir.Value{}
	case x.disp != (ir.Value{}) && x.pc:
		return direct, x.disp
	case x.disp != (ir.Value{}) || rel == 0 && x.inst.PCRel == 4: // not relocated as it should be
		return direct, ir.Value{}
	}
	return direct, ir.Value{Kind: ir.Address, Reg: ir.SectionBase | ir.Region(x.at.Section), Off: int64(x.end) + int64(rel)}
}
