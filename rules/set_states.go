package rules

// stateJudge holds states of candidates against those of what may be active,
// in time linear in the states and in the exceptions of the classes.
type stateJudge struct {
	set      *Set
	underSet bool
	top      []topVersions // by class, for one state id
	touched  []uint32
	lacking  []lack // by index of the state id
}

// topVersions are the highest versions of one state id in the members of a
// class: of two members, because a member is not held against itself.
type topVersions struct {
	first, second posting
	have          int8
}

// lack is a state id that replacing candidates lack.
type lack struct {
	next      uint32  // the last such candidate
	active    posting // the state in a member that it replaces
	count     int     // candidates that lack the state
	undecided bool    // whether next replaces is not known
}

func newStateJudge(s *Set) *stateJudge {
	return &stateJudge{set: s, underSet: s.underSets(), top: make([]topVersions, len(s.classes)), lacking: make([]lack, len(s.states.ids))}
}

// lower folds the candidates that have a state at a lower version than a
// member that they would meet: under mainline any, under sets one that they
// replace. fold.total counts the candidates.
func (j *stateJudge) lower(id uint32) (fold, bool) {
	s := j.set
	rows := s.states.of(id)
	for _, c := range j.touched {
		j.top[c] = topVersions{}
	}
	j.touched = j.touched[:0]
	for _, p := range rows {
		if m := s.Members[p.member]; !s.unread[m.class] {
			j.add(m.class, p)
		}
	}
	var out fold
	last := ^uint32(0)
	for _, p := range rows {
		m := s.Members[p.member]
		if p.member == last || m.Baseline || s.unread[m.class] {
			last = p.member
			continue // klp_get_state() takes the first of duplicates
		}
		last = p.member
		if active, ok := j.higher(m, p); ok {
			out.next, out.active = p, active
			out.total++
		}
	}
	return out, out.total > 0
}

func (j *stateJudge) version(p posting) uint32 { return j.set.Members[p.member].states[p.row].version }

// add keeps the two highest versions of a class, each of another member.
func (j *stateJudge) add(class uint32, p posting) {
	t := &j.top[class]
	switch {
	case t.have == 0:
		t.first, t.have = p, 1
		j.touched = append(j.touched, class)
	case p.member == t.first.member:
		if j.version(p) > j.version(t.first) {
			t.first = p
		}
	case j.version(p) > j.version(t.first):
		t.first, t.second, t.have = p, t.first, 2
	case t.have == 1 || j.version(p) > j.version(t.second):
		t.second, t.have = p, 2
	}
}

// higher finds a state at a higher version than that of the candidate's row.
func (j *stateJudge) higher(m *Member, p posting) (best posting, found bool) {
	consider := func(class uint32) {
		t := &j.top[class]
		for i, a := range []posting{t.first, t.second} {
			if i >= int(t.have) || a.member == p.member || j.version(a) <= j.version(p) {
				continue
			}
			if !found || j.version(a) > j.version(best) || j.version(a) == j.version(best) && a.member < best.member {
				best, found = a, true
			}
		}
	}
	if !j.underSet {
		for _, class := range j.touched {
			consider(class)
		}
		return best, found
	}
	for _, class := range j.set.relations.of(m.class).gone {
		consider(class)
	}
	return best, found
}

// findLacking fills lacking: for each class of candidates, the states of what
// it replaces, less those that all candidates of the class have.
func (j *stateJudge) findLacking() {
	s := j.set
	if len(s.states.ids) == 0 {
		return
	}
	byClass := make([][]uint32, len(s.classes)) // candidates
	for _, i := range s.candidates {
		m := s.Members[i]
		byClass[m.class] = append(byClass[m.class], uint32(i))
	}
	statesOf, having := j.statesByClass()
	// A class under mainline may be unsure of replacing all that another is
	// sure to replace: what is sure goes first, and stands.
	for _, undecided := range []bool{false, true} {
		if undecided && j.underSet {
			break // KLP407 has what the reading decides
		}
		for class, candidates := range byClass {
			if len(candidates) == 0 || s.unread[class] {
				continue
			}
			r := s.relations.of(uint32(class))
			list := r.gone
			if undecided {
				list = r.either
			}
			seen := make(map[uint32]bool) // state ids
			for _, active := range list {
				for _, st := range statesOf[active] {
					if !seen[st.id] {
						seen[st.id] = true
						j.lack(st, uint32(class), candidates, having, undecided)
					}
				}
			}
		}
	}
}

// classState is a state id that some member of a class has.
type classState struct {
	id uint32 // index of the state id
	at posting
}

type classID struct{ class, id uint32 }

// statesByClass lists the distinct states of each class, and the candidates of
// each class that have a state.
func (j *stateJudge) statesByClass() (states [][]classState, having map[classID][]uint32) {
	s := j.set
	states = make([][]classState, len(s.classes))
	having = make(map[classID][]uint32)
	for i := range s.states.ids {
		last := ^uint32(0)
		for _, p := range s.states.of(uint32(i)) {
			m := s.Members[p.member]
			if p.member == last {
				continue
			}
			last = p.member
			if list := states[m.class]; len(list) == 0 || list[len(list)-1].id != uint32(i) {
				states[m.class] = append(list, classState{uint32(i), p})
			}
			if !m.Baseline {
				k := classID{m.class, uint32(i)}
				having[k] = append(having[k], p.member)
			}
		}
	}
	return states, having
}

// lack counts the candidates of a class that lack a state of what they replace.
func (j *stateJudge) lack(st classState, class uint32, candidates []uint32, having map[classID][]uint32, undecided bool) {
	have := having[classID{class, st.id}]
	n := len(candidates) - len(have)
	l := &j.lacking[st.id]
	if n == 0 || undecided && l.count > 0 && !l.undecided {
		return
	}
	// Both lists ascend: the last candidate that lacks the state is the last
	// that is not also the last of have.
	c, h := len(candidates)-1, len(have)-1
	for h >= 0 && candidates[c] == have[h] {
		c, h = c-1, h-1
	}
	if l.count == 0 || candidates[c] > l.next {
		l.next, l.active = candidates[c], st.at
	}
	l.count += n
	l.undecided = undecided
}
