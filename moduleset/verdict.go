package moduleset

import (
	"fmt"

	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/replace"
)

// Verdict is what a model says of one ordered pair: one is active, next comes.
type Verdict struct {
	Evicts  bool
	Refused string // why the load is refused, one clause; "" when it is accepted
}

// String says the verdict in a clause that follows the name of next.
func (v Verdict) String() string {
	switch {
	case v.Refused != "":
		return "is refused with EINVAL: " + v.Refused
	case v.Evicts:
		return "replaces it"
	}
	return "is active beside it"
}

// Verdicts judges one ordered pair under every model and every value that is
// possible, in the order of Models; none where the set is not judged. It looks
// at every func and state of the two.
func (s *Set) Verdicts(next, active *Member) []Verdict {
	if s.problem != "" {
		return nil
	}
	var out []Verdict
	for i, m := range s.models {
		for _, n := range next.class.readings[i] {
			for _, a := range active.class.readings[i] {
				rel := m.Relate(n, a, s.options())
				out = append(out, Verdict{Evicts: rel.Evicted, Refused: refusal(rel, next, active)})
			}
		}
	}
	return out
}

// refusal applies the state and func rules of a relation, states first, as
// klp_is_patch_compatible() does.
func refusal(rel replace.Relation, next, active *Member) string {
	states := make(map[uint64]uint32, len(next.States))
	for i := range next.States {
		st := &next.States[i]
		if _, dup := states[st.ID]; !dup {
			states[st.ID] = st.Version
		}
	}
	for i := range active.States {
		st := &active.States[i]
		version, both := states[st.ID]
		switch {
		case rel.States == replace.StatesDisjoint && both:
			return fmt.Sprintf("both use state %d", st.ID)
		case rel.States == replace.StatesKept && !both:
			return fmt.Sprintf("it lacks state %d", st.ID)
		case rel.States != replace.StatesDisjoint && both && version < st.Version:
			return fmt.Sprintf("it has state %d at version %d, below %d", st.ID, version, st.Version)
		}
	}
	if rel.Funcs != replace.FuncsDisjoint {
		return ""
	}
	keys := active.nameKeys()
	for i := range next.Funcs {
		if f := &next.Funcs[i]; keys[f.NameKey()] {
			return "both patch " + f.Title()
		}
	}
	return ""
}

// Title is "object:func" in a message, with the position where it is not the
// first. An object spelled "vmlinux" in a static table is in quotes, for it is
// not the kernel image.
func (f *Func) Title() string {
	object := names.Cut(f.Object.Name)
	if f.Object.Literal {
		object = fmt.Sprintf("%q", object)
	}
	title := object + ":" + names.Show(f.Name)
	if f.Position() > 1 {
		title += fmt.Sprintf(",%d", f.Position())
	}
	return title
}

// ID is the func as findings name it for programs: the raw name, and the
// position where it is not the first.
func (f *Func) ID() string {
	if f.Position() > 1 {
		return fmt.Sprintf("%s,%d", f.Name, f.Position())
	}
	return f.Name
}
