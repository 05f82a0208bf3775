package replace_test

import (
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// TestStatesEndAtZero: what a state array holds behind id 0 is not there for
// the kernel, whichever of the two livepatches has it.
func TestStatesEndAtZero(t *testing.T) {
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
	s.must(with(vm("old", flag(false), "f"), func(m *klp.Module) { m.Patch.States = []klp.State{{ID: 7, Version: 2}} }))
	d := s.load(with(vm("new", flag(true), "f"), func(m *klp.Module) {
		m.Patch.States = []klp.State{{ID: 0}, {ID: 7, Version: 2}}
	}))
	if want := "state 7 of old, which would be replaced, is missing"; d.Reason != want {
		t.Errorf("reason %q, want %q", d.Reason, want)
	}
}

// TestPatchedLivepatch: a livepatch that another one patches is itself a module
// that arrives: the funcs of that other are looked up in it, and where its
// symbols are not known, the decision says so.
func TestPatchedLivepatch(t *testing.T) {
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
	s.must(with(vm("old", flag(false), "f"), func(m *klp.Module) {
		m.Patch.Objects = append(m.Patch.Objects, object("new", "not_there"))
	}))
	d := s.must(vm("new", flag(false), "g"))
	if all := strings.Join(d.Assumed, "\n"); !strings.Contains(all, "the symbols of new are not known") {
		t.Errorf("assumed:\n%s", all)
	}
}

// TestNoExit: a module without an exit function cannot be removed, however
// little uses it.
func TestNoExit(t *testing.T) {
	s := start(t, replace.Mainline{}, replace.Env{Behaviour: known})
	s.must(with(vm("stays", flag(false), "f"), func(m *klp.Module) { m.Init.NoExit = true }))
	sys, d := s.sys.Disable("stays")
	if !d.Accepted() {
		t.Fatalf("disable: %+v", d)
	}
	if _, d = sys.Unload("stays"); d.Errno != "EBUSY" {
		t.Errorf("rmmod: errno %q, want EBUSY", d.Errno)
	}
}
