package gate_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/klplint/klplint/cmd/klplint/internal/gate"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/lint"
)

// One module through the gate of a registry of 1,000, opened and closed each
// time as the command does. Nothing is recorded, so that it can be repeated.
func BenchmarkGate(b *testing.B) {
	dir := b.TempDir()
	place := "sqlite:" + filepath.Join(dir, "r.db")
	r := registrytest.Open(b, place)
	var entries []*registry.Entry
	for i := range 1000 {
		m := registrytest.Module(fmt.Sprintf("big_%d_fix", i), registrytest.Flag(false), fmt.Sprintf("f_%d g_%d h_%d", i, i, i), "")
		m.Vermagic.Release = "6.12.117+deb12-amd64"
		entries = append(entries, &registry.Entry{Module: m, State: registry.Active})
	}
	if err := r.Write(b.Context(), func(tx *registry.Tx) error { _, err := tx.Add(entries); return err }); err != nil {
		b.Fatal(err)
	}
	r.Close()
	path := variant(b, dir, 1, 1)
	for b.Loop() {
		r, err := registry.Open(b.Context(), place, registry.Options{})
		if err != nil {
			b.Fatal(err)
		}
		out, err := gate.Run(b.Context(), gate.Config{
			Registry: r, DryRun: true, Lint: lint.Config{Inputs: []lint.Source{{Path: path, Named: true}}, Jobs: 1},
			Policy: policy.Policy{FailOn: finding.Error},
		})
		if err != nil || !out.Pass {
			b.Fatal(out, err)
		}
		r.Close()
	}
}
