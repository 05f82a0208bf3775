package gate

import (
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
