package kerneltest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// oracle is a kernel that differs from every prediction where, while a livepatch
// that patches version_proc_show is loaded, one with state 2 is disabled: what
// needs three steps, of two modules of which most does not matter.
type oracle struct {
	suites, scenarios int
	wide              int // the largest number of scenarios in a probe
	silent            bool
}

func (o *oracle) probe(_ context.Context, suite *Suite, _ int) ([]Disagreement, int, error) {
	o.suites++
	o.scenarios += len(suite.Scenarios)
	o.wide = max(o.wide, len(suite.Scenarios))
	var list []Disagreement
	for _, s := range suite.Scenarios {
		if step, ok := planted(suite, s); ok && !o.silent {
			list = append(list, Disagreement{
				Scenario: s.Name, Step: step, Op: s.Steps[step].Op, Module: s.Steps[step].Module,
				Predicted: Answer{Errno: "OK"}, Observed: Answer{Errno: "EBUSY"},
			})
		}
		// Another fault, which is met more easily: it must not be mistaken for the first.
		if len(s.Steps) == 1 {
			list = append(list, Disagreement{Scenario: s.Name, Op: s.Steps[0].Op, Predicted: Answer{Errno: "OK"}, Observed: Answer{Errno: "EINVAL"}})
		}
	}
	return list, 1, nil
}

func planted(suite *Suite, s Scenario) (at int, ok bool) {
	loaded := map[string]bool{}
	patches := false
	for i, step := range s.Steps {
		m := suite.Modules[step.Module]
		switch {
		case step.Op == "load":
			loaded[m.Name] = true
			patches = patches || patchesVersion(m)
		case step.Op == "disable" && loaded[m.Name] && patches && m.States != nil &&
			slices.ContainsFunc(*m.States, func(s State) bool { return s.ID == 2 }):
			return i, true
		}
	}
	return 0, false
}

func patchesVersion(m Module) bool {
	if m.Objects == nil {
		return false
	}
	return slices.ContainsFunc(*m.Objects, func(o Object) bool {
		return o.Funcs != nil && slices.ContainsFunc(*o.Funcs, func(f Func) bool { return *f.Name == "version_proc_show" })
	})
}

// busySuite is a long scenario around the planted disagreement.
func busySuite() *Suite {
	s := &Suite{Model: "mainline", Modules: map[string]Module{
		"klp_target": {Name: "klp_target", Kind: "target", Targets: []string{"klp_target_one", "klp_target_two"}},
	}}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		s.add(name, name == "b", image("cmdline_proc_show", "uptime_proc_show,1", "loadavg_proc_show"), module("klp_target", "klp_target_one"))
	}
	s.add("guilty", true, image("cmdline_proc_show", "version_proc_show,1", "uptime_proc_show"), module("klp_target", "klp_target_one"))
	s.change("c", func(m *Module) { m.States = &[]State{{1, 1}, {2, 5}, {3, 1}}; m.Enables = 1 })
	s.scenario("other", "load a")
	s.scenario("busy", "load a", "load klp_target", "load b", "load guilty", "disable a", "load c", "load d", "unload klp_target",
		"load klp_target", "unload a", "load e", "disable d", "disable c", "load a", "disable e")
	return s
}

func TestMinimise(t *testing.T) {
	suite := busySuite()
	var kernel oracle
	first, _, _ := kernel.probe(t.Context(), suite, 0)
	at := slices.IndexFunc(first, func(d Disagreement) bool { return d.Scenario == "busy" })
	kernel = oracle{}
	small, err := Minimise(t.Context(), suite, first[at], kernel.probe, DefaultBudget)
	if err != nil {
		t.Fatal(err)
	}
	if !small.Repeated || !small.Complete {
		t.Errorf("repeated %t, complete %t", small.Repeated, small.Complete)
	}
	// The one smallest scenario: three steps, two modules, one func, one state.
	if got := steps(small.Suite); !slices.Equal(got, []string{"load guilty", "load c", "disable c"}) {
		t.Errorf("steps %q", got)
	}
	guilty, c := small.Suite.Modules["guilty"], small.Suite.Modules["c"]
	if len(small.Suite.Modules) != 2 || len(*guilty.Objects) != 1 || len(*(*guilty.Objects)[0].Funcs) != 1 ||
		(*(*guilty.Objects)[0].Funcs)[0].Sympos != 0 || guilty.Replace || len(*c.Objects) != 0 || len(*c.States) != 1 || c.Enables != 0 {
		text, _ := small.Suite.JSON()
		t.Errorf("modules hold more than it needs:\n%s", text)
	}
	if small.Disagreement.Scenario != "busy" || small.Disagreement.Step != 2 || small.Disagreement.Observed.Errno != "EBUSY" {
		t.Errorf("disagreement %+v", small.Disagreement)
	}
	if kernel.suites > DefaultBudget.Boots || kernel.wide > DefaultBudget.Batch || small.Boots != kernel.suites {
		t.Errorf("%d boots (told: %d) of up to %d scenarios", kernel.suites, small.Boots, kernel.wide)
	}
	t.Logf("%d trials in %d boots", kernel.scenarios, kernel.suites)
	reproduces(t, small)
}

// reproduces writes the scenario, reads it again and finds the disagreement in it.
func reproduces(t *testing.T, small *Minimised) {
	t.Helper()
	path, err := small.Reproducer(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadSuite(path)
	if err != nil {
		t.Fatal(err)
	}
	if at, ok := planted(again, again.Scenarios[0]); !ok || at != small.Disagreement.Step {
		text, _ := os.ReadFile(path)
		t.Errorf("%s does not show the disagreement:\n%s", filepath.Base(path), text)
	}
}

func steps(s *Suite) []string {
	var list []string
	for _, step := range s.Scenarios[0].Steps {
		list = append(list, step.Op+" "+step.Module)
	}
	return list
}

// TestMinimiseBounds: whatever runs out, the best scenario so far is the result.
func TestMinimiseBounds(t *testing.T) {
	suite := busySuite()
	d := Disagreement{Scenario: "busy", Step: 12, Op: "disable", Predicted: Answer{Errno: "OK"}, Observed: Answer{Errno: "EBUSY"}}
	for _, c := range []struct {
		name               string
		budget             Budget
		kernel             oracle
		repeated, shrunken bool
	}{
		{"no boots", Budget{Boots: 0, Time: time.Minute, Batch: 8}, oracle{}, false, false},
		{"one boot", Budget{Boots: 1, Time: time.Minute, Batch: 8}, oracle{}, true, false},
		{"few boots", Budget{Boots: 4, Time: time.Minute, Batch: 8}, oracle{}, true, true},
		{"no time", Budget{Boots: 9, Time: 0, Batch: 8}, oracle{}, false, false},
		{"does not come again", DefaultBudget, oracle{silent: true}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			small, err := Minimise(t.Context(), suite, d, c.kernel.probe, c.budget)
			if err != nil {
				t.Fatal(err)
			}
			if small.Complete || small.Repeated != c.repeated {
				t.Errorf("complete %t, repeated %t, want repeated %t", small.Complete, small.Repeated, c.repeated)
			}
			if shrunken := len(small.Suite.Scenarios[0].Steps) < 13; shrunken != c.shrunken {
				t.Errorf("%d steps", len(small.Suite.Scenarios[0].Steps))
			}
			if small.Boots > c.budget.Boots {
				t.Errorf("%d boots of %d", small.Boots, c.budget.Boots)
			}
		})
	}
}

func TestMinimiseErrors(t *testing.T) {
	broken := errors.New("no emulator")
	fails := func(context.Context, *Suite, int) ([]Disagreement, int, error) { return nil, 0, broken }
	if _, err := Minimise(t.Context(), busySuite(), Disagreement{Scenario: "busy"}, fails, DefaultBudget); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	if _, err := Minimise(t.Context(), busySuite(), Disagreement{Scenario: "none"}, fails, DefaultBudget); err == nil {
		t.Error("a scenario that is not there was minimised")
	}
}

// TestSuiteJSON: every fixed scenario survives its written form, so that any of
// them can be kept as a file.
func TestSuiteJSON(t *testing.T) {
	suite := Fixed()
	text, err := suite.JSON()
	if err != nil {
		t.Fatal(err)
	}
	again, err := parseSuite(text)
	if err != nil {
		t.Fatal(err)
	}
	for key, m := range suite.Modules {
		if other := again.Modules[key]; m.source() != other.source() || !slices.Equal(m.Mutate, other.Mutate) {
			t.Errorf("module %s is another one once written", key)
		}
	}
	if len(again.Scenarios) != len(suite.Scenarios) {
		t.Errorf("%d scenarios of %d", len(again.Scenarios), len(suite.Scenarios))
	}
}
