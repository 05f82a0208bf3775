package registry_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
)

// One batch of 1,000 modules with 20 funcs each.
func BenchmarkAdd(b *testing.B) {
	entries := make([]*registry.Entry, 1000)
	for i := range entries {
		var funcs strings.Builder
		for j := range 20 {
			fmt.Fprintf(&funcs, "func_%d_%d ", i, j)
		}
		entries[i] = entry(registrytest.Module(fmt.Sprintf("big_%d_fix", i), registrytest.Flag(false), funcs.String(), ""))
	}
	for b.Loop() {
		r := registrytest.Open(b, "sqlite:"+filepath.Join(b.TempDir(), "r.db"))
		if err := r.Write(b.Context(), func(tx *registry.Tx) error { _, err := tx.Add(entries, registry.Added); return err }); err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}
