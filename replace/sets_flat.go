package replace

import (
	"slices"

	"github.com/klplint/klplint/klp"
)

// SetsFlat is the other reading of Petr Mladek's proposal of 17 June 2026,
// u32 *replace_sets, a zero-terminated array, that Joe Lawrence asks about on
// the same day (ajL-Y3dapC1FiAwx@redhat.com). Which reading won is not known.
//
// A livepatch belongs to every set of its list alike, and the order says
// nothing. Loading it replaces every active livepatch that shares a set with
// it, as a whole. So {2} after {1,2} replaces it, and with it all that
// {1,2} fixed; whether two livepatches may be active together does not depend
// on their order.
//
// Towards what it replaces every state must be kept; towards what stays no
// state id and no func may be shared (as Supersedes).
type SetsFlat struct{}

// Name returns "sets-flat".
func (SetsFlat) Name() string { return NameSetsFlat }

// About says what the model does, in one paragraph.
func (SetsFlat) About() string {
	return `A zero-terminated list of sets, all alike: the livepatch belongs to every one and
replaces each active livepatch that shares one with it. {2} after {1,2} replaces it.`
}

// Read takes the list; a number counts as a list of one.
func (m SetsFlat) Read(r *klp.Replace) (Reading, error) {
	list, err := setList(m, r)
	if err != nil {
		return Reading{}, err
	}
	return Reading{Sets: list}, nil
}

// Relate intersects the two lists, the new one with what is overridden.
func (SetsFlat) Relate(next, active Reading, o Options) Relation {
	if o.ZeroSpecial && slices.Contains(active.Sets, 0) && !slices.Contains(next.Sets, 0) {
		return apart()
	}
	var shared []uint32
	for _, s := range active.Sets {
		if slices.Contains(next.Sets, s) || slices.Contains(o.Override, s) {
			shared = append(shared, s)
		}
	}
	if shared == nil {
		return apart()
	}
	return evicted(shared...)
}
