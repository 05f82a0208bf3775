package kerneltest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// smallSuites are what the kernels of small.sh are asked in a full run. The
// verdicts, which the fixed scenarios mostly repeat, are left out for their minutes,
// and the fixtures are built for Debian's kernels.
var smallSuites = []string{"listing", "functions", "hook", "fixed", "random"}

// newSmall is about a kernel that small.sh built.
func newSmall(t *testing.T, p Platform) *agreement {
	t.Helper()
	root := os.Getenv("KLPLINT_KERNELS")
	if root == "" {
		t.Skip("KLPLINT_KERNELS is not set: run `make kernel-test`")
	}
	build := filepath.Join(root, "small", string(p.Arch), "build")
	a := &agreement{platform: p, vmlinuz: filepath.Join(build, p.Image), headers: build, init: guestInit(t, &p)}
	a.know(t, a.vmlinuz, filepath.Join(build, "Module.symvers"), filepath.Join(root, "small", string(p.Arch), "modules"))
	a.release = a.known.Release() + "-" + string(p.Arch)
	return a
}

// TestOtherArchitectures is TestAgreement for the kernels that small.sh builds.
func TestOtherArchitectures(t *testing.T) {
	chosen := smallSuites
	if text := os.Getenv("KLPLINT_SUITES"); text != "" {
		chosen = strings.Split(text, ",")
	}
	reports := make([]string, len(small))
	t.Cleanup(func() {
		if len(chosen) == len(smallSuites) {
			writeReport(t, reports)
		}
	})
	for i, p := range small {
		t.Run(string(p.Arch), func(t *testing.T) {
			t.Parallel()
			a := newSmall(t, p)
			for _, name := range chosen {
				a.suite(t, name)
			}
			a.tallies.check(t)
			t.Logf("%d scenarios\n%s", a.scenarios, a.tallies.Table())
			reports[i] = agreementPart(a.release, a.scenarios, &a.tallies)
		})
	}
}
