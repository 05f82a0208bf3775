package replace

import (
	"fmt"

	"github.com/klplint/klplint/klp"
)

// Symbols answers look-ups in one object's symbols. A klp.Target is one.
type Symbols interface {
	// FindFunc finds a function and the place where ftrace hooks it.
	FindFunc(object, name string, sympos uint64) klp.SymbolAnswer
	// FindSym finds a symbol.
	FindSym(object, name string, sympos uint64) klp.SymbolAnswer
}

// SymbolList is a complete list of an object's symbols: how often each name
// occurs. All of them are traceable functions.
type SymbolList map[string]int

// FindFunc answers as klp_find_object_symbol() does.
func (l SymbolList) FindFunc(object, name string, sympos uint64) klp.SymbolAnswer {
	return l.FindSym(object, name, sympos)
}

// FindSym answers as klp_find_object_symbol() does: position 0 demands a
// unique name, N counts occurrences from 1.
func (l SymbolList) FindSym(object, name string, sympos uint64) klp.SymbolAnswer {
	n := l[name]
	a := klp.SymbolAnswer{Status: klp.SymbolFound, Matches: n}
	switch {
	case n <= 0:
		a.Status = klp.SymbolMissing
		a.Refusal = klp.Refusal{
			Errno: "EINVAL", Message: fmt.Sprintf("symbol '%s' not found in symbol table", name),
			Reason: fmt.Sprintf("%s has no symbol %q", object, name),
		}
	case sympos == 0 && n > 1:
		a.Status = klp.SymbolAmbiguous
		shown := object
		if object == klp.VmlinuxObjectName {
			shown = "(null)"
		}
		a.Refusal = klp.Refusal{
			Errno: "EINVAL", Message: fmt.Sprintf("unresolvable ambiguity for symbol '%s' in object '%s'", name, shown),
			Reason: fmt.Sprintf("%s has %d symbols named %q, and sympos 0 demands one", object, n, name),
		}
	case sympos > uint64(n):
		a.Status = klp.SymbolBeyond
		a.Refusal = klp.Refusal{
			Errno: "EINVAL", Message: fmt.Sprintf("symbol position %d for symbol '%s' in object '%s' not found", sympos, name, object),
			Reason: fmt.Sprintf("sympos is %d, but the number of symbols named %q in %s is %d", sympos, name, object, n),
		}
	}
	return a
}

// ownSymbols is what is known of a livepatch module's own symbols: the
// replacement functions are among them.
func ownSymbols(p *Livepatch) Symbols {
	known := make(partialSymbols)
	for _, o := range p.Module.Patch.Objects {
		for _, f := range o.Funcs {
			if f.New.Symbol != "" && !f.New.Import {
				known[f.New.Symbol] = true
			}
		}
	}
	return known
}

// partialSymbols knows some of an object's symbols, and not how often they occur.
type partialSymbols map[string]bool

// FindFunc answers as FindSym.
func (l partialSymbols) FindFunc(object, name string, sympos uint64) klp.SymbolAnswer {
	return l.FindSym(object, name, sympos)
}

// FindSym finds a first occurrence of a known name; all else is not known.
func (l partialSymbols) FindSym(object, name string, sympos uint64) klp.SymbolAnswer {
	if l[name] && sympos == 1 {
		return klp.SymbolAnswer{Status: klp.SymbolFound, Matches: 1}
	}
	return klp.SymbolAnswer{Status: klp.SymbolUnknown, Reason: "the symbols of " + object + " are not known"}
}

// lookup asks whoever knows the object's symbols: the loaded module's own
// list, then the target kernel.
func (s *System) lookup(o *object, loaded *module) Symbols {
	if loaded != nil && loaded.symbols != nil {
		return loaded.symbols
	}
	if s.env.Target != nil {
		return s.env.Target
	}
	return partialSymbols(nil)
}
