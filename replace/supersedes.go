package replace

import "github.com/klplint/klplint/klp"

// Supersedes is the idea of early June 2026 that Joe Lawrence quotes on 17
// June (ajL-Y3dapC1FiAwx@redhat.com): u32 replace_set, the set that the
// livepatch belongs to, and beside it supersedes, a list of other sets that it
// also replaces. It was never posted as code; what the mail does not say is
// taken from the second posting (see Set), and [OpenQuestions] names
// each such point.
//
// Loading a livepatch replaces the active ones of its own set and of every set
// that it supersedes, and joins none of the latter. Towards what it replaces
// every state must be kept; towards what stays no state id and no func may be
// shared.
type Supersedes struct{}

// Name returns "supersedes".
func (Supersedes) Name() string { return NameSupersedes }

// About says what the model does, in one paragraph.
func (Supersedes) About() string {
	return `An idea of June 2026: a number as under replace-set, and a list of further sets that the
livepatch also replaces without joining them.`
}

// Read takes the number and the list beside it. A list of at most one set in
// the one-field form says the same as a number and is read so; a longer one
// would have to be taken as positional, which is another model.
func (m Supersedes) Read(r *klp.Replace) (Reading, error) {
	own, err := oneSet(m, r)
	if err != nil {
		return Reading{}, err
	}
	return Reading{Sets: []uint32{own}, Evicts: distinct(r.Supersedes)}, nil
}

// Relate compares the active one's set with the new one's own and its list.
func (Supersedes) Relate(next, active Reading, o Options) Relation {
	return ownSet(next, active, o)
}
