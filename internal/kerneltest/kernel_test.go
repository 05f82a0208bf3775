package kerneltest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
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
	newest, err := filepath.Glob(filepath.Join(root, "newest", "*", "complete"))
	if err != nil {
		t.Fatal(err)
	}
	folders = append(folders, newest...)
	for i := range folders {
		folders[i] = filepath.Dir(folders[i])
	}
	return folders
}

// guestInit compiles the guest's init.
func guestInit(t *testing.T, p *Platform) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "init")
	output, err := exec.Command(p.compiler, "-static", "-Os", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-o", out, "guest/init.c").CombinedOutput()
	if err != nil {
		t.Fatalf("guest/init.c: %v\n%s", err, output)
	}
	return out
}

// verdicts returns the scenarios of the verdict files for mainline.
func verdicts(t *testing.T) *Suite {
	t.Helper()
	suite, err := LoadSuite("../../replace/testdata/verdicts/mainline-6.12.json")
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
	folders := kernels(t)
	chosen := suiteNames
	if text := os.Getenv("KLPLINT_SUITES"); text != "" {
		chosen = strings.Split(text, ",")
	}
	// The fixtures and the verdicts are for the two series that Debian's stable
	// releases have.
	newest := newestSuites
	whole := os.Getenv("KLPLINT_SUITES") == ""
	if !whole {
		newest = chosen
	}
	reports := make([]string, len(folders))
	t.Cleanup(func() {
		if whole {
			writeReport(t, reports)
		}
	})
	for i, folder := range folders {
		release := filepath.Base(folder)
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			a := newAgreement(t, folder)
			chosen, stable := chosen, stable(release)
			if !stable {
				chosen = newest
			}
			for _, name := range chosen {
				a.suite(t, name)
			}
			a.tallies.check(t)
			if whole && stable {
				for _, problem := range a.tallies.Unasked(a.known) {
					t.Error(problem)
				}
			}
			t.Logf("%d scenarios\n%s", a.scenarios, a.tallies.Table())
			reports[i] = agreementPart(release, a.scenarios, &a.tallies)
		})
	}
}

// newestSuites are what the newest kernel is asked in a full run. What its image
// holds TestRealKernels compares with 6.1 and 6.12; here that costs a minute, and is
// asked where KLPLINT_SUITES says so: listing, and functions behind it.
var newestSuites = []string{"hook", "fixed"}

// stable reports whether a release is of one of the two series that Debian's stable
// releases have.
func stable(release string) bool {
	return strings.HasPrefix(release, "6.1.") || strings.HasPrefix(release, "6.12.")
}

// writeReport brings docs/kernel-agreement.md up to date with the parts of a run in
// which all kernels agreed, when KLPLINT_UPDATE is set. The parts of architectures that
// were not asked stay.
func writeReport(t *testing.T, reports []string) {
	t.Helper()
	if os.Getenv("KLPLINT_UPDATE") == "" || t.Failed() {
		return
	}
	const file = "../../docs/kernel-agreement.md"
	before, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte(withParts(string(before), reports)), 0o644)
	}
	if err != nil {
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
