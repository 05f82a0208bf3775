package kerneltest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

// suiteNames are the suites of a full run; KLPLINT_SUITES chooses some.
var suiteNames = []string{"verdicts", "fixed", "fixtures", "random"}

// agreement is one kernel's part of the test.
type agreement struct {
	platform         Platform
	release          string
	vmlinuz, headers string
	init             string
	known            *kernel.Kernel
	listed           map[string][]uint64 // addresses of the symbols that the booted kernel has, where it was asked
	tallies          Tallies
	scenarios        int
}

// newAgreement is about one of Debian's kernels.
func newAgreement(t *testing.T, folder string) *agreement {
	t.Helper()
	a := &agreement{
		platform: x86, release: filepath.Base(folder), vmlinuz: filepath.Join(folder, "vmlinuz"), headers: filepath.Join(folder, "headers"),
		init: guestInit(t, &x86),
	}
	if !stable(a.release) {
		a.platform.guests = 3 // nothing else runs beside them
	}
	a.know(t, a.vmlinuz, a.headers, filepath.Join(folder, "modules"))
	return a
}

// know reads what is known of the kernel.
func (a *agreement) know(t *testing.T, paths ...string) {
	t.Helper()
	known, err := kernel.Load(paths...)
	if err != nil {
		t.Fatal(err)
	}
	if len(known) != 1 {
		t.Fatalf("%d kernels were made of one", len(known))
	}
	a.known = known[0]
}

// machine is the kernel's emulator.
func (a *agreement) machine(work string) Machine {
	return Machine{Platform: a.platform, Vmlinuz: a.vmlinuz, Init: a.init, Work: work}
}

// makesCalls reports whether the kernel is one whose patched functions are called:
// the one series for which the livepatches of Suite.calls were written.
func (a *agreement) makesCalls() bool { return strings.HasPrefix(a.release, "6.12.") }

// suite asks the kernel about one suite and compares its answers.
func (a *agreement) suite(t *testing.T, name string) {
	t.Helper()
	work := filepath.Join(workFolder(t), a.release, name)
	if err := os.MkdirAll(work, 0o755); err != nil {
		t.Fatal(err)
	}
	var suite *Suite
	switch name {
	case "listing":
		a.listing(t, work)
		return
	case "functions":
		suite = a.functions(t)
	case "hook":
		image, err := a.known.Object(klp.VmlinuxObjectName)
		if err != nil {
			t.Fatal(err)
		}
		suite = Hooked(filepath.Join(os.Getenv("KLPLINT_KERNELS"), "small", "kpatch", "patch"), len(image.Positions("klp_direct_put")) > 1)
	case "verdicts":
		suite = verdicts(t)
	case "fixed":
		suite = Fixed()
		if unpacks, _ := a.known.Config("MODULE_DECOMPRESS"); unpacks == "y" {
			suite.packed()
		}
		if compares, _ := a.known.Config("MODVERSIONS"); compares != "y" {
			suite.withoutVersions()
		}
		if err := suite.AddFound(os.DirFS("testdata/found")); err != nil {
			t.Fatal(err)
		}
		if a.makesCalls() {
			suite.calls()
		}
	case "fixtures":
		suite = fixtures(t, a.release, work)
	case "random":
		scenarios := number(t, "KLPLINT_SCENARIOS", a.platform.random)
		suite = Random(number(t, "KLPLINT_SEED", 1), max(a.platform.pool, scenarios/6), scenarios, number(t, "KLPLINT_STEPS", 6))
	default:
		t.Fatalf("KLPLINT_SUITES: there is no suite %q", name)
	}
	observed, predicted := a.observe(t, suite, work)
	steps := 0
	for _, s := range observed {
		steps += len(s.Steps)
	}
	a.scenarios += len(observed)
	if len(observed) != len(suite.Scenarios) {
		t.Errorf("%s: %d of %d scenarios were observed", name, len(observed), len(suite.Scenarios))
	}
	if name == "fixed" && a.makesCalls() {
		observed = a.calls(t, suite, observed, work)
	}
	if name == "functions" {
		a.pair(t, observed, work)
	}
	untold := 0
	for i, d := range Compare(predicted, observed) {
		left, err := leftToRules(t.Context(), &d, work, a.known)
		if err != nil {
			t.Error(err)
		}
		if left {
			untold++
			continue
		}
		t.Errorf("%s: %s", name, d)
		if name == "random" && i < maxMinimised {
			a.minimise(t, suite, d, work)
		}
	}
	if err := a.tallies.Count(t.Context(), suite, observed, work, a.known); err != nil {
		t.Error(err)
	}
	t.Logf("%s: %d scenarios, %d steps; %d end with what the rules foretold and trace is not asked about", name, len(observed), steps, untold)
}

// maxMinimised bounds the disagreements of a run that are minimised: those of
// one run tend to have one cause.
const maxMinimised = 1

// minimise prints the smallest scenario with a disagreement, ready to be kept.
func (a *agreement) minimise(t *testing.T, suite *Suite, d Disagreement, work string) {
	t.Helper()
	k := Kernel{Machine: a.machine(work), Headers: a.headers, Target: a.known}
	small, err := Minimise(t.Context(), suite, d, k.Probe, DefaultBudget)
	if err != nil {
		t.Errorf("minimise %s: %v", d.Scenario, err)
		return
	}
	text, err := small.Suite.JSON()
	if err != nil {
		t.Error(err)
		return
	}
	t.Logf("%s\n%s\nTo keep it, save this as kerneltest/testdata/found/%s.json:\n%s", small, small.Disagreement, d.Scenario, text)
}

// check fails the test for what a rule said and the kernel did not do, and for
// what no rule foretold.
func (t *Tallies) check(test *testing.T) {
	for rule, tally := range t.Rules {
		for _, module := range tally.Wrong {
			test.Errorf("%s says that %s is refused, and the kernel took it", rule, module)
		}
	}
	t.Unforetold = slices.DeleteFunc(t.Unforetold, func(refusal string) bool {
		return strings.HasPrefix(refusal, "cb_fail") // decided at run time, by a callback
	})
	for _, refusal := range t.Unforetold {
		test.Errorf("no rule foretold: %s", refusal)
	}
}

// observe builds and runs a suite, and predicts the answers before it runs. With
// KLPLINT_WORK set, modules and answers are kept there and used again: for
// working on the predictions.
func (a *agreement) observe(t *testing.T, suite *Suite, work string) (observed, predicted []Scenario) {
	t.Helper()
	kept := filepath.Join(work, "observed.json")
	data, err := os.ReadFile(kept)
	if err == nil {
		if err := json.Unmarshal(data, &observed); err != nil {
			t.Fatal(err)
		}
	} else if err := suite.Build(t.Context(), a.headers, work, a.platform.Make...); err != nil {
		t.Fatal(err)
	}
	if predicted, err = Predict(suite, work, a.known); err != nil {
		t.Fatal(err)
	}
	if observed != nil {
		return observed, predicted
	}
	machine := a.machine(work)
	// A crash that was foretold, and comes, is not asked for again.
	machine.Believe = func(s *Scenario) bool { return len(Compare(predicted, []Scenario{*s})) == 0 }
	if observed, err = machine.RunSplit(t.Context(), suite, work, a.platform.guests); err != nil {
		t.Fatal(err)
	}
	if data, err = json.MarshalIndent(observed, "", " "); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return observed, predicted
}

func workFolder(t *testing.T) string {
	if work := os.Getenv("KLPLINT_WORK"); work != "" {
		return work
	}
	return t.TempDir()
}
