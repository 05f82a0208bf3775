package replace

import "github.com/klplint/klplint/klp"

// Mainline is what every released kernel does since 5.1 (7.3.4 is the newest
// that was looked at). Source: kernel/livepatch/core.c: klp_enable_patch(),
// klp_init_patch(), klp_add_nops(), klp_discard_replaced_patches();
// kernel/livepatch/state.c: klp_is_patch_compatible().
//
// A livepatch with .replace set replaces all active ones, whatever they say
// themselves, and so reverts every func that it does not list. One without
// it stacks: a func that several patch runs the code of the one loaded
// last, and disabling works in any order.
//
// Every state of every active livepatch is looked up in the new one. Found,
// its version must not be lower, with .replace or without. Not found, the load
// is refused only if the new one has .replace. The active one's own flag plays
// no part, and nothing is said about funcs.
type Mainline struct{}

// Name returns "mainline".
func (Mainline) Name() string { return NameMainline }

// About says what the model does, in one paragraph.
func (Mainline) About() string {
	return `What every released kernel does since 5.1. A livepatch with .replace replaces all
active ones; one without it stacks, and a func that several patch runs the code of the
one loaded last. A state of an active livepatch may not get a lower version, and a
replacing livepatch must have them all.`
}

// Read takes the flag; a module that carries sets has none.
func (m Mainline) Read(r *klp.Replace) (Reading, error) {
	if err := readable(m, r); err != nil {
		return Reading{}, err
	}
	if r.Kind != klp.KindFlag {
		return Reading{}, &FieldError{Model: m.Name(), Kind: r.Kind, Needs: "bool replace"}
	}
	return Reading{Replace: r.Flag}, nil
}

// Relate looks at the new livepatch's flag alone.
func (Mainline) Relate(next, _ Reading, _ Options) Relation {
	if next.Replace {
		return Relation{Evicted: true, States: StatesKept}
	}
	return Relation{States: StatesNotLower}
}
