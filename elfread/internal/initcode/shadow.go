package initcode

import (
	"slices"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/klp"
)

// maxShadowFunctions bounds the functions that are searched for constant ids.
const maxShadowFunctions = 256

// shadowCall is a call of klp_shadow_*().
type shadowCall struct {
	at   ir.PC
	name string
	id   ir.Value // on every path
}

// shadow notes a call of klp_shadow_*().
func (e *engine) shadow(_ *state, name string, id ir.Value, at ir.PC) {
	for i := range e.ids {
		if e.ids[i].at == at {
			e.ids[i].id = ir.Join(e.ids[i].id, id)
			return
		}
	}
	if len(e.ids) < maxCalls {
		e.ids = append(e.ids, shadowCall{at, name, id})
	}
}

// shadowIDs interprets every function that calls klp_shadow_*(), each by itself: nothing
// is known where it starts, and what it calls may do anything but change the registers
// that the calling convention keeps.
func (e *engine) shadowIDs() []klp.ShadowID {
	e.lenient = true
	defer func() { e.lenient = false }()
	e.ids = e.ids[:0]
	done := 0
	for _, index := range e.in.Exec {
		sec := e.section(index)
		if sec == nil {
			continue
		}
		var last Function
		for i := range sec.Relocs {
			r := &sec.Relocs[i]
			if r.Offset >= uint64(len(sec.Data)) || lookUp(e.symbol(r.Sym).Name).effect != effectShadow {
				continue
			}
			fn, ok := e.in.Source.Function(Place{index, r.Offset})
			if !ok || fn.Lo > r.Offset || fn == last {
				continue
			}
			last = fn
			if done++; done > maxShadowFunctions {
				return nil
			}
			e.analyse(ir.PC{Section: uint32(index), Offset: uint32(fn.Lo)})
		}
	}
	slices.SortFunc(e.ids, func(a, b shadowCall) int { return compare(a.at, b.at) })
	var out []klp.ShadowID
	for _, c := range e.ids {
		if ir.IsNumber(c.id) {
			out = append(out, klp.ShadowID{ID: uint64(c.id.Off), By: c.name, At: e.location(c.at)})
		}
	}
	return out
}
