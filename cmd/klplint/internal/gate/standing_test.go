package gate

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/rules"
)

// Two modules whose digests begin alike have one path in the registry, and are
// two all the same: one name is loaded once.
func TestDigestsThatBeginAlike(t *testing.T) {
	r := registrytest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db"))
	entry := func(end string, state registry.State) *registry.Entry {
		m := registrytest.Module("fix_1", registrytest.Flag(false), "f_"+end, "")
		m.SHA256 = strings.Repeat("0", 63) + end
		m.UnsignedSHA256 = m.SHA256
		return &registry.Entry{Module: m, State: state}
	}
	err := r.Write(t.Context(), func(tx *registry.Tx) error {
		config := lint.Config{Rules: rules.All(), Set: moduleset.Options{Model: "mainline"}}
		judge := policy.Policy{FailOn: finding.Error, Rules: rules.All()}
		if _, err := tx.Add([]*registry.Entry{entry("1", registry.Active), entry("2", registry.Retired)}, registry.Added); err != nil {
			return err
		}
		retired, err := tx.All(registry.Filter{States: []registry.State{registry.Retired}})
		if err != nil {
			return err
		}
		verdict, err := Activate(tx, config, judge, retired, registry.Change{By: "test"})
		if err != nil {
			return err
		}
		if verdict.ExitCode == 0 || !slices.ContainsFunc(verdict.Findings, func(f policy.Finding) bool { return f.Rule == "KLP406" }) {
			t.Errorf("activated: %+v", verdict)
		}
		if _, err := tx.Add([]*registry.Entry{entry("3", registry.Active)}, registry.Added); err != nil {
			return err
		}
		found, n, err := Check(tx, config, judge)
		if err != nil {
			return err
		}
		if n != 2 || !slices.ContainsFunc(found.Findings, func(f policy.Finding) bool { return f.Rule == "KLP406" }) {
			t.Errorf("%d checked: %+v", n, found.Findings)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Each module is judged beside all that were recorded before it, and no later one,
// as the gate would have: also where a rule tells candidates from the baseline.
func TestCheckIsAsTheGate(t *testing.T) {
	const modules = 70
	r := registrytest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db"))
	entries := make([]*registry.Entry, modules)
	for i := range entries {
		entries[i] = &registry.Entry{Module: registrytest.Module(fmt.Sprintf("fix_%02d", i), registrytest.Flag(false), "f", ""), State: registry.Active}
	}
	err := r.Write(t.Context(), func(tx *registry.Tx) error {
		if _, err := tx.Add(entries, registry.Added); err != nil {
			return err
		}
		found, n, err := Check(tx, lint.Config{Rules: rules.All()}, policy.Policy{FailOn: finding.Warning, Rules: rules.All()})
		if err != nil {
			return err
		}
		of := make(map[string]int)
		for i := range found.Findings {
			if f := &found.Findings[i]; f.Rule == "KLP401" {
				of[f.Module] += max(f.More, 1)
			}
		}
		if n != modules || found.ExitCode != 1 {
			t.Errorf("%d checked, exit code %d", n, found.ExitCode)
		}
		for i, e := range entries {
			if of[e.Path()] != i {
				t.Errorf("%s: %d findings, want %d", e.Path(), of[e.Path()], i)
			}
		}
		// It drops g, and has a func less: of two candidates it would be the older one.
		cumulative := &registry.Entry{Module: registrytest.Module("all_2", registrytest.Flag(true), "f", ""), State: registry.Active}
		larger := &registry.Entry{Module: registrytest.Module("both_1", registrytest.Flag(true), "f g", ""), State: registry.Active}
		if _, err := tx.Add([]*registry.Entry{larger}, registry.Added); err != nil {
			return err
		}
		if _, err := tx.Add([]*registry.Entry{cumulative}, registry.Added); err != nil {
			return err
		}
		if found, _, err = Check(tx, lint.Config{Rules: rules.All()}, policy.Policy{FailOn: finding.Error, Rules: rules.All()}); err != nil {
			return err
		}
		drops := func(f policy.Finding) bool { return f.Rule == "KLP404" && f.Module == cumulative.Path() }
		if found.ExitCode != 1 || !slices.ContainsFunc(found.Findings, drops) {
			t.Errorf("exit code %d, no KLP404 among %d findings", found.ExitCode, len(found.Findings))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
