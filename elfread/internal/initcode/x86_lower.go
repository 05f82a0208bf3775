package initcode

import "golang.org/x/arch/x86/x86asm"

func (x *x86Insn) lower() {
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
			if _, from = x86Reg(r); from == 0 {
				from = 1
			}
		}
		src := x.read(args[1], from)
		if x.inst.Op == x86asm.MOVZX {
			x.extend(temp1, src, from)
		} else {
			x.extendSigned(temp1, src, from)
		}
		x.write(args[0], temp1, width)
	case x86asm.LEA:
		m, ok := args[1].(x86asm.Mem)
		if !ok {
			x.havoc("LEA")
			return
		}
		b, off := x.address(m)
		x.addImm(temp1, b, off)
		x.write(args[0], temp1, width)
	case x86asm.ADD, x86asm.SUB:
		code := opSum
		if x.inst.Op == x86asm.SUB {
			code = opSub
		}
		x.arithmetic(code, width)
	case x86asm.INC, x86asm.DEC:
		n := int64(1)
		if x.inst.Op == x86asm.DEC {
			n = -1
		}
		src := x.read(args[0], width)
		x.addImm(temp1, src, n)
		x.write(args[0], temp1, width)
		x.forget()
	case x86asm.XOR:
		a, ok := args[0].(x86asm.Reg)
		if b, ok2 := args[1].(x86asm.Reg); ok && ok2 && a == b {
			x.constant(temp1, 0)
			x.write(a, temp1, width)
			x.forget()
			return
		}
		x.arithmetic(opMix, width)
	case x86asm.AND, x86asm.OR:
		// Small code sets memory and registers so.
		n := int64(0)
		if x.inst.Op == x86asm.OR {
			n = -1
		}
		if i, ok := args[1].(x86asm.Imm); ok && x.imm == (value{}) && int64(i) == n {
			x.constant(temp1, n)
			x.write(args[0], temp1, width)
			x.forget()
			return
		}
		x.arithmetic(opMix, width)
	case x86asm.SHL:
		if i, ok := args[1].(x86asm.Imm); ok && width >= 4 {
			mask := int64(31) // of the count, whatever the width below a quadword
			if width == 8 {
				mask = 63
			}
			src := x.read(args[0], width)
			x.add(op{code: opShl, dst: temp1, a: src, imm: int64(i) & mask})
			x.write(args[0], temp1, width)
			x.forget()
			return
		}
		x.arithmetic(opMix, width)
	case x86asm.SHR, x86asm.SAR, x86asm.ROL, x86asm.ROR, x86asm.ADC, x86asm.SBB, x86asm.NEG, x86asm.NOT, x86asm.BSWAP:
		x.arithmetic(opMix, width)
	case x86asm.IMUL:
		switch {
		case args[2] != nil:
			src := x.read(args[1], width)
			x.mix(temp1, src, src)
			x.write(args[0], temp1, width)
			x.forget()
		case args[1] != nil:
			x.arithmetic(opMix, width)
		default:
			x.multiply(args[0], width)
		}
	case x86asm.MUL, x86asm.DIV, x86asm.IDIV:
		x.multiply(args[0], width)
	case x86asm.CDQE:
		x.extendSigned(0, 0, 4)
	case x86asm.CWDE, x86asm.CBW:
		x.mix(0, 0, 0)
	case x86asm.CDQ, x86asm.CQO, x86asm.CWD:
		x.mix(2, 0, 0)
	case x86asm.TEST:
		a, ok := args[0].(x86asm.Reg)
		if b, ok2 := args[1].(x86asm.Reg); ok && ok2 && a == b && width >= 4 {
			n, _ := x86Reg(a)
			x.extend(temp1, n, width)
			x.compare(temp1, 0, 0)
			return
		}
		x.forget()
	case x86asm.CMP:
		i, ok := args[1].(x86asm.Imm)
		if !ok || x.imm != (value{}) || width < 4 {
			x.forget()
			return
		}
		x.extend(temp1, x.read(args[0], width), width)
		x.compare(temp1, int64(i), 0)
	case x86asm.BT:
		x.forget()
	case x86asm.PUSH:
		src := x.read(args[0], 8)
		if src == 4 {
			x.move(temp1, src)
			src = temp1
		}
		x.addImm(4, 4, -8)
		x.store(src, 4, 0, 8)
	case x86asm.POP:
		x.load(temp1, 4, 0, 8)
		x.addImm(4, 4, 8)
		x.write(args[0], temp1, 8)
	case x86asm.LEAVE:
		x.move(4, 5)
		x.load(5, 4, 0, 8)
		x.addImm(4, 4, 8)
	case x86asm.NOP, x86asm.PAUSE, x86asm.LFENCE, x86asm.MFENCE, x86asm.SFENCE, x86asm.CLD, x86asm.CLI, x86asm.STI,
		x86asm.UD2, // WARN() comes back behind it
		x86asm.PREFETCHT0, x86asm.PREFETCHNTA, x86asm.PREFETCHW:
	case x86asm.XCHG:
		x.exchange(args[0], args[1], width)
	case x86asm.STOSB, x86asm.STOSW, x86asm.STOSD, x86asm.STOSQ:
		x.mix(temp0, 7, 7)
		x.store(0, temp0, 0, 8)
		x.move(7, temp0)
		x.clobber(1)
	case x86asm.MOVSB, x86asm.MOVSW, x86asm.MOVSQ, x86asm.MOVSD:
		if x.inst.Op == x86asm.MOVSD && args[0] != nil {
			if _, ok := args[0].(x86asm.Mem); !ok { // the SSE instruction of that name
				x.havoc("MOVSD")
				return
			}
		}
		x.mix(temp0, 6, 6)
		x.load(temp1, temp0, 0, 8)
		x.move(6, temp0)
		x.mix(temp0, 7, 7)
		x.mix(temp1, temp1, temp1)
		x.store(temp1, temp0, 0, 8)
		x.move(7, temp0)
		x.clobber(1)
	case x86asm.CALL:
		x.flow, x.target = x.branchTarget(flowCall, flowCallReg)
	case x86asm.JMP:
		x.flow, x.target = x.branchTarget(flowJump, flowIndirect)
	case x86asm.RET:
		x.flow = flowReturn
	case x86asm.INT:
		x.flow = flowStop // INT3 is padding
		if i, ok := args[0].(x86asm.Imm); !ok || i != 3 {
			x.insn.reset()
			x.name = "INT"
		}
	case x86asm.JCXZ, x86asm.JECXZ, x86asm.JRCXZ, x86asm.LOOP, x86asm.LOOPE, x86asm.LOOPNE, x86asm.IRET, x86asm.IRETD,
		x86asm.IRETQ, x86asm.LCALL, x86asm.LJMP, x86asm.LRET, x86asm.INTO, x86asm.SYSCALL, x86asm.SYSENTER, x86asm.SYSEXIT,
		x86asm.SYSRET, x86asm.XBEGIN, x86asm.HLT, x86asm.UD1:
		x.insn.reset()
		x.name = x.inst.Op.String()
	default:
		x.conditional(width)
	}
}

// conditional lowers Jcc, CMOVcc and SETcc, and everything else to havoc.
func (x *x86Insn) conditional(width int) {
	o := x.inst.Op
	switch o {
	case x86asm.JE:
		x.cond = condZero
	case x86asm.JNE:
		x.cond = condNotZero
	case x86asm.JS, x86asm.JL:
		x.cond = condNegative
	case x86asm.JNS, x86asm.JGE:
		x.cond = condNotNegative
	case x86asm.JA, x86asm.JAE, x86asm.JB, x86asm.JBE, x86asm.JG, x86asm.JLE, x86asm.JNO, x86asm.JNP, x86asm.JO, x86asm.JP:
	case x86asm.CMOVA, x86asm.CMOVAE, x86asm.CMOVB, x86asm.CMOVBE, x86asm.CMOVE, x86asm.CMOVG, x86asm.CMOVGE, x86asm.CMOVL,
		x86asm.CMOVLE, x86asm.CMOVNE, x86asm.CMOVNO, x86asm.CMOVNP, x86asm.CMOVNS, x86asm.CMOVO, x86asm.CMOVP, x86asm.CMOVS:
		src := x.read(x.inst.Args[1], width)
		if r, ok := x.inst.Args[0].(x86asm.Reg); ok {
			n, _ := x86Reg(r)
			if width == 4 { // the high halves are not joined: both are cleared
				x.extend(temp1, src, 4)
				x.extend(temp2, n, 4)
				n = temp2
			} else if src != temp1 {
				x.move(temp1, src)
			}
			x.binary(opJoin, temp1, n, 0)
			x.write(r, temp1, width)
			return
		}
		x.havoc(o.String())
		return
	case x86asm.SETA, x86asm.SETAE, x86asm.SETB, x86asm.SETBE, x86asm.SETE, x86asm.SETG, x86asm.SETGE, x86asm.SETL,
		x86asm.SETLE, x86asm.SETNE, x86asm.SETNO, x86asm.SETNP, x86asm.SETNS, x86asm.SETO, x86asm.SETP, x86asm.SETS:
		x.add(op{code: opDecide, dst: temp1})
		x.write(x.inst.Args[0], temp1, 1)
		return
	default:
		x.havoc(o.String())
		return
	}
	x.flow, x.target = x.branchTarget(flowBranch, flowBranch)
}

// arithmetic lowers dst = dst OP src, and dst = OP dst.
func (x *x86Insn) arithmetic(code opcode, width int) {
	dst, src := x.inst.Args[0], x.inst.Args[1]
	defer x.forget()
	if m, ok := dst.(x86asm.Mem); ok { // the old content and the operand, in some way
		b, off := x.address(m)
		x.load(temp1, b, off, width)
		if r, ok := src.(x86asm.Reg); ok {
			if n, w := x86Reg(r); w != 0 {
				x.mix(temp1, temp1, n)
			}
		}
		if x.imm != (value{}) {
			x.havoc(x.inst.Op.String())
			return
		}
		x.mix(temp1, temp1, temp1)
		x.store(temp1, b, off, width)
		return
	}
	r, ok := dst.(x86asm.Reg)
	n, w := x86Reg(r)
	if !ok || w == 0 {
		if !ok || r < x86asm.AH || r > x86asm.BH {
			x.havoc(x.inst.Op.String())
			return
		}
		x.write(dst, temp1, 1)
		return
	}
	s := n
	if src != nil {
		s = x.read(src, width)
	}
	if w < 4 {
		code = opMix
	}
	x.binary(code, temp1, n, s)
	if w < 4 {
		x.mix(n, n, temp1)
		return
	}
	x.write(dst, temp1, width)
}

// multiply lowers the one-operand forms of multiplication and division.
func (x *x86Insn) multiply(src x86asm.Arg, width int) {
	s := x.read(src, width)
	x.mix(0, 0, s)
	x.mix(2, 2, 0)
	x.mix(0, 0, 2)
	x.forget()
}

// exchange lowers XCHG of two registers; memory is exchanged atomically by code that
// is not looked for.
func (x *x86Insn) exchange(a, b x86asm.Arg, width int) {
	ra, ok := a.(x86asm.Reg)
	rb, ok2 := b.(x86asm.Reg)
	if !ok || !ok2 {
		x.havoc("XCHG")
		return
	}
	na, wa := x86Reg(ra)
	nb, wb := x86Reg(rb)
	if ra == rb {
		if wa == 4 { // 90 is NOP, and no exchange of EAX with itself
			x.extend(na, na, 4)
		}
		return
	}
	if wa != wb || wa < 4 {
		x.havoc("XCHG")
		return
	}
	x.move(temp1, na)
	x.write(ra, nb, width)
	x.write(rb, temp1, width)
}

// branchTarget is where a branch leads, with its flow: direct or through a register.
func (x *x86Insn) branchTarget(direct, indirect flow) (flow, value) {
	rel, ok := x.inst.Args[0].(x86asm.Rel)
	switch {
	case !ok:
		return indirect, value{}
	case x.disp != (value{}) && x.pc:
		return direct, x.disp
	case x.disp != (value{}) || rel == 0 && x.inst.PCRel == 4: // not relocated as it should be
		return direct, value{}
	}
	return direct, value{kind: address, reg: sectionBase | region(x.at.section), off: int64(x.end) + int64(rel)}
}
