package replace

import (
	"fmt"
	"slices"

	"github.com/klplint/klplint/klp"
)

// transition is one that has begun and does not end: a task sleeps in a function
// that it is about (kernel/livepatch/transition.c).
type transition struct {
	patch     *Livepatch
	unpatches bool // it is a disable
	// decision is what the load comes to when it ends, and goes who is replaced.
	decision Decision
	goes     []string
}

// Stalling returns the system in which the transition that the next load or
// disable begins does not end, until Finish, or a Disable reverses it.
func (s System) Stalling() System {
	s.stalls = true
	return s
}

// Transition returns the name of the livepatch whose transition has not ended; ""
// where there is none.
func (s System) Transition() string {
	if s.moving == nil {
		return ""
	}
	return s.moving.patch.Name
}

// Finish is the moment in which the last task switches: a transition that
// Stalling held up ends.
func (s System) Finish(name string) (System, Decision) {
	if s.crashed {
		return s.dead()
	}
	t := s.moving
	if t == nil || t.patch.Name != name {
		return s, Decision{Outcome: Refused, Errno: "ENOENT", Reason: fmt.Sprintf("no transition of %s is in progress", name)}
	}
	n := s.clone()
	n.moving = nil
	f := &findings{}
	if t.unpatches {
		s.callAll(f, t.patch, klp.PostUnpatch)
		n.drop(name)
		return n, Decision{Outcome: Done, Calls: f.calls}
	}
	for _, old := range t.goes {
		n.drop(old)
	}
	d := t.decision
	s.callAll(f, t.patch, klp.PostPatch)
	d.Calls = f.calls
	return n, d
}

// drop takes a livepatch off the active ones.
func (s *System) drop(name string) {
	s.active = slices.DeleteFunc(s.active, func(p *Livepatch) bool { return p.Name == name })
}

// busy is what klp_enable_patch() and a disable of another livepatch answer
// while a transition is in progress.
func (s *System) busy() (klp.Refusal, bool) {
	if s.moving == nil {
		return klp.Refusal{}, false
	}
	return klp.Refusal{Errno: "EBUSY", Reason: fmt.Sprintf("the transition of %s has not ended", s.moving.patch.Name)}, true
}

// reverse is klp_reverse_transition(): writing 0 to the enabled of a livepatch
// whose load has not ended takes it off again. Its pre_unpatch callbacks are left
// out, as nothing was patched for good.
func (s System) reverse() (System, Decision) {
	t := s.moving
	n := s.clone()
	n.moving = nil
	f := &findings{}
	s.callAll(f, t.patch, klp.PostUnpatch)
	n.drop(t.patch.Name)
	return n, Decision{Outcome: Done, Calls: f.calls, Reason: "its transition is reversed"}
}
