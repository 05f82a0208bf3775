package gate_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

const largeModules = 10_000

// fillLarge adds 10,000 modules with 20 funcs each, all active for one kernel,
// in one batch.
func fillLarge(t testing.TB, place, release string) time.Duration {
	r := registrytest.Open(t, place)
	entries := make([]*registry.Entry, largeModules)
	for i := range entries {
		var funcs strings.Builder
		for j := range 20 {
			fmt.Fprintf(&funcs, "func_%d_%d ", i, j)
		}
		m := registrytest.Module(fmt.Sprintf("big_%d_fix", i), registrytest.Flag(false), funcs.String(), "")
		m.Vermagic.Release, m.Arch = release, klp.X86_64
		entries[i] = &registry.Entry{Module: m, State: registry.Active, Owner: "vendor", AddedBy: "test", AddedAt: "2026-01-01T00:00:00Z"}
	}
	begin := time.Now()
	err := r.Write(t.Context(), func(tx *registry.Tx) error { _, err := tx.Add(entries, registry.Added); return err })
	if err != nil {
		t.Fatal(err)
	}
	return time.Since(begin)
}

// The figures of a large registry. KLPLINT_GATE_LARGE=1 runs it, with modinfo.
func TestLarge(t *testing.T) {
	if os.Getenv("KLPLINT_GATE_LARGE") == "" {
		return
	}
	const release = "6.12.117+deb12-amd64"
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		place := "sqlite:" + filepath.Join(dir, "r.db")
		t.Logf("one batch of %d modules: %s", largeModules, fillLarge(t, place, release).Round(time.Millisecond))
		klplint := program(t, dir)
		var gates, peers []time.Duration
		for i := range 15 {
			path := variant(t, dir, 1000+i, 1000+i)
			gates = append(gates, cpu(t, klplint, "gate", "-q", "--registry", place, path))
			peers = append(peers, cpu(t, "modinfo", path))
		}
		slices.Sort(gates)
		slices.Sort(peers)
		t.Logf("CPU of a gate %s, of modinfo %s (medians of %d): %.1f times", gates[7], peers[7], len(gates), float64(gates[7])/float64(peers[7]))
	})
	server := os.Getenv(registrytest.PostgresVariable)
	if server == "" {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		place := registrytest.Postgres(t, server)
		t.Logf("one batch of %d modules: %s", largeModules, fillLarge(t, place, release).Round(time.Millisecond))
		r := registrytest.Open(t, place)
		begin, n := time.Now(), 0
		err := r.Read(t.Context(), func(tx *registry.Tx) error {
			return tx.Active(moduleset.Kernel{Release: release, Arch: klp.X86_64, Flags: "SMP"}, nil, func(registry.Peer) error { n++; return nil })
		})
		if err != nil || n != largeModules {
			t.Fatal(n, err)
		}
		t.Logf("the active modules of one kernel, before any statistics: %s", time.Since(begin).Round(time.Millisecond))
	})
}

// cpu runs a command and returns the time that it and the system spent on it.
func cpu(t *testing.T, name string, args ...string) time.Duration {
	t.Helper()
	cmd := exec.Command(name, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	u := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
