package rules

import (
	"fmt"

	"github.com/klplint/klplint/replace"
)

// verdict is what a model says of one ordered pair: active is loaded, next comes.
type verdict struct {
	evicted bool
	refused string // why the load is refused, one clause; "" when it is accepted
}

// String says the verdict in a clause that follows the name of next.
func (v verdict) String() string {
	switch {
	case v.refused != "":
		return "is refused with EINVAL: " + v.refused
	case v.evicted:
		return "replaces it"
	}
	return "is active beside it"
}

// verdicts judges one ordered pair under every model and value, in the order of
// the models. It looks at every func and state of the two: for pairs that an
// index has found.
func (s *Set) verdicts(active, next *Member) []verdict {
	var out []verdict
	for _, j := range s.judged {
		for _, n := range j.readings[next.class] {
			for _, a := range j.readings[active.class] {
				rel := j.model.Relate(n, a, s.replaceOptions())
				out = append(out, verdict{evicted: rel.Evicted, refused: refusal(rel, active, next)})
			}
		}
	}
	return out
}

// refusal applies the state and func rules of a relation, states first, as
// klp_is_patch_compatible() does.
func refusal(rel replace.Relation, active, next *Member) string {
	states := make(map[uint64]uint32, len(next.states))
	for _, st := range next.states {
		if _, dup := states[st.id]; !dup {
			states[st.id] = st.version
		}
	}
	for _, st := range active.states {
		version, both := states[st.id]
		switch {
		case rel.States == replace.StatesDisjoint && both:
			return fmt.Sprintf("both use state %d", st.id)
		case rel.States == replace.StatesKept && !both:
			return fmt.Sprintf("it lacks state %d", st.id)
		case rel.States != replace.StatesDisjoint && both && version < st.version:
			return fmt.Sprintf("it has state %d at version %d, below %d", st.id, version, st.version)
		}
	}
	if rel.Funcs != replace.FuncsDisjoint {
		return ""
	}
	keys := make(map[uint32]bool, len(active.funcs))
	for i := range active.funcs {
		keys[active.funcs[i].key] = true
	}
	for i := range next.funcs {
		if keys[next.funcs[i].key] {
			return "both patch " + next.funcTitle(uint32(i))
		}
	}
	return ""
}
