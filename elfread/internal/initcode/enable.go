package initcode

import (
	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/klp"
)

// call is a call of klp_enable_patch().
type call struct {
	at      ir.PC
	reached bool     // by the interpretation of init
	arg     ir.Value // on every path
	answer  answer
}

// answer is what is known of the replace field where klp_enable_patch() is called.
type answer struct {
	kind   answerKind
	width  uint8
	val    ir.Value // of inData: where the field is
	at     ir.PC
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
func (e *engine) enabled(s *state, arg ir.Value, at ir.PC) {
	ans := e.replace(s, arg)
	c := e.callAt(at)
	if c == nil {
		e.fail(at, "more than %d calls of klp_enable_patch()", maxCalls)
		return
	}
	if c.reached {
		c.arg, c.answer = ir.Join(c.arg, arg), e.joinAnswers(c.answer, ans)
	} else {
		c.reached, c.arg, c.answer = true, arg, ans
	}
	if !arg.Exact() {
		return
	}
	for _, v := range s.enabled {
		if v == arg && (!e.repeats || earlier(at, e.repeatAt) == at) {
			e.repeats, e.repeatAt = true, at
		}
	}
	s.enable(arg)
}

func (e *engine) callAt(at ir.PC) *call {
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
func (e *engine) replace(s *state, arg ir.Value) answer {
	unknown := func(reason string) answer { return answer{kind: notKnown, reason: reason} }
	switch {
	case arg.IsZero():
		return unknown("klp_enable_patch() is called with NULL")
	case !arg.Exact():
		return unknown("the argument of klp_enable_patch() is not known")
	}
	r, off := arg.Reg, arg.Off+int64(e.in.ReplaceOffset)
	var hit *cell
	n := 0
	for i := range s.cells {
		if c := &s.cells[i]; c.overlaps(r, off, 1) {
			hit = c
			n++
		}
	}
	if r.IsAlloc() {
		mod, ok := e.loadExact(s, r, arg.Off, 8)
		if !ok || !e.isThisModule(mod) {
			return unknown("the patch that klp_enable_patch() is called with does not get &__this_module on every path")
		}
		switch {
		case n == 0 && s.isWild(r):
			return unknown("the allocated patch may have been written to by code that was not analyzed")
		case n == 0 && e.allocs[r.Number()].zero:
			return answer{kind: known, val: ir.Number(0), at: e.allocs[r.Number()].at}
		case n == 0:
			return unknown("the replace field of the allocated patch is never stored to")
		}
	} else {
		switch {
		case !r.IsSection():
			return unknown("klp_enable_patch() is called with a patch outside the module")
		case n == 0 && s.isWild(r):
			return unknown("the module's data may have been written to through an unknown address")
		case s.blind && e.isExposed(r, off):
			return unknown("the patch may have been written to by code that was not analyzed")
		case n == 0:
			return e.parameter(ir.Value{Kind: ir.Address, Reg: r, Off: off})
		}
	}
	switch {
	case n > 1 || hit.off != off || !hit.clean:
		return unknown("the store to the replace field is not understood")
	case hit.val.Kind == ir.Constant || hit.val.Exact() && hit.val.Reg.IsSection() && hit.width == 8:
		return answer{kind: known, width: hit.width, val: hit.val, at: hit.at}
	}
	if k := hit.val.Kind; hit.val.Vague() || k == ir.LowByte || k == ir.LowWord {
		return unknown("the value stored to the replace field is not known")
	}
	return answer{kind: atRuntime, width: hit.width, at: hit.at, reason: "the stored value is not a constant, or depends on the path"}
}

// parameter is the answer for a static patch that init does not store to: a module
// parameter may be bound to the field, or have functions of the module that set it
// (struct kernel_param, include/linux/moduleparam.h: ops at 16, arg at 32, of 40 bytes).
func (e *engine) parameter(at ir.Value) answer {
	r, off := at.Reg, at.Off
	if e.in.Params <= 0 {
		return answer{kind: inData, val: at}
	}
	sec := e.section(e.in.Params)
	if sec == nil {
		return answer{kind: notKnown, reason: "the module's parameters cannot be read"}
	}
	for i := range sec.Relocs {
		rel := &sec.Relocs[i]
		v, ok := e.Target(rel.Sym, rel.Addend)
		switch field := rel.Offset % 40; {
		case !ok && field >= 16:
			return answer{kind: notKnown, reason: "the module's parameters cannot be read"}
		case field == 16 && v.Reg.IsSection():
			return answer{kind: notKnown, reason: "a module parameter has functions of its own, which run before init"}
		case field == 32 && v.Reg == r && v.Off >= off && v.Off < off+8:
			return answer{
				kind: atRuntime, at: ir.PC{Section: uint32(e.in.Params), Offset: uint32(min(rel.Offset, 1<<31))},
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
	case a.kind == inData && b.kind == known && e.mayHold(a.val.Reg.Number(), a.val.Off, int(b.width), b.val):
		return answer{kind: notKnown, reason: "the value stored to the replace field on some paths may equal its value on the others"}
	}
	if a.at == (ir.PC{}) {
		a.at = b.at
	}
	if a.width != b.width {
		a.width = max(a.width, b.width)
	}
	return answer{kind: atRuntime, width: a.width, at: a.at, reason: "the stored value is not a constant, or depends on the path"}
}

// isThisModule reports whether v is &__this_module.
func (e *engine) isThisModule(v ir.Value) bool {
	if !v.Exact() || v.Off != 0 {
		return false
	}
	if v.Reg.IsSection() {
		sec := e.section(v.Reg.Number())
		return sec != nil && sec.Name == ".gnu.linkonce.this_module"
	}
	return v.Reg.IsExtern() && e.symbol(uint32(v.Reg.Number())).Name == "__this_module"
}

// argument classifies the argument of a call.
func (c *call) argument() (klp.EnableArg, Place) {
	switch {
	case !c.reached:
	case c.arg.IsZero():
		return klp.ArgNull, Place{}
	case c.arg.Exact() && c.arg.Reg.IsSection() && c.arg.Off >= 0:
		return klp.ArgData, Place{c.arg.Reg.Number(), uint64(c.arg.Off)}
	case c.arg.Pointer() && c.arg.Reg.IsAlloc():
		return klp.ArgAllocated, Place{}
	}
	return klp.ArgUnknown, Place{}
}
