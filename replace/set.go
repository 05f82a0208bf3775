package replace

import "github.com/klplint/klplint/klp"

// Set is the second posting of "livepatch: Introduce replace set
// support" (Yafang Shao, 29 May 2026, 20260529034542.68766-1-laoar.shao@gmail.com;
// the code is in 2/4, -3-): u32 replace_set takes the place of bool replace.
// The third posting (7 June) has the same field; its text was not available.
//
// A livepatch belongs to one set, 0 unless it says otherwise. Loading it
// replaces the active one of its set, so that one is active per set; the
// livepatches of other sets stay as they are.
//
// klp_is_patch_compatible() runs over all active livepatches. Towards the one
// of the same set every state must be kept, at the same or a higher version.
// Towards other sets no state id may be shared at all, and no func: same
// object, name and position, where positions 0 and 1 are equal. The funcs of
// one that is being replaced are not looked at.
type Set struct{}

// Name returns "replace-set".
func (Set) Name() string { return NameReplaceSet }

// About says what the model does, in one paragraph.
func (Set) About() string {
	return `The series "livepatch: Introduce replace set support" (2026): a number in place of the
flag. A livepatch replaces the active ones of its own number and leaves the others; with
those it may share neither a func nor a state.`
}

// Read takes the number. A list of at most one set says the same as a number
// and is read so; a list of supersedes is not part of this proposal, and
// a kernel that follows it does not see one.
func (m Set) Read(r *klp.Replace) (Reading, error) {
	own, err := oneSet(m, r)
	if err != nil {
		return Reading{}, err
	}
	return Reading{Sets: []uint32{own}}, nil
}

// Relate compares the two numbers. Override and ZeroSpecial do not exist here.
func (Set) Relate(next, active Reading, _ Options) Relation {
	if next.Sets[0] == active.Sets[0] {
		return evicted(active.Sets[0])
	}
	return apart()
}
