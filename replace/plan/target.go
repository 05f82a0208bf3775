package plan

import (
	"fmt"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// target answers from the plan's symbols, and for objects that the plan does
// not list from the kernel that was given beside it.
type target struct {
	symbols     map[string]replace.SymbolList
	untraceable map[string]map[string]bool
	behaviour   klp.Behaviour
	next        klp.Target // may be nil
}

// Behaviour is that of the run.
func (t *target) Behaviour() klp.Behaviour { return t.behaviour }

// FindFunc answers from the plan first.
func (t *target) FindFunc(object, name string, sympos uint64) klp.SymbolAnswer {
	a := t.findFunc(object, name, sympos)
	if t.untraceable[object][name] && (a.Status == klp.SymbolFound || a.Status == klp.SymbolUnknown) {
		a.Status = klp.SymbolUntraceable
		a.Refusal = klp.Refusal{
			Errno: "EINVAL", Message: fmt.Sprintf("failed to find location for function '%s'", name),
			Reason: fmt.Sprintf("ftrace cannot hook %s:%s", object, name),
		}
	}
	return a
}

func (t *target) findFunc(object, name string, sympos uint64) klp.SymbolAnswer {
	if l, ok := t.symbols[object]; ok {
		return l.FindFunc(object, name, sympos)
	}
	if t.next != nil {
		return t.next.FindFunc(object, name, sympos)
	}
	return klp.SymbolAnswer{Status: klp.SymbolUnknown, Reason: "the plan lists no symbols of " + object}
}

// FindSym answers from the plan first.
func (t *target) FindSym(object, name string, sympos uint64) klp.SymbolAnswer {
	if l, ok := t.symbols[object]; ok {
		return l.FindSym(object, name, sympos)
	}
	if t.next != nil {
		return t.next.FindSym(object, name, sympos)
	}
	return klp.SymbolAnswer{Status: klp.SymbolUnknown, Reason: "the plan lists no symbols of " + object}
}

// CheckLoad is the kernel's: a plan says nothing of it.
func (t *target) CheckLoad(m *klp.Module) []klp.Refusal {
	if t.next != nil {
		return t.next.CheckLoad(m)
	}
	return nil
}
