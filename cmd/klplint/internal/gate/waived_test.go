package gate

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/rules"
)

// Three candidates lack a state of an active module that they replace. Each has a
// finding of its own, so that a waiver of one admits none of the others, and, as
// all are admitted or none, not that one either.
func TestWaiverOfOneAdmitsNoOther(t *testing.T) {
	for _, tt := range []struct {
		waived string   // glob
		want   []Status // of fix_2, fix_3, fix_4
	}{
		{"other", []Status{Refused, Refused, Refused}},
		{"fix_2", []Status{RefusedBeside, Refused, Refused}},
		{"fix_3", []Status{Refused, RefusedBeside, Refused}},
		{"fix_[24]", []Status{RefusedBeside, Refused, RefusedBeside}},
		{"fix_[234]", []Status{Admitted, Admitted, Admitted}},
	} {
		t.Run(tt.waived, func(t *testing.T) {
			r := registrytest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db"))
			waivers := []policy.Waiver{{Rule: "KLP403", Module: tt.waived, Reason: "test", File: "waivers.yaml", Line: 1}}
			g := &gate{Config: Config{
				Registry: r, By: "test", At: "2026-01-01T00:00:00Z",
				Policy: policy.Policy{Gate: true, FailOn: finding.Error, Rules: rules.All(), Waivers: waivers},
				Basis:  Basis{Version: "test", Rules: rules.All()},
			}}
			g.Lint.Rules, g.Lint.Set.Model = rules.All(), "mainline"
			g.alone = &lint.Result{Summary: lint.Summary{Modules: 3}}
			for i := 2; i <= 4; i++ {
				m := registrytest.Module(fmt.Sprint("fix_", i), registrytest.Flag(true), "f", "")
				m.UnsignedSHA256 = m.SHA256
				g.modules = append(g.modules, m)
				g.alone.Modules = append(g.alone.Modules, lint.Module{Path: m.Path, Name: m.Name, SHA256: m.SHA256})
			}
			var out *Outcome
			err := r.Write(t.Context(), func(tx *registry.Tx) error {
				active := &registry.Entry{Module: registrytest.Module("fix_1", registrytest.Flag(true), "f", "7:1"), State: registry.Active}
				active.Module.UnsignedSHA256 = active.Module.SHA256
				if _, err := tx.Add([]*registry.Entry{active}, registry.Added); err != nil {
					return err
				}
				var err error
				out, err = g.transaction(tx)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			lacking := make(map[string]int)
			for _, f := range out.Verdict.Findings {
				if f.Rule == "KLP403" {
					lacking[f.Module]++
				}
			}
			for i, a := range out.Modules {
				if lacking[a.Path] != 1 {
					t.Errorf("%s: %d findings of KLP403, want one", a.Name, lacking[a.Path])
				}
				if a.Status != tt.want[i] {
					t.Errorf("%s: %q, want %q: %v", a.Name, a.Status, tt.want[i], out.Verdict.Findings)
				}
			}
			if want := tt.want[0] == Admitted; out.Pass != want {
				t.Errorf("pass %v, want %v", out.Pass, want)
			}
		})
	}
}
