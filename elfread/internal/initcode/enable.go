package initcode

import "github.com/klplint/klplint/klp"

// call is a call of klp_enable_patch().
type call struct {
	at      place
	reached bool  // by the interpretation of init
	arg     value // on every path
	answer  answer
}

// answer is what is known of the replace field where klp_enable_patch() is called.
type answer struct {
	kind   answerKind
	width  uint8
	val    value // of inData: where the field is
	at     place
	reason string
}

type answerKind uint8

const (
	notAsked answerKind = iota
	notKnown
	known
	atRuntime
	inData // nothing stores to the field of a static patch
)

// enabled accounts for a call of klp_enable_patch().
func (e *engine) enabled(s *state, arg value, at place) {
	ans := e.replace(s, arg)
	c := e.callAt(at)
	if c == nil {
		e.fail(at, "more than %d calls of klp_enable_patch()", maxCalls)
		return
	}
	if c.reached {
		c.arg, c.answer = join(c.arg, arg), e.joinAnswers(c.answer, ans)
	} else {
		c.reached, c.arg, c.answer = true, arg, ans
	}
	if !arg.exact() {
		return
	}
	for _, v := range s.enabled {
		if v == arg && (!e.repeats || earlier(at, e.repeatAt) == at) {
			e.repeats, e.repeatAt = true, at
		}
	}
	s.enable(arg)
}

func (e *engine) callAt(at place) *call {
	for i := range e.calls {
		if e.calls[i].at == at {
			return &e.calls[i]
		}
	}
	if len(e.calls) == maxCalls {
		return nil
	}
	e.calls = append(e.calls, call{at: at})
	return &e.calls[len(e.calls)-1]
}

// replace is what the field of the patch at arg holds.
func (e *engine) replace(s *state, arg value) answer {
	unknown := func(reason string) answer { return answer{kind: notKnown, reason: reason} }
	switch {
	case arg.isZero():
		return unknown("klp_enable_patch() is called with NULL")
	case !arg.exact():
		return unknown("the argument of klp_enable_patch() is not known")
	}
	r, off := arg.reg, arg.off+int64(e.in.ReplaceOffset)
	var hit *cell
	n := 0
	for i := range s.cells {
		if c := &s.cells[i]; c.overlaps(r, off, 1) {
			hit = c
			n++
		}
	}
	if r.isAlloc() {
		mod, ok := e.loadExact(s, r, arg.off, 8)
		if !ok || !e.isThisModule(mod) {
			return unknown("the patch that klp_enable_patch() is called with does not get &__this_module on every path")
		}
		switch {
		case n == 0 && s.isWild(r):
			return unknown("the allocated patch may have been written to by code that is not followed")
		case n == 0 && e.allocs[r.number()].zero:
			return answer{kind: known, val: number(0), at: e.allocs[r.number()].at}
		case n == 0:
			return unknown("the replace field of the allocated patch is never stored to")
		}
	} else {
		switch {
		case !r.isSection():
			return unknown("klp_enable_patch() is called with a patch outside the module")
		case n == 0 && s.isWild(r):
			return unknown("the module's data may have been written to through an address that is not known")
		case s.blind && e.isExposed(r, off):
			return unknown("the patch may have been written to by code that is not followed")
		case n == 0:
			return e.parameter(value{kind: address, reg: r, off: off})
		}
	}
	switch {
	case n > 1 || hit.off != off || !hit.clean:
		return unknown("the replace field is stored to in a way that is not understood")
	case hit.val.kind == constant || hit.val.exact() && hit.val.reg.isSection() && hit.width == 8:
		return answer{kind: known, width: hit.width, val: hit.val, at: hit.at}
	}
	if k := hit.val.kind; hit.val.vague() || k == lowByte || k == lowWord {
		return unknown("the value that is stored to the replace field is not understood")
	}
	return answer{kind: atRuntime, width: hit.width, at: hit.at, reason: "the stored value is not a constant, or depends on the path"}
}

// parameter is the answer for a static patch that init does not store to: a module
// parameter may be bound to the field, or have functions of the module that set it
// (struct kernel_param, include/linux/moduleparam.h: ops at 16, arg at 32, of 40 bytes).
func (e *engine) parameter(at value) answer {
	r, off := at.reg, at.off
	if e.in.Params <= 0 {
		return answer{kind: inData, val: at}
	}
	sec := e.section(e.in.Params)
	if sec == nil {
		return answer{kind: notKnown, reason: "the module's parameters cannot be read"}
	}
	for i := range sec.Relocs {
		rel := &sec.Relocs[i]
		v, ok := e.target(rel.Sym, rel.Addend)
		switch field := rel.Offset % 40; {
		case !ok && field >= 16:
			return answer{kind: notKnown, reason: "the module's parameters cannot be read"}
		case field == 16 && v.reg.isSection():
			return answer{kind: notKnown, reason: "a module parameter has functions of its own, which run before init"}
		case field == 32 && v.reg == r && v.off >= off && v.off < off+8:
			return answer{
				kind: atRuntime, at: place{uint32(e.in.Params), uint32(min(rel.Offset, 1<<31))},
				reason: "a module parameter is stored in the field",
			}
		}
	}
	return answer{kind: inData, val: at}
}

// joinAnswers is what is known where several calls, or several paths to one, gave
// these answers.
func (e *engine) joinAnswers(a, b answer) answer {
	switch {
	case a.kind == notAsked:
		return b
	case b.kind == notAsked || a == b:
		return a
	case a.kind == notKnown:
		return a
	case b.kind == notKnown:
		return b
	case a.kind == inData && b.kind == inData:
		return a
	case a.kind == known && b.kind == known && a.val == b.val:
		if a.width == b.width {
			a.at = earlier(a.at, b.at)
		} else if a.width < b.width { // a store tells more than a zeroed allocation
			a = b
		}
		return a
	case a.kind == known && b.kind == inData:
		return e.joinAnswers(b, a)
	case a.kind == inData && b.kind == known && e.mayHold(a.val.reg.number(), a.val.off, int(b.width), b.val):
		return answer{kind: notKnown, reason: "what is stored to the replace field on some path may be what it holds on the others"}
	}
	if a.at == (place{}) {
		a.at = b.at
	}
	if a.width != b.width {
		a.width = max(a.width, b.width)
	}
	return answer{kind: atRuntime, width: a.width, at: a.at, reason: "the stored value is not a constant, or depends on the path"}
}

// isThisModule reports whether v is &__this_module.
func (e *engine) isThisModule(v value) bool {
	if !v.exact() || v.off != 0 {
		return false
	}
	if v.reg.isSection() {
		sec := e.section(v.reg.number())
		return sec != nil && sec.Name == ".gnu.linkonce.this_module"
	}
	return v.reg.isExtern() && e.symbol(uint32(v.reg.number())).Name == "__this_module"
}

// argument classifies the argument of a call.
func (c *call) argument() (klp.EnableArg, Place) {
	switch {
	case !c.reached:
	case c.arg.isZero():
		return klp.ArgNull, Place{}
	case c.arg.exact() && c.arg.reg.isSection() && c.arg.off >= 0:
		return klp.ArgData, Place{c.arg.reg.number(), uint64(c.arg.off)}
	case c.arg.pointer() && c.arg.reg.isAlloc():
		return klp.ArgAllocated, Place{}
	}
	return klp.ArgUnknown, Place{}
}
