package kerneltest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
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

// TestMutants: what klplint says of changed modules is what the kernel does.
func TestMutants(t *testing.T) {
	for _, folder := range kernels(t) {
		release := filepath.Base(folder)
		root := "../../fixtures"
		if !strings.HasPrefix(release, "6.12.") {
			continue // the committed fixtures are for this series
		}
		if rebuilt := os.Getenv("KLPLINT_FIXTURES"); rebuilt != "" {
			root = rebuilt
		}
		t.Run(release, func(t *testing.T) { mutants(t, folder, root) })
	}
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
	for i, m := range list {
		if err := os.WriteFile(filepath.Join(work, fmt.Sprintf("m%d.ko", i)), m.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	predicted := make([]Outcome, len(list))
	for i := range list {
		if predicted[i], err = foretell(t.Context(), filepath.Join(work, fmt.Sprintf("m%d.ko", i)), a.known); err != nil {
			t.Fatal(err)
		}
	}
	observed := a.load(t, suite, work, predicted)
	tallies := map[string]*KindTally{}
	for i := range observed {
		k := tallies[list[i].Kind]
		if k == nil {
			k = &KindTally{}
			tallies[list[i].Kind] = k
		}
		o := observedOutcome(&observed[i])
		k.Count(predicted[i], o)
		if !agrees(predicted[i], o) {
			t.Errorf("m%d %s:\n\tforetold %s %s (%s)\n\tobserved %s %s (%s)", i, list[i].Name,
				predicted[i].Class, predicted[i].Errno, predicted[i].Why, o.Class, o.Errno, o.Why)
		}
	}
	t.Logf("seed %d, %d of %d mutants\n%s", mutantSeed(t), len(observed), len(list), MutantTable(tallies))
}

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
	machine := Machine{Vmlinuz: filepath.Join(a.folder, "vmlinuz"), Init: a.init, Work: work, Snapshot: true}
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
