package initcode

import (
	"slices"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
)

// leader is a place where paths may meet, with what holds there.
type leader struct {
	at    ir.PC
	state *state
}

// frame is the interpretation of one function. Its slices are used again.
type frame struct {
	leaders []leader // by place
	queue   []ir.PC  // leaders to run, sorted
	next    int      // index of the first leader behind the path; see atLeader
	exit    *state   // what holds at the returns; nil while none was reached
	// section and bounds of the function symbol around the code being run
	section uint32
	lo, hi  uint64
}

func compare(a, b ir.PC) int {
	switch {
	case a == b:
		return 0
	case earlier(a, b) == a:
		return -1
	}
	return 1
}

func (f *frame) find(at ir.PC) (int, bool) {
	return slices.BinarySearchFunc(f.leaders, at, func(l leader, at ir.PC) int { return compare(l.at, at) })
}

// atLeader reports whether a place is a leader. Paths go on from one instruction to
// the next one, so that the leader is found without a search; reach and path reset
// what it goes by.
func (f *frame) atLeader(at ir.PC) bool {
	for f.next > 0 && earlier(f.leaders[f.next-1].at, at) == at {
		f.next--
	}
	for f.next < len(f.leaders) && f.leaders[f.next].at != at && earlier(f.leaders[f.next].at, at) != at {
		f.next++
	}
	return f.next < len(f.leaders) && f.leaders[f.next].at == at
}

// reach adds a path to a place.
func (e *engine) reach(f *frame, at ir.PC, s *state) {
	i, ok := f.find(at)
	if ok {
		if !e.joinStates(f.leaders[i].state, s) {
			return
		}
	} else {
		if e.leaders++; e.leaders > maxLeaders {
			e.fail(at, "more than %d branches", maxLeaders)
			return
		}
		n := e.get()
		n.copyFrom(s)
		f.leaders = slices.Insert(f.leaders, i, leader{at, n})
		f.next = min(f.next, i)
	}
	if j, ok := slices.BinarySearchFunc(f.queue, at, compare); !ok {
		f.queue = slices.Insert(f.queue, j, at)
	}
}

func (e *engine) leave(f *frame, s *state) {
	if f.exit == nil {
		f.exit = e.get()
		f.exit.copyFrom(s)
		return
	}
	e.joinStates(f.exit, s)
}

// run interprets a function from its start and returns what holds where it
// returns, nil when it never does. The caller puts the state back.
func (e *engine) run(start ir.PC, entry *state) *state {
	if len(e.stack) == maxDepth || slices.Contains(e.stack, start) {
		e.fail(start, "calls are nested too deeply")
		return nil
	}
	e.stack = append(e.stack, start)
	f := &e.frames[len(e.stack)-1]
	*f = frame{leaders: f.leaders[:0], queue: f.queue[:0]}
	s := e.get()
	e.reach(f, start, entry)
	for len(f.queue) > 0 {
		at := f.queue[0]
		f.queue = slices.Delete(f.queue, 0, 1)
		i, _ := f.find(at)
		s.copyFrom(f.leaders[i].state)
		e.path(f, at, s)
		if e.steps >= maxSteps {
			break
		}
	}
	e.put(s)
	for _, l := range f.leaders {
		e.put(l.state)
	}
	e.stack = e.stack[:len(e.stack)-1]
	return f.exit
}

// inside reports whether the code at a place belongs to the function that is being
// run, after a jump: to whatever function is there.
func (e *engine) inside(f *frame, at ir.PC, jumped bool) bool {
	if at.Section == f.section && uint64(at.Offset) >= f.lo && uint64(at.Offset) < f.hi {
		return true
	}
	if !jumped {
		return false
	}
	sec := e.section(int(at.Section))
	if sec == nil || !sec.Exec {
		return false
	}
	f.section, f.lo, f.hi = at.Section, 0, uint64(len(sec.Data))
	if fn, ok := e.in.Source.Function(Place{int(at.Section), uint64(at.Offset)}); ok && fn.Lo < fn.Hi {
		f.lo, f.hi = fn.Lo, min(fn.Hi, f.hi)
	}
	return uint64(at.Offset) >= f.lo && uint64(at.Offset) < f.hi
}

// path interprets from one leader to the next, or to the path's end.
func (e *engine) path(f *frame, at ir.PC, s *state) {
	if !e.inside(f, at, true) {
		e.fail(at, "execution leaves the section")
		return
	}
	for first := true; ; first = false {
		if !first {
			if !e.inside(f, at, false) {
				return // behind a call that does not come back
			}
			if f.atLeader(at) {
				e.reach(f, at, s)
				return
			}
		}
		if e.steps++; e.steps >= maxSteps {
			e.fail(at, "more than %d instructions to follow", maxSteps)
			return
		}
		in := e.decode(at)
		if in.Len == 0 {
			if in.Name != "" {
				e.fail(at, "cannot follow %s", in.Name)
			} else {
				e.fail(at, "unknown instruction")
			}
			return
		}
		if e.isJumpLabel(at) {
			e.fail(at, "a branch that is patched at run time")
			return
		}
		if in.Name != "" && e.vague == "" {
			e.vague = in.Name + " at " + e.describe(at)
		}
		steps := e.slab[in.First : in.First+int(in.Steps)]
		for i := range steps {
			e.step(s, &steps[i], at)
		}
		next := ir.PC{Section: at.Section, Offset: at.Offset + uint32(in.Len)}
		switch in.Flow {
		case ir.FlowNext:
		case ir.FlowStop:
			return
		case ir.FlowReturn:
			e.leave(f, s)
			return
		case ir.FlowReturnIf:
			e.leave(f, s)
		case ir.FlowIndirect:
			e.jumpRegister(f, in.CondReg, s, at)
			return
		case ir.FlowCallReg:
			e.callAnything(s)
		case ir.FlowJump:
			e.jump(f, in.Target, s, at)
			return
		case ir.FlowBranch:
			if !e.branch(f, in, s, at) {
				return
			}
		case ir.FlowCall:
			target := in.Target // decode may replace in
			if !e.call(target, s, at) {
				return
			}
		}
		at = next
	}
}

// jump continues at a target: in the same function, or in another one that then
// returns for this one.
func (e *engine) jump(f *frame, to ir.Value, s *state, at ir.PC) {
	switch {
	case !to.Exact():
		e.fail(at, "a jump to an unknown address")
	case to.Reg.IsExtern():
		name := e.symbol(uint32(to.Reg.Number())).Name
		switch lookUp(name).effect {
		case effectReturn:
			e.leave(f, s)
		case effectIndirect:
			e.jumpRegister(f, thunkRegister(name), s, at)
		default:
			if e.callExternal(s, to.Reg.Number(), at) {
				e.leave(f, s)
			}
		}
	default:
		p, ok := to.Code()
		if !ok {
			e.fail(at, "a jump to an unknown address")
			return
		}
		e.reach(f, p, s)
	}
}

// jumpRegister ends a path at a jump to the address in a register: a return when that is
// where this function was called from.
func (e *engine) jumpRegister(f *frame, reg int8, s *state, at ir.PC) {
	if reg != ir.NoReg && s.regs[reg] == (ir.Value{Kind: ir.ReturnAddress, Off: int64(len(e.stack))}) {
		e.leave(f, s)
		return
	}
	e.fail(at, "an indirect jump")
}

// branch handles both ways of a conditional branch and reports whether the path goes
// on behind it.
func (e *engine) branch(f *frame, in *ir.Insn, s *state, at ir.PC) bool {
	v := s.cmp
	if in.CondReg != ir.NoReg {
		v = s.regs[in.CondReg]
	} else if in.Field != s.field {
		v = ir.Value{}
	}
	cond, target := in.Cond, in.Target
	taken, passed := true, true
	if ir.IsNumber(v) {
		switch cond {
		case ir.CondZero:
			taken, passed = v.Off == 0, v.Off != 0
		case ir.CondNotZero:
			taken, passed = v.Off != 0, v.Off == 0
		}
	}
	if p, ok := target.Code(); taken && ok && v.Kind != ir.Verdict {
		e.reach(f, p, s)
	} else if taken {
		t := e.get()
		t.copyFrom(s)
		if v.Kind == ir.Verdict && (cond == ir.CondNotZero || cond == ir.CondNegative) {
			t.refuse(v.Reg, v.Off)
		}
		e.jump(f, target, t, at)
		e.put(t)
	}
	if v.Kind == ir.Verdict && (cond == ir.CondZero || cond == ir.CondNotNegative) {
		s.refuse(v.Reg, v.Off)
	}
	return passed
}

// call follows a call and reports whether it comes back.
func (e *engine) call(to ir.Value, s *state, at ir.PC) bool {
	if to.Exact() && to.Reg.IsExtern() {
		return e.callExternal(s, to.Reg.Number(), at)
	}
	p, ok := to.Code()
	if !ok {
		e.fail(at, "a call of an unknown address")
		return false
	}
	if e.lenient || e.decode(p).Flow == ir.FlowIndirect { // s390x: a thunk for calls through a register
		e.callAnything(s)
		s.regs[e.m.Result] = ir.Anything(s.escaped)
		return true
	}
	m := e.m
	if m.Pushes != 0 {
		s.regs[m.SP] = ir.Add(s.regs[m.SP], -m.Pushes)
		e.store(s, s.regs[m.SP], int(m.Pushes), ir.Anything(0), at)
	}
	if m.Link != ir.NoReg {
		s.regs[m.Link] = ir.Value{Kind: ir.ReturnAddress, Off: int64(len(e.stack) + 1)}
	}
	depth := len(e.stack)
	e.sites[depth-1] = at
	exit := e.run(p, s)
	e.sites[depth-1] = ir.PC{}
	if exit == nil {
		return false
	}
	s.copyFrom(exit)
	e.put(exit)
	s.regs[m.SP] = ir.Add(s.regs[m.SP], m.Pushes)
	return true
}

// isJumpLabel reports whether __jump_table has an entry for the code at a place.
func (e *engine) isJumpLabel(at ir.PC) bool {
	if e.in.JumpTable <= 0 {
		return false
	}
	e.readJumpTable()
	_, ok := slices.BinarySearchFunc(e.labels, at, compare)
	return ok
}

// readJumpTable lists the code that __jump_table refers to. Each entry names its branch,
// its target and its key; that targets are listed too costs answers, never right ones.
func (e *engine) readJumpTable() {
	if e.labelsRead {
		return
	}
	e.labelsRead = true
	sec := e.section(e.in.JumpTable)
	if sec == nil {
		return
	}
	for i := range sec.Relocs {
		r := &sec.Relocs[i]
		if r.Offset%16 != 0 { // struct jump_entry: code and target are 32 bits each, the key 64
			continue
		}
		if v, ok := e.Target(r.Sym, r.Addend); ok {
			if p, ok := v.Code(); ok {
				e.labels = append(e.labels, p)
			}
		}
	}
	slices.SortFunc(e.labels, compare)
}
