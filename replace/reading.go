package replace

import (
	"fmt"
	"slices"

	"github.com/klplint/klplint/klp"
)

// FieldError says why a model cannot read a module's replace field. Nothing is
// converted: false means "replaces nothing" in one field, and the same zero
// byte means "the default set, all of which replace each other" in another.
type FieldError struct {
	Model string          // the model that was asked
	Kind  klp.ReplaceKind // the field that the module carries
	Needs string          // what the model needs, e.g. "u32 replace_set"
	Value string          // why a field of the right kind does not do; "" otherwise
}

// Error names the model, what it needs and what is there.
func (e *FieldError) Error() string {
	if e.Value != "" {
		return fmt.Sprintf("model %s: %s", e.Model, e.Value)
	}
	return fmt.Sprintf("model %s needs %s, the module carries %s", e.Model, e.Needs, fieldName(e.Kind))
}

// Unknown reports that the value itself is not known, so that both values of
// the flag have to be judged.
func (e *FieldError) Unknown() bool { return e.Kind == klp.KindUnknown }

func fieldName(k klp.ReplaceKind) string {
	switch k {
	case klp.KindFlag:
		return "bool replace"
	case klp.KindSet:
		return "u32 replace_set"
	case klp.KindSets:
		return "u32 *replace_sets"
	}
	return "a replace field that is not known"
}

// readable refuses values that are not proven.
func readable(m Model, r *klp.Replace) error {
	if r.Known() {
		return nil
	}
	why := "the value of replace is not known"
	if r.Source == klp.FromRuntime {
		why = "the value of replace is decided at run time"
	}
	if r.Reason != "" {
		why += ": " + r.Reason
	}
	return &FieldError{Model: m.Name(), Kind: klp.KindUnknown, Value: why}
}

// oneSet reads the number of the models in which a livepatch has one set.
func oneSet(m Model, r *klp.Replace) (uint32, error) {
	if err := readable(m, r); err != nil {
		return 0, err
	}
	switch r.Kind {
	case klp.KindSet:
		return r.Set, nil
	case klp.KindSets:
		list := orZero(distinct(r.Sets))
		if len(list) == 1 {
			return list[0], nil
		}
		return 0, &FieldError{Model: m.Name(), Kind: r.Kind, Value: fmt.Sprintf(
			"the module lists the sets %s, and which of them is its own is what %s and %s disagree about",
			FormatSets(list), NameSetsPositional, NameSetsFlat)}
	}
	return 0, &FieldError{Model: m.Name(), Kind: r.Kind, Needs: fieldName(klp.KindSet)}
}

// setList reads the list of the models in which a livepatch has one.
func setList(m Model, r *klp.Replace) ([]uint32, error) {
	if err := readable(m, r); err != nil {
		return nil, err
	}
	switch {
	case r.Kind == klp.KindSets:
		return orZero(distinct(r.Sets)), nil
	case r.Kind == klp.KindSet && len(r.Supersedes) == 0:
		return []uint32{r.Set}, nil
	case r.Kind == klp.KindSet:
		return nil, &FieldError{Model: m.Name(), Kind: r.Kind, Value: "the module has supersedes beside its set; that is model " + NameSupersedes}
	}
	return nil, &FieldError{Model: m.Name(), Kind: r.Kind, Needs: fieldName(klp.KindSets)}
}

// orZero puts a livepatch without any set into set 0 (see question Q5).
func orZero(list []uint32) []uint32 {
	if len(list) == 0 {
		return []uint32{0}
	}
	return list
}

// distinct returns the list without repetitions, in its order (question Q4).
func distinct(list []uint32) []uint32 {
	var out []uint32
	if len(list) <= 16 {
		for _, s := range list {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
		return out
	}
	seen := make(map[uint32]bool, len(list))
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// FormatSets writes a list of sets as the discussion does: {1,2}.
func FormatSets(list []uint32) string {
	b := []byte{'{'}
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Append(b, s)
	}
	return string(append(b, '}'))
}
