package kerneltest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fixtures returns the fixtures of a release: those that a run has rebuilt in
// the folder KLPLINT_FIXTURES, else the committed ones, which exist for one
// version of each kernel only. Most recipes are for Linux 6.12: what is wrong
// there is built for other kernels here.
func fixtures(t *testing.T, release, work string) *Suite {
	t.Helper()
	root := os.Getenv("KLPLINT_FIXTURES")
	if root == "" {
		root = "../../fixtures"
	}
	suite, err := Prebuilt(root, release, work)
	if err != nil {
		t.Fatal(err)
	}
	if len(suite.Scenarios) == 0 {
		t.Fatalf("%s holds no module for %s: rebuild them with fixtures/build.sh --out DIR and set KLPLINT_FIXTURES", root, release)
	}
	if series := strings.Join(strings.SplitN(release, ".", 3)[:2], "."); series != "6.12" {
		before := len(suite.Scenarios)
		if err := suite.addPrebuilt(fixturesFor(t, series), release, work, "for+"); err != nil {
			t.Fatal(err)
		}
		if len(suite.Scenarios) == before {
			t.Fatalf("build.sh --for %s made no module for %s: the installed headers are of another version", series, release)
		}
	}
	return suite
}

// fixturesFor builds the fixtures with a mistake that the kernel may answer, but for
// those of the rules in unsettled.
func fixturesFor(t *testing.T, series string) string {
	t.Helper()
	out := filepath.Join(workFolder(t), "for-"+series)
	if _, err := os.Stat(filepath.Join(out, "MANIFEST")); err == nil {
		return out
	}
	args := []string{"--for", series, "--out", out}
	for _, pattern := range []string{"rules/KLP1[01]*/bad*", "rules/KLP20*/bad*", "rules/KLP210/bad*", "rules/KLP504/bad*", "sets/set-*", "sets/KLP4*", "rules/KLP203/good-511.ko", "klp-relocs/*", "kpatch/*"} {
		args = append(args, "--only", pattern)
	}
	if text, err := exec.Command("../../fixtures/build.sh", args...).CombinedOutput(); err != nil {
		t.Fatalf("build.sh: %v\n%s", err, text)
	}
	return out
}
