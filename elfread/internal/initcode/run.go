package initcode

import "slices"

// leader is a place where paths may meet, with what holds there.
type leader struct {
	at    place
	state *state
}

// frame is the interpretation of one function. Its slices are used again.
type frame struct {
	leaders []leader // by place
	queue   []place  // leaders to run, sorted
	next    int      // index of the first leader behind the path; see atLeader
	exit    *state   // what holds at the returns; nil while none was reached
	// section and bounds of the function symbol around the code being run
	section uint32
	lo, hi  uint64
}

func compare(a, b place) int {
	switch {
	case a == b:
		return 0
	case earlier(a, b) == a:
		return -1
	}
	return 1
}

func (f *frame) find(at place) (int, bool) {
	return slices.BinarySearchFunc(f.leaders, at, func(l leader, at place) int { return compare(l.at, at) })
}

// atLeader reports whether a place is a leader. Paths go on from one instruction to
// the next one, so that the leader is found without a search; reach and path reset
// what it goes by.
func (f *frame) atLeader(at place) bool {
	for f.next > 0 && earlier(f.leaders[f.next-1].at, at) == at {
		f.next--
	}
	for f.next < len(f.leaders) && f.leaders[f.next].at != at && earlier(f.leaders[f.next].at, at) != at {
		f.next++
	}
	return f.next < len(f.leaders) && f.leaders[f.next].at == at
}

// reach adds a path to a place.
func (e *engine) reach(f *frame, at place, s *state) {
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
func (e *engine) run(start place, entry *state) *state {
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
func (e *engine) inside(f *frame, at place, jumped bool) bool {
	if at.section == f.section && uint64(at.offset) >= f.lo && uint64(at.offset) < f.hi {
		return true
	}
	if !jumped {
		return false
	}
	sec := e.section(int(at.section))
	if sec == nil || !sec.Exec {
		return false
	}
	f.section, f.lo, f.hi = at.section, 0, uint64(len(sec.Data))
	if fn, ok := e.in.Source.Function(Place{int(at.section), uint64(at.offset)}); ok && fn.Lo < fn.Hi {
		f.lo, f.hi = fn.Lo, min(fn.Hi, f.hi)
	}
	return uint64(at.offset) >= f.lo && uint64(at.offset) < f.hi
}

// path interprets from one leader to the next, or to the path's end.
func (e *engine) path(f *frame, at place, s *state) {
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
		if in.len == 0 {
			if in.name != "" {
				e.fail(at, "cannot follow %s", in.name)
			} else {
				e.fail(at, "unknown instruction")
			}
			return
		}
		if e.isJumpLabel(at) {
			e.fail(at, "a branch that is rewritten at run time")
			return
		}
		if in.name != "" && e.vague == "" {
			e.vague = in.name + " at " + e.describe(at)
		}
		steps := e.slab[in.first : in.first+int(in.nops)]
		for i := range steps {
			e.step(s, &steps[i], at)
		}
		next := place{at.section, at.offset + uint32(in.len)}
		switch in.flow {
		case flowNext:
		case flowStop:
			return
		case flowReturn:
			e.leave(f, s)
			return
		case flowReturnIf:
			e.leave(f, s)
		case flowIndirect:
			e.jumpRegister(f, in.condReg, s, at)
			return
		case flowCallReg:
			e.callAnything(s)
		case flowJump:
			e.jump(f, in.target, s, at)
			return
		case flowBranch:
			if !e.branch(f, in, s, at) {
				return
			}
		case flowCall:
			target := in.target // decode may replace in
			if !e.call(target, s, at) {
				return
			}
		}
		at = next
	}
}

// jump continues at a target: in the same function, or in another one that then
// returns for this one.
func (e *engine) jump(f *frame, to value, s *state, at place) {
	switch {
	case !to.exact():
		e.fail(at, "a jump to an unknown place")
	case to.reg.isExtern():
		name := e.symbol(uint32(to.reg.number())).Name
		switch lookUp(name).effect {
		case effectReturn:
			e.leave(f, s)
		case effectIndirect:
			e.jumpRegister(f, thunkRegister(name), s, at)
		default:
			if e.callExternal(s, to.reg.number(), at) {
				e.leave(f, s)
			}
		}
	default:
		p, ok := e.code(to)
		if !ok {
			e.fail(at, "a jump to an unknown place")
			return
		}
		e.reach(f, p, s)
	}
}

// jumpRegister ends a path at a jump to the address in a register: a return when that is
// where this function was called from.
func (e *engine) jumpRegister(f *frame, reg int8, s *state, at place) {
	if reg != noReg && s.regs[reg] == (value{kind: back, off: int64(len(e.stack))}) {
		e.leave(f, s)
		return
	}
	e.fail(at, "an indirect jump")
}

// code is the place of an address in a section.
func (e *engine) code(v value) (place, bool) {
	if !v.exact() || !v.reg.isSection() || v.off < 0 || v.off > 1<<31 {
		return place{}, false
	}
	return place{uint32(v.reg.number()), uint32(v.off)}, true
}

// branch handles both ways of a conditional branch and reports whether the path goes
// on behind it.
func (e *engine) branch(f *frame, in *insn, s *state, at place) bool {
	v := s.cmp
	if in.condReg != noReg {
		v = s.regs[in.condReg]
	} else if in.field != s.field {
		v = value{}
	}
	cond, target := in.cond, in.target
	taken, passed := true, true
	if isNumber(v) {
		switch cond {
		case condZero:
			taken, passed = v.off == 0, v.off != 0
		case condNotZero:
			taken, passed = v.off != 0, v.off == 0
		}
	}
	if p, ok := e.code(target); taken && ok && v.kind != verdict {
		e.reach(f, p, s)
	} else if taken {
		t := e.get()
		t.copyFrom(s)
		if v.kind == verdict && (cond == condNotZero || cond == condNegative) {
			t.refuse(v.reg, v.off)
		}
		e.jump(f, target, t, at)
		e.put(t)
	}
	if v.kind == verdict && (cond == condZero || cond == condNotNegative) {
		s.refuse(v.reg, v.off)
	}
	return passed
}

// call follows a call and reports whether it comes back.
func (e *engine) call(to value, s *state, at place) bool {
	if to.exact() && to.reg.isExtern() {
		return e.callExternal(s, to.reg.number(), at)
	}
	p, ok := e.code(to)
	if !ok {
		e.fail(at, "a call of an unknown place")
		return false
	}
	if e.lenient || e.decode(p).flow == flowIndirect { // s390x: a thunk for calls through a register
		e.callAnything(s)
		s.regs[e.m.result] = anything(s.escaped)
		return true
	}
	m := e.m
	if m.pushes != 0 {
		s.regs[m.sp] = add(s.regs[m.sp], -m.pushes)
		e.store(s, s.regs[m.sp], int(m.pushes), anything(0), at)
	}
	if m.link != noReg {
		s.regs[m.link] = value{kind: back, off: int64(len(e.stack) + 1)}
	}
	depth := len(e.stack)
	e.sites[depth-1] = at
	exit := e.run(p, s)
	e.sites[depth-1] = place{}
	if exit == nil {
		return false
	}
	s.copyFrom(exit)
	e.put(exit)
	s.regs[m.sp] = add(s.regs[m.sp], m.pushes)
	return true
}

// isJumpLabel reports whether __jump_table has an entry for the code at a place.
func (e *engine) isJumpLabel(at place) bool {
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
		if v, ok := e.target(r.Sym, r.Addend); ok {
			if p, ok := e.code(v); ok {
				e.labels = append(e.labels, p)
			}
		}
	}
	slices.SortFunc(e.labels, compare)
}
