package replace

import (
	"fmt"

	"github.com/klplint/klplint/klp"
)

// compatible is klp_is_patch_compatible() (kernel/livepatch/state.c): every
// active livepatch in stacking order, its states and then its funcs. Whether
// the proposed func check comes behind that of the states is not visible from
// outside unless a NULL name is about to bring the kernel down.
func (s *System) compatible(f *findings, p *Livepatch, relations []Relation) {
	message := fmt.Sprintf("Livepatch patch (%s) is not compatible with the already installed livepatches.", p.Name)
	versions := firstVersions(p.Module)
	for i, old := range s.active {
		r := &relations[i]
		for _, st := range old.Module.Patch.States {
			if why := stateConflict(r, old, st, versions); why != "" {
				f.refuse("EINVAL", message, why)
			}
		}
		if r.Funcs == FuncsDisjoint {
			s.funcConflicts(f, p, old, message)
		}
	}
}

// firstVersions is klp_get_state(): the first entry of an id counts. Entries
// stop at id 0.
func firstVersions(m *klp.Module) map[uint64]uint32 {
	versions := make(map[uint64]uint32, len(m.Patch.States))
	for _, st := range m.Patch.States {
		if st.ID == 0 {
			break
		}
		if _, ok := versions[st.ID]; !ok {
			versions[st.ID] = st.Version
		}
	}
	return versions
}

// stateConflict says why one state of an active livepatch speaks against the
// new one; "" when it does not.
func stateConflict(r *Relation, old *Livepatch, st klp.State, versions map[uint64]uint32) string {
	version, ok := versions[st.ID]
	switch {
	case r.States == StatesDisjoint && ok:
		return fmt.Sprintf("state %d is also in %s, which stays active in set %s", st.ID, old.Name, FormatSets(old.Reading.Sets))
	case r.States == StatesDisjoint:
		return ""
	case !ok && r.States == StatesKept:
		return fmt.Sprintf("state %d of %s, which would be replaced, is missing", st.ID, old.Name)
	case ok && version < st.Version:
		return fmt.Sprintf("state %d has version %d, lower than %d in %s", st.ID, version, st.Version, old.Name)
	}
	return ""
}

// funcConflicts compares the new livepatch's funcs with those of one that stays
// in another set: object by object, with klp_find_func(), which compares names
// and takes positions 0 and 1 as equal. A NULL name there is dereferenced
// unless klp_check_patch() has refused it before.
func (s *System) funcConflicts(f *findings, p, old *Livepatch, message string) {
	for i := range p.objects {
		o := &p.objects[i]
		for j := range o.funcs {
			g := &o.funcs[j]
			if g.null {
				if old.hasFuncsIn(o) {
					s.nullCrash(f, p, o, j, "comparing it with the funcs of "+old.Name)
				}
				continue
			}
			if key := o.key(g); old.funcs[key] {
				f.refuse("EINVAL", message, fmt.Sprintf("%s is also patched by %s, which stays active in set %s", key, old.Name, FormatSets(old.Reading.Sets)))
			}
		}
	}
}

// hasFuncsIn reports whether the livepatch has funcs in such an object.
func (p *Livepatch) hasFuncsIn(o *object) bool {
	for i := range p.objects {
		if p.objects[i].same(o) && len(p.objects[i].funcs) > 0 {
			return true
		}
	}
	return false
}

// nullCrash notes that klp_find_func() gets a NULL name. On s390x address 0 is
// memory that can be read (lowcore): the name then is some other one, and
// klp_init_func() refuses it.
func (s *System) nullCrash(f *findings, p *Livepatch, o *object, at int, doing string) {
	if p.Module.Arch == klp.S390X {
		return
	}
	switch s.env.Behaviour.NullNameCrashes {
	case klp.No:
		return // refused by klp_check_patch() already
	case klp.Unknown:
		f.undecide("NULL name", "whether this kernel refuses a NULL old_name at once (klp_check_patch(), since 7.3) or dereferences it (6.1 to 7.2)", "EINVAL")
	}
	f.add(refusal{crash: true, Refusal: klp.Refusal{Reason: nullName(o, at) + ", which the kernel dereferences in klp_find_func() when " + doing}})
}
