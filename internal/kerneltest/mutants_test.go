package kerneltest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/internal/kerneltest/mutant"
)

// mutantBases are the fixtures of which mutants are made: every toolchain, and
// what the loader and the livepatch core look at.
var mutantBases = []string{
	"static/one-func", "static/replace", "static/states", "static/callbacks", "static/sympos", "static/btf", "static/debug", "static/replace-param",
	"kpatch/one-func", "kpatch/many", "klp-build/one-func", "klp-build/many", "klp-relocs/vmlinux", "klp-relocs/vmlinux-key", "signed/rsa",
}

// bases reads the bases that were built for the kernel's release.
func bases(t *testing.T, root string) []mutant.Base {
	t.Helper()
	var list []mutant.Base
	for _, name := range mutantBases {
		data, err := os.ReadFile(filepath.Join(root, name+".ko"))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, mutant.Base{Name: strings.ReplaceAll(name, "/", "-"), Data: data})
	}
	return list
}

// mutantSeed is the seed of today, or the one that is to be drawn again.
func mutantSeed(t *testing.T) uint64 {
	return uint64(number(t, "KLPLINT_SEED", int(time.Now().UTC().Unix()/86400)))
}

// TestMutants: what klplint says of changed modules is what the kernel does, but
// for the known differences.
func TestMutants(t *testing.T) {
	for _, folder := range kernels(t) {
		release := filepath.Base(folder)
		if strings.HasPrefix(release, "6.1.") {
			continue // the loader checks less: what it lets through decides chance
		}
		t.Run(release, func(t *testing.T) { mutants(t, folder, mutantFixtures(t, folder)) })
	}
}

// mutantFixtures returns the folder of fixtures for a kernel: those in the
// repository where they are for its release, which changes with each of Debian's
// updates; else they are built against the headers in the kernel's folder.
func mutantFixtures(t *testing.T, folder string) string {
	t.Helper()
	release := filepath.Base(folder)
	for _, root := range []string{os.Getenv("KLPLINT_FIXTURES"), "../../fixtures"} {
		if m, err := elfread.Open(filepath.Join(root, mutantBases[0]+".ko"), elfread.Options{}); err == nil && m.Vermagic.Release == release {
			return root
		}
	}
	out := filepath.Join(workFolder(t), release, "bases")
	if _, err := os.Stat(filepath.Join(out, "MANIFEST")); err == nil {
		return out
	}
	args := []string{"--for", strings.Join(strings.SplitN(release, ".", 3)[:2], "."), "--headers", filepath.Join(folder, "root"), "--out", out}
	for _, only := range []string{"static/*", "kpatch/*", "klp-build/*", "klp-relocs/*", "signed/*"} {
		args = append(args, "--only", only)
	}
	if text, err := exec.Command("../../fixtures/build.sh", args...).CombinedOutput(); err != nil {
		t.Fatalf("build.sh: %v\n%s", err, text)
	}
	return out
}

func mutants(t *testing.T, folder, root string) {
	a := newAgreement(t, folder)
	made := bases(t, root)
	list, err := mutant.Draw(t.Context(), mutantSeed(t), made, number(t, "KLPLINT_MUTANTS", 600))
	if err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(workFolder(t), a.release, "mutants")
	if err := os.MkdirAll(work, 0o755); err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, b := range made {
		m, err := elfread.Read(bytes.NewReader(b.Data), int64(len(b.Data)), b.Name, elfread.Options{})
		if err != nil {
			t.Fatal(err)
		}
		names[b.Name] = m.Name
	}
	suite := MutantSuite(list, func(m mutant.Mutant) string { return names[m.Base] })
	predicted := make([]Outcome, len(list))
	for i, m := range list {
		path := filepath.Join(work, fmt.Sprintf("m%d.ko", i))
		if err := os.WriteFile(path, m.Data, 0o644); err != nil {
			t.Fatal(err)
		}
		if predicted[i], err = foretell(t.Context(), path, a.known); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, Handed(t.Context(), m.Data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	observed := a.load(t, suite, work, predicted)
	if len(observed) != len(list) {
		t.Errorf("%d of %d mutants were loaded", len(observed), len(list))
	}
	a.askAgain(t, suite, work, list, predicted, observed)
	tallies := map[string]*KindTally{}
	known := map[string]int{}
	for i := range observed {
		k := tallies[list[i].Kind]
		if k == nil {
			k = &KindTally{}
			tallies[list[i].Kind] = k
		}
		o := observedOutcome(&observed[i])
		k.Count(predicted[i], o)
		if agrees(predicted[i], o) {
			continue
		}
		if d := KnownDifference(list[i], predicted[i], o); d != nil {
			known[d.Name]++
			t.Logf("known, %s: m%d %s:\n\tforetold %s %s (%s)\n\tobserved %s %s (%s)", d.Name, i, list[i].Name,
				predicted[i].Class, predicted[i].Errno, predicted[i].Why, o.Class, o.Errno, o.Why)
			continue
		}
		t.Errorf("m%d %s:\n\tforetold %s %s (%s)\n\tobserved %s %s (%s)", i, list[i].Name,
			predicted[i].Class, predicted[i].Errno, predicted[i].Why, o.Class, o.Errno, o.Why)
	}
	t.Logf("seed %d, %d mutants; known differences: %v\n%s", mutantSeed(t), len(observed), known, MutantTable(tallies))
}

// askAgain loads those mutants once more, on a kernel that was booted anew, whose
// answers are not explained: an emulator on a busy machine loses a guest now and then.
func (a *agreement) askAgain(t *testing.T, suite *Suite, work string, list []mutant.Mutant, predicted []Outcome, observed []Scenario) {
	t.Helper()
	again := &Suite{Model: suite.Model, Modules: suite.Modules, Built: true}
	var which []int
	for i := range observed {
		o := observedOutcome(&observed[i])
		if !agrees(predicted[i], o) && KnownDifference(list[i], predicted[i], o) == nil {
			again.Scenarios = append(again.Scenarios, suite.Scenarios[i])
			which = append(which, i)
		}
	}
	if len(which) == 0 || len(which) > maxAskedAgain {
		return
	}
	machine := a.machine(filepath.Join(work, "again"))
	machine.Snapshot = true
	if err := os.MkdirAll(machine.Work, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(machine.snapshotPath()); err != nil {
		t.Fatal(err)
	}
	answers, err := machine.Run(t.Context(), again, work)
	if err != nil {
		t.Error(err)
	}
	for n := range answers {
		observed[which[n]] = answers[n]
	}
}

// maxAskedAgain bounds the mutants that are asked about twice: more differences
// than that are no accident.
const maxAskedAgain = 40

// load asks the kernel, or takes the answers that KLPLINT_WORK kept.
func (a *agreement) load(t *testing.T, suite *Suite, work string, predicted []Outcome) []Scenario {
	t.Helper()
	kept := filepath.Join(work, "observed.json")
	var observed []Scenario
	if data, err := os.ReadFile(kept); err == nil {
		if err := json.Unmarshal(data, &observed); err != nil {
			t.Fatal(err)
		}
		return observed
	}
	machine := a.machine(work)
	machine.Snapshot = true
	machine.Believe = func(s *Scenario) bool {
		var i int
		_, err := fmt.Sscanf(s.Name, "m%d", &i)
		return err == nil && agrees(predicted[i], observedOutcome(s))
	}
	observed, err := machine.Run(t.Context(), suite, work)
	if err != nil && len(observed) == 0 {
		t.Fatal(err)
	}
	if err != nil {
		t.Error(err)
	}
	data, err := json.MarshalIndent(observed, "", " ")
	if err == nil {
		err = os.WriteFile(kept, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return observed
}
