package kerneltest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/klplint/klplint/kernel"
)

// kernels returns the folders of the unpacked kernels (see fetch.sh). Without
// KLPLINT_KERNELS the test is not run; with it, a missing kernel is a failure.
func kernels(t *testing.T) []string {
	t.Helper()
	root := os.Getenv("KLPLINT_KERNELS")
	if root == "" {
		t.Skip("KLPLINT_KERNELS is not set: run `make kernel-test`")
	}
	folders, err := filepath.Glob(filepath.Join(root, "*", "complete"))
	if err != nil || len(folders) < 2 {
		t.Fatalf("%s: %d kernels, want at least 2: run kerneltest/fetch.sh", root, len(folders))
	}
	for i := range folders {
		folders[i] = filepath.Dir(folders[i])
	}
	return folders
}

// guestInit compiles the guest's init.
func guestInit(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "init")
	output, err := exec.Command("gcc", "-static", "-Os", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-o", out, "guest/init.c").CombinedOutput()
	if err != nil {
		t.Fatalf("guest/init.c: %v\n%s", err, output)
	}
	return out
}

// verdicts returns the scenarios of the verdict files for mainline.
func verdicts(t *testing.T) *Suite {
	t.Helper()
	suite, err := LoadSuite("../replace/testdata/verdicts/mainline-6.12.json")
	if err != nil {
		t.Fatal(err)
	}
	// The verdicts say by a module's name alone what its code does.
	twice := suite.Modules["enable_twice"]
	twice.Enables = 2
	suite.Modules["enable_twice"] = twice
	return suite
}

// TestAgreement is the claim of the whole project: what klplint predicts of
// built modules is what the kernel does with them.
func TestAgreement(t *testing.T) {
	ctx := context.Background()
	seed, scenarios := number(t, "KLPLINT_SEED", 1), number(t, "KLPLINT_SCENARIOS", 60)
	folders := kernels(t)
	reports := make([]string, len(folders))
	t.Cleanup(func() { writeReport(t, reports) })
	for i, folder := range folders {
		release := filepath.Base(folder)
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			known, err := kernel.Load(filepath.Join(folder, "vmlinuz"), filepath.Join(folder, "headers"), filepath.Join(folder, "modules"))
			if err != nil {
				t.Fatal(err)
			}
			if len(known) != 1 {
				t.Fatalf("%d kernels were made of one", len(known))
			}
			init := guestInit(t)
			var tallies Tallies
			total := 0
			for _, name := range []string{"verdicts", "fixed", "fixtures", "random"} {
				work := filepath.Join(workFolder(t), release, name)
				if err := os.MkdirAll(work, 0o755); err != nil {
					t.Fatal(err)
				}
				var suite *Suite
				switch name {
				case "verdicts":
					suite = verdicts(t)
				case "fixed":
					suite = Fixed()
				case "fixtures":
					suite = fixtures(t, release, work)
				case "random":
					suite = Random(seed, 40, scenarios, 6)
				}
				observed := observe(ctx, t, suite, folder, init, work)
				predicted, err := Predict(suite, work, known[0])
				if err != nil {
					t.Fatal(err)
				}
				steps := 0
				for _, s := range observed {
					steps += len(s.Steps)
				}
				total += len(observed)
				if len(observed) != len(suite.Scenarios) {
					t.Errorf("%s: %d of %d scenarios were observed", name, len(observed), len(suite.Scenarios))
				}
				for _, d := range Compare(predicted, observed) {
					t.Errorf("%s: %s", name, d)
				}
				if err := tallies.Count(ctx, observed, work, known[0]); err != nil {
					t.Error(err)
				}
				t.Logf("%s: %d scenarios, %d steps", name, len(observed), steps)
			}
			for rule, tally := range tallies.Rules {
				for _, module := range tally.Wrong {
					t.Errorf("%s says that %s is refused, and the kernel took it", rule, module)
				}
			}
			for _, refusal := range tallies.Unforetold {
				if strings.HasPrefix(refusal, "cb_fail: ENODEV") {
					continue // decided at run time, by a callback
				}
				t.Errorf("no rule foretold: %s", refusal)
			}
			t.Logf("%d scenarios\n%s", total, tallies.Table())
			reports[i] = fmt.Sprintf("## Linux %s\n\n%d scenarios.\n\n%s", release, total, tallies.Table())
		})
	}
}

// fixtures returns the fixtures of a release: those that a run has rebuilt in
// the folder KLPLINT_FIXTURES, else the committed ones, which exist for one
// version of each kernel only.
func fixtures(t *testing.T, release, work string) *Suite {
	t.Helper()
	root := os.Getenv("KLPLINT_FIXTURES")
	if root == "" {
		root = "../fixtures"
	}
	suite, err := Prebuilt(root, release, work)
	if err != nil {
		t.Fatal(err)
	}
	if len(suite.Scenarios) == 0 {
		t.Fatalf("%s holds no module for %s: rebuild them with fixtures/build.sh --out DIR and set KLPLINT_FIXTURES", root, release)
	}
	return suite
}

// observe builds and runs a suite. With KLPLINT_WORK set, modules and answers
// are kept there and used again: for working on the predictions.
func observe(ctx context.Context, t *testing.T, suite *Suite, folder, init, work string) []Scenario {
	t.Helper()
	kept := filepath.Join(work, "observed.json")
	var observed []Scenario
	if data, err := os.ReadFile(kept); err == nil {
		if err := json.Unmarshal(data, &observed); err != nil {
			t.Fatal(err)
		}
		return observed
	}
	if !suite.Built {
		if err := suite.Build(ctx, filepath.Join(folder, "headers"), work); err != nil {
			t.Fatal(err)
		}
	}
	machine := Machine{Vmlinuz: filepath.Join(folder, "vmlinuz"), Init: init, Work: work}
	observed, err := machine.Run(ctx, suite, work)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.MarshalIndent(observed, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return observed
}

func workFolder(t *testing.T) string {
	if work := os.Getenv("KLPLINT_WORK"); work != "" {
		return work
	}
	return t.TempDir()
}

// writeReport writes docs/kernel-agreement.md from a run in which all kernels
// agreed, when KLPLINT_UPDATE is set.
func writeReport(t *testing.T, reports []string) {
	t.Helper()
	if os.Getenv("KLPLINT_UPDATE") == "" || t.Failed() {
		return
	}
	text := agreementPreface + strings.Join(reports, "\n")
	if err := os.WriteFile("../docs/kernel-agreement.md", []byte(text), 0o644); err != nil {
		t.Error(err)
	}
}

func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// TestRandomIsSeeded: the same seed must give the same suite, or a failure in
// CI could not be repeated.
func TestRandomIsSeeded(t *testing.T) {
	a, b, other := Random(7, 10, 5, 6), Random(7, 10, 5, 6), Random(8, 10, 5, 6)
	if fmt.Sprint(describe(a)) != fmt.Sprint(describe(b)) {
		t.Error("two suites of one seed differ")
	}
	if fmt.Sprint(describe(a)) == fmt.Sprint(describe(other)) {
		t.Error("suites of two seeds are equal")
	}
}

func describe(s *Suite) string {
	data, _ := json.Marshal(s)
	var sources string
	for key := range maps.Keys(s.Modules) {
		m := s.Modules[key]
		sources += fmt.Sprint(len(m.source()), " ")
	}
	return string(data) + fmt.Sprint(len(sources))
}
