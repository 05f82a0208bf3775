package x86

import (
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
)

// Follower goes through the code of one function after another and tells where it
// leads, without running it.
type Follower struct {
	// Wanted reports whether a relocation is to the function that is looked for.
	Wanted func(ir.Reloc) bool
	// Thunk returns the name of the symbol that a call or a jump is to.
	Thunk func(ir.Reloc) string
	// Leads is told of each call and jump that needs no relocation, with the offset in
	// the section that it is to.
	Leads func(to uint64)
	// Called is told of each call and jump through a register, or a place of the stack,
	// that was given the address of the wanted function before, in a straight line.
	Called func(at uint64)

	registers [16]bool // those that hold the address
	slots     map[slot]bool
}

// slot is a place of the stack.
type slot struct {
	base x86asm.Reg
	disp int64
}

// indirectThunk begins the names of what calls a register where calls are protected
// (arch/x86/lib/retpoline.S).
const indirectThunk = "__x86_indirect_thunk_"

// Function follows the code of a function: from is its offset in the section, relocs
// those of the section's relocations that lie within, by offset. It ends where an
// instruction cannot be decoded.
func (w *Follower) Function(code []byte, from uint64, relocs []ir.Reloc) {
	w.forget()
	for at := 0; at < len(code); {
		rest := code[at:]
		if len(rest) >= 4 && rest[0] == 0xf3 && rest[1] == 0x0f && rest[2] == 0x1e { // ENDBR64
			at += 4
			continue
		}
		inst, err := x86asm.Decode(rest[:min(len(rest), longest)], 64)
		if err != nil || inst.Len <= 0 {
			return
		}
		begin, end := from+uint64(at), from+uint64(at+inst.Len)
		for len(relocs) > 0 && relocs[0].Offset < begin {
			relocs = relocs[1:]
		}
		var reloc *ir.Reloc
		if len(relocs) > 0 && relocs[0].Offset < end {
			reloc = &relocs[0]
		}
		w.step(&inst, begin, end, reloc)
		at += inst.Len
	}
}

func (w *Follower) forget() {
	w.registers = [16]bool{}
	clear(w.slots)
}

func (w *Follower) step(inst *x86asm.Inst, begin, end uint64, reloc *ir.Reloc) {
	switch to := inst.Args[0].(type) {
	case x86asm.Rel:
		w.branch(inst, begin, uint64(int64(end)+int64(to)), reloc)
		return
	case x86asm.Mem:
		switch inst.Op {
		case x86asm.CALL, x86asm.JMP:
			if w.slots[slotOf(to)] {
				w.Called(begin)
			}
			w.forget()
		case x86asm.MOV:
			w.store(to, w.holds(inst.Args[1], reloc))
		case x86asm.CMP, x86asm.TEST, x86asm.PUSH, x86asm.NOP:
		case x86asm.ADD, x86asm.SUB, x86asm.AND, x86asm.OR, x86asm.XOR, x86asm.INC, x86asm.DEC:
			w.store(to, false)
		default:
			w.forget()
		}
		return
	case x86asm.Reg:
		w.register(inst, begin, to, reloc)
		return
	}
	if inst.Op != x86asm.NOP {
		w.forget()
	}
}

// branch takes up a call or a jump with a distance.
func (w *Follower) branch(inst *x86asm.Inst, begin, to uint64, reloc *ir.Reloc) {
	if reloc == nil {
		w.Leads(to)
	} else if name, ok := strings.CutPrefix(w.Thunk(*reloc), indirectThunk); ok {
		for n, is := range w.registers {
			if is && strings.EqualFold((x86asm.RAX+x86asm.Reg(n)).String(), name) {
				w.Called(begin)
			}
		}
	}
	switch inst.Op {
	case x86asm.CALL: // what the callee need not keep
		for _, n := range machine.Scratch {
			w.registers[n] = false
		}
	case x86asm.JMP:
		w.forget()
	}
}

// register takes up an instruction whose first operand is a register.
func (w *Follower) register(inst *x86asm.Inst, begin uint64, to x86asm.Reg, reloc *ir.Reloc) {
	n := numberOf(to)
	switch inst.Op {
	case x86asm.CALL, x86asm.JMP:
		if n >= 0 && w.registers[n] {
			w.Called(begin)
		}
		w.forget()
	case x86asm.CMP, x86asm.TEST, x86asm.PUSH:
	case x86asm.MOV, x86asm.LEA:
		if n < 0 {
			w.forget()
			return
		}
		w.registers[n] = w.holds(inst.Args[1], reloc) && (inst.Op == x86asm.MOV || reloc != nil)
	case x86asm.MOVZX, x86asm.MOVSX, x86asm.MOVSXD, x86asm.ADD, x86asm.SUB, x86asm.AND, x86asm.OR, x86asm.XOR,
		x86asm.INC, x86asm.DEC, x86asm.SHL, x86asm.SHR, x86asm.SAR, x86asm.NEG, x86asm.NOT, x86asm.POP:
		if n < 0 {
			w.forget()
			return
		}
		w.registers[n] = false
	default: // with results elsewhere
		w.forget()
	}
}

// holds reports whether an operand is the address of the wanted function.
func (w *Follower) holds(a x86asm.Arg, reloc *ir.Reloc) bool {
	switch a := a.(type) {
	case x86asm.Imm:
		return reloc != nil && w.Wanted(*reloc)
	case x86asm.Mem:
		if a.Base == x86asm.RIP { // lea, or a load from data
			return reloc != nil && w.Wanted(*reloc)
		}
		return w.slots[slotOf(a)]
	case x86asm.Reg:
		n := numberOf(a)
		return n >= 0 && w.registers[n]
	}
	return false
}

func (w *Follower) store(to x86asm.Mem, is bool) {
	s := slotOf(to)
	switch {
	case s.base == 0:
	case is:
		if w.slots == nil {
			w.slots = map[slot]bool{}
		}
		w.slots[s] = true
	default:
		delete(w.slots, s)
	}
}

// slotOf is the place of the stack that an operand is; the zero value for any other.
func slotOf(m x86asm.Mem) slot {
	if m.Index != 0 || m.Segment != 0 || m.Base != x86asm.RSP && m.Base != x86asm.RBP {
		return slot{}
	}
	return slot{m.Base, m.Disp}
}

// numberOf is the number of a register of 64 bits, or of its lower half; -1 for parts
// of one and for others.
func numberOf(r x86asm.Reg) int {
	switch {
	case r >= x86asm.RAX && r <= x86asm.R15:
		return int(r - x86asm.RAX)
	case r >= x86asm.EAX && r <= x86asm.R15L:
		return int(r - x86asm.EAX)
	}
	return -1
}
