package x86

import (
	"strings"

	"golang.org/x/arch/x86/x86asm"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
)

// Follower goes through the code of one function after another and tells where it
// leads, and where addresses that it takes go, without running it: in a straight
// line, as the code lies. An address is a number that the caller gives it; 0 is none.
type Follower struct {
	// Address returns the number of what a relocation is to; 0 for what is not looked for.
	Address func(ir.Reloc) uint32
	// Loaded returns the number of the address that stands in memory, disp bytes from
	// the one of a number. Content does for the place that a relocation is to.
	Loaded  func(address uint32, disp int64) uint32
	Content func(ir.Reloc) uint32
	// Name returns the name of the symbol that a call or a jump is to.
	Name func(ir.Reloc) string
	// Leads is told of each call and jump that needs no relocation, with the offset in
	// the section that it is to.
	Leads func(to uint64)
	// Called is told of each call and jump through a register, or memory, with the
	// number of the address there.
	Called func(at uint64, address uint32)
	// Passed is told of each call and jump by a relocation, with the addresses in the
	// registers of parameters, and the place that the first parameter points to.
	Passed func(to ir.Reloc, parameters [6]uint32, first Where)
	// Number returns the number of a constant that is looked for as addresses are; nil
	// where none is.
	Number func(int64) uint32
	// Stored is told of each address that is written to memory other than the stack.
	Stored func(at uint64, address uint32, to Where)

	registers [16]uint32 // the addresses that they hold
	points    [16]Where  // where they point, for those that hold a place; the zero value: to themselves
	slots     map[slot]uint32
	framed    bool // %rbp is where the function's part of the stack begins
}

// Where is a place in memory as an instruction names it, a distance from what a
// register holds or from a symbol. Those of other forms are the zero value.
type Where struct {
	Register int8 // 1 + the number of the register; 0 for none
	Sym      uint32
	Disp     int64
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
	w.framed = false
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
		n := 0
		for n < len(relocs) && relocs[n].Offset < end {
			n++
		}
		w.step(&inst, begin, end, relocs[:n])
		at += inst.Len
	}
}

func (w *Follower) forget() {
	w.registers, w.points = [16]uint32{}, [16]Where{}
	clear(w.slots)
}

func (w *Follower) step(inst *x86asm.Inst, begin, end uint64, relocs []ir.Reloc) {
	switch to := inst.Args[0].(type) {
	case x86asm.Rel:
		w.branch(inst, begin, uint64(int64(end)+int64(to)), relocs)
		return
	case x86asm.Mem:
		switch inst.Op {
		case x86asm.CALL, x86asm.JMP:
			w.call(begin, w.memory(to, end, relocs))
			w.forget()
		case x86asm.MOV:
			w.store(begin, to, w.holds(inst, end, relocs), whereOf(to, end, relocs))
		case x86asm.CMP, x86asm.TEST, x86asm.PUSH, x86asm.NOP:
		case x86asm.ADD, x86asm.SUB, x86asm.AND, x86asm.OR, x86asm.XOR, x86asm.INC, x86asm.DEC:
			w.store(begin, to, 0, Where{})
		default:
			w.forget()
		}
		return
	case x86asm.Reg:
		w.register(inst, begin, end, to, relocs)
		return
	}
	if inst.Op != x86asm.NOP {
		w.forget()
	}
}

func (w *Follower) call(at uint64, address uint32) {
	if address != 0 {
		w.Called(at, address)
	}
}

// branch takes up a call or a jump with a distance.
func (w *Follower) branch(inst *x86asm.Inst, begin, to uint64, relocs []ir.Reloc) {
	if len(relocs) == 0 {
		w.Leads(to)
	} else if name, ok := strings.CutPrefix(w.Name(relocs[0]), indirectThunk); ok {
		for n, address := range w.registers {
			if strings.EqualFold((x86asm.RAX + x86asm.Reg(n)).String(), name) {
				w.call(begin, address)
			}
		}
	} else {
		var parameters [6]uint32
		for i, n := range machine.Args {
			parameters[i] = w.registers[n]
		}
		w.Passed(relocs[0], parameters, w.pointed(machine.Args[0]))
	}
	switch inst.Op {
	case x86asm.CALL: // what the callee need not keep
		for _, n := range machine.Scratch {
			w.registers[n], w.points[n] = 0, Where{}
		}
	case x86asm.JMP:
		w.forget()
	}
}

// register takes up an instruction whose first operand is a register.
func (w *Follower) register(inst *x86asm.Inst, begin, end uint64, to x86asm.Reg, relocs []ir.Reloc) {
	n := numberOf(to)
	switch inst.Op {
	case x86asm.CALL, x86asm.JMP:
		if n >= 0 {
			w.call(begin, w.registers[n])
		}
		w.forget()
	case x86asm.CMP, x86asm.TEST, x86asm.PUSH:
	case x86asm.MOV, x86asm.LEA:
		if n < 0 {
			w.forget()
			return
		}
		w.registers[n], w.points[n] = w.holds(inst, end, relocs), w.pointer(inst, end, relocs)
		w.framed = w.framed || to == x86asm.RBP && inst.Args[1] == x86asm.RSP
	case x86asm.MOVZX, x86asm.MOVSX, x86asm.MOVSXD, x86asm.ADD, x86asm.SUB, x86asm.AND, x86asm.OR, x86asm.XOR,
		x86asm.INC, x86asm.DEC, x86asm.SHL, x86asm.SHR, x86asm.SAR, x86asm.NEG, x86asm.NOT, x86asm.POP:
		if n < 0 {
			w.forget()
			return
		}
		w.registers[n], w.points[n] = 0, Where{}
	default: // with results elsewhere
		w.forget()
	}
}

// holds returns the address that the second operand of MOV or LEA is.
func (w *Follower) holds(inst *x86asm.Inst, end uint64, relocs []ir.Reloc) uint32 {
	switch a := inst.Args[1].(type) {
	case x86asm.Imm: // stands last
		if n := len(relocs); n > 0 && relocs[n-1].Offset+4 == end {
			return w.Address(relocs[n-1])
		}
		if w.Number != nil {
			return w.Number(int64(a))
		}
	case x86asm.Mem:
		if inst.Op == x86asm.MOV {
			return w.memory(a, end, relocs)
		}
		if a.Base == x86asm.RIP && len(relocs) > 0 {
			return w.Address(relocs[0])
		}
	case x86asm.Reg:
		if n := numberOf(a); n >= 0 {
			return w.registers[n]
		}
	}
	return 0
}

// pointed is the place that a register points to.
func (w *Follower) pointed(n int8) Where {
	if w.points[n] == (Where{}) {
		return Where{Register: 1 + n}
	}
	return w.points[n]
}

// pointer is the place that the second operand of MOV or LEA points to.
func (w *Follower) pointer(inst *x86asm.Inst, end uint64, relocs []ir.Reloc) Where {
	switch a := inst.Args[1].(type) {
	case x86asm.Imm:
		if n := len(relocs); n > 0 && relocs[n-1].Offset+4 == end {
			return Where{Sym: relocs[n-1].Sym, Disp: relocs[n-1].Addend}
		}
	case x86asm.Mem:
		if inst.Op == x86asm.LEA {
			return whereOf(a, end, relocs)
		}
	case x86asm.Reg:
		if n := numberOf(a); n >= 0 {
			return w.pointed(int8(n))
		}
	}
	return Where{}
}

// memory returns the address that stands where a memory operand is.
func (w *Follower) memory(m x86asm.Mem, end uint64, relocs []ir.Reloc) uint32 {
	switch n := numberOf(m.Base); {
	case m.Index != 0 || m.Segment != 0:
	case m.Base == x86asm.RIP || m.Base == 0:
		if len(relocs) > 0 && relocs[0].Offset+4 == end {
			return w.Content(relocs[0])
		}
	case n >= 0 && w.registers[n] != 0 && len(relocs) == 0:
		return w.Loaded(w.registers[n], m.Disp)
	default:
		return w.slots[slotOf(m)]
	}
	return 0
}

func (w *Follower) store(at uint64, to x86asm.Mem, address uint32, where Where) {
	s := slotOf(to)
	if address != 0 && s.base != x86asm.RSP && (s.base == 0 || !w.framed) {
		w.Stored(at, address, where)
	}
	switch {
	case s.base == 0:
	case address != 0:
		if w.slots == nil {
			w.slots = map[slot]uint32{}
		}
		w.slots[s] = address
	default:
		delete(w.slots, s)
	}
}

func whereOf(m x86asm.Mem, end uint64, relocs []ir.Reloc) Where {
	switch n := numberOf(m.Base); {
	case m.Index != 0 || m.Segment != 0:
	case n >= 0 && (len(relocs) == 0 || relocs[0].Offset+4 == end): // the immediate's
		return Where{Register: int8(1 + n), Disp: m.Disp}
	case m.Base == x86asm.RIP && len(relocs) > 0:
		return Where{Sym: relocs[0].Sym, Disp: relocs[0].Addend + int64(end-relocs[0].Offset)}
	case m.Base == 0 && len(relocs) > 0:
		return Where{Sym: relocs[0].Sym, Disp: relocs[0].Addend}
	}
	return Where{}
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
