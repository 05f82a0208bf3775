package rules

import "github.com/klplint/klplint/klp"

// ObjectRule returns the rule that reports an object that the target kernel has
// no module for.
func ObjectRule() *Rule { return klp309 }

// SymbolRule returns the rule that reports a func whose look-up gives this
// answer, nil for one that is found and for one that is not known.
func SymbolRule(a klp.SymbolAnswer) *Rule {
	switch {
	case a.Reason == initText && a.Status != klp.SymbolFound:
		return klp306
	case a.Status == klp.SymbolMissing:
		return klp302
	case a.Status == klp.SymbolAmbiguous:
		return klp303
	case a.Status == klp.SymbolBeyond:
		return klp304
	case a.Status == klp.SymbolUntraceable:
		return klp305
	}
	return nil
}
