package replace

import "github.com/klplint/klplint/klp"

// SetsPositional is one of the two readings of Petr Mladek's proposal of 17
// June 2026, u32 *replace_sets, a zero-terminated array, that Joe Lawrence
// asks about on the same day (ajL-Y3dapC1FiAwx@redhat.com): { set [, eviction
// set ...] }. Which reading won is not known.
//
// A livepatch belongs to the first set of its list. Loading it replaces the
// active livepatches of every listed set. So {2} after {1,2} coexists with it,
// for {1,2} belongs to set 1 only, while {1,2} after {2} replaces it.
//
// Towards what it replaces every state must be kept; towards what stays no
// state id and no func may be shared (as Supersedes). Order matters for the
// latter: {2} after {1,2} is held to the func rule, {1,2} after {2} is not.
type SetsPositional struct{}

// Name returns "sets-positional".
func (SetsPositional) Name() string { return NameSetsPositional }

// About says what the model does, in one paragraph.
func (SetsPositional) About() string {
	return `A zero-terminated list of sets, read by position: the livepatch belongs to the first set
and replaces the active livepatches of every listed one. {2} after {1,2} coexists.`
}

// Read takes the list; a number counts as a list of one.
func (m SetsPositional) Read(r *klp.Replace) (Reading, error) {
	list, err := setList(m, r)
	if err != nil {
		return Reading{}, err
	}
	return Reading{Sets: list[:1:1], Evicts: list[1:]}, nil
}

// Relate compares the active one's own set with the whole new list.
func (SetsPositional) Relate(next, active Reading, o Options) Relation {
	return ownSet(next, active, o)
}
