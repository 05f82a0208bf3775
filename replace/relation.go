package replace

import "slices"

// evicted is the relation to a livepatch that is replaced: its states must be
// kept, and its funcs are taken over or reverted, so they are not compared.
func evicted(shared ...uint32) Relation {
	return Relation{Evicted: true, States: StatesKept, Shared: shared}
}

// apart is the relation of two livepatches of different sets: nothing of
// either may be in the other.
func apart() Relation {
	return Relation{States: StatesDisjoint, Funcs: FuncsDisjoint}
}

// ownSet relates livepatches that belong to one set each: the active one goes
// when its set is the new one's, or is listed, or is overridden. Set 0 may be
// exempt from the latter two.
func ownSet(next, active Reading, o Options) Relation {
	set := active.Sets[0]
	switch {
	case set == next.Sets[0]:
		return evicted(set)
	case set == 0 && o.ZeroSpecial:
		return apart()
	case slices.Contains(next.Evicts, set), slices.Contains(o.Override, set):
		return evicted(set)
	}
	return apart()
}
