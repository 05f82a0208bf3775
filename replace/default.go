package replace

import (
	"fmt"

	"github.com/klplint/klplint/klp"
)

// MixedError says that modules carry different replace fields, so that no
// model follows from them: one kernel has one field.
type MixedError struct {
	A, B         string // names of two modules that differ, the first in order
	KindA, KindB klp.ReplaceKind
}

// Error names both modules and what has to be said.
func (e *MixedError) Error() string {
	return fmt.Sprintf("%s carries %s and %s carries %s: no kernel has both; choose one with --model",
		e.A, fieldName(e.KindA), e.B, fieldName(e.KindB))
}

// Default returns the models that the modules' own field asks for, where the
// user names none: mainline for the flag, replace-set for the number,
// supersedes for the number with a list beside it, and for the list both
// sets-positional and sets-flat, since which reading holds is not settled.
// Modules whose field is not known go by the others; where none tells, by
// mainline, which is all that released kernels know.
func Default(mods []*klp.Module) ([]Model, error) {
	var first *klp.Module
	lists := false
	for _, m := range mods {
		k := m.Replace.Kind
		if k == klp.KindUnknown || k == "" {
			continue
		}
		if first == nil {
			first = m
		}
		if k != first.Replace.Kind {
			return nil, &MixedError{A: ModuleName(first), B: ModuleName(m), KindA: first.Replace.Kind, KindB: k}
		}
		lists = lists || len(m.Replace.Supersedes) > 0
	}
	switch {
	case first == nil || first.Replace.Kind == klp.KindFlag:
		return []Model{Mainline{}}, nil
	case first.Replace.Kind == klp.KindSets:
		return []Model{SetsPositional{}, SetsFlat{}}, nil
	case lists:
		return []Model{Supersedes{}}, nil
	}
	return []Model{Set{}}, nil
}
