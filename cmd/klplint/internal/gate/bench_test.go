package gate_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
)

// benchRelease is the kernel of variant.
const benchRelease = "6.12.117+deb12-amd64"

// fill adds active modules with 20 funcs each for the kernel of variant, in one
// batch, and as many for another one.
func fill(t testing.TB, place string, modules int) {
	t.Helper()
	r := registrytest.Open(t, place)
	defer r.Close()
	var entries []*registry.Entry
	for i := range modules {
		var funcs strings.Builder
		for j := range 20 {
			fmt.Fprintf(&funcs, "func_%d_%d ", i, j)
		}
		for _, release := range []string{benchRelease, "6.12.118"} {
			m := registrytest.Module(fmt.Sprintf("big_%d_fix", i), registrytest.Flag(false), funcs.String(), "")
			m.Vermagic.Release, m.Vermagic.Flags = release, []string{"SMP", "preempt", "mod_unload", "modversions"}
			m.SHA256 = fmt.Sprintf("%064x", len(entries)+1)
			entries = append(entries, &registry.Entry{Module: m, State: registry.Active, Owner: "vendor", AddedBy: "test", AddedAt: "2026-01-01T00:00:00Z"})
		}
	}
	if err := r.Write(t.Context(), func(tx *registry.Tx) error { _, err := tx.Add(entries, registry.Added); return err }); err != nil {
		t.Fatal(err)
	}
}

// program builds klplint as it is shipped.
func program(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "klplint")
	build := exec.Command("go", "build", "-o", path, "../../../../cmd/klplint")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// One module through the gate as a process of its own, beside 1,000 and 10,000
// active modules of its kernel and as many of another: one that stays beside them,
// and one that replaces them all, and has a finding about each. Nothing is
// recorded, so that it can be repeated. What it is to stay below, as wall-ms/op and
// peak-MiB: 60 ms and 64 MiB, 600 ms and 160 MiB.
func BenchmarkGate(b *testing.B) {
	for _, modules := range []int{1000, 10_000} {
		b.Run(fmt.Sprint(modules), func(b *testing.B) {
			dir := b.TempDir()
			places := map[string]string{"sqlite": "sqlite:" + filepath.Join(dir, "r.db")}
			if server := os.Getenv(registrytest.PostgresVariable); server != "" {
				places["postgres"] = registrytest.Postgres(b, server)
			}
			klplint, launch := program(b, dir), filepath.Join(dir, "launch")
			if out, err := exec.Command("go", "build", "-o", launch, "../../../../internal/bench/launch/main.go").CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, out)
			}
			candidates := map[string]string{"stacking": variant(b, dir, 1, 1), "replacing": "../../../../fixtures/static/replace.ko"}
			for engine, place := range places {
				fill(b, place, modules)
				for _, kind := range []string{"stacking", "replacing"} {
					b.Run(engine+"/"+kind, func(b *testing.B) { benchGate(b, launch, klplint, place, candidates[kind], modules) })
				}
			}
		})
	}
}

// benchGate goes through the small program launch, for Linux counts the memory of
// whoever starts a program to that program's peak; starting launch is part of ns/op
// alone. What is measured has text as output,
// as builders call it; how many modules were compared is asked once before.
func benchGate(b *testing.B, launch, klplint, place, path string, modules int) {
	args := []string{"gate", "--dry-run", "--quiet", "--fail-on", "never", "--registry", place, path}
	text, err := exec.Command(klplint, append(args, "--format", "json")...).Output()
	if err != nil || !strings.Contains(string(text), fmt.Sprintf(`"compared":%d`, modules)) {
		b.Fatalf("%v: %.2000s", err, text)
	}
	var peak, spent, passed int64
	for b.Loop() {
		out, err := exec.Command(launch, append([]string{klplint}, args...)...).Output()
		if err != nil {
			b.Fatal(err)
		}
		var user, system, wall, resident, code int64 // microseconds, and KiB
		if _, err := fmt.Sscan(string(out), &user, &system, &wall, &resident, &code); err != nil || code != 0 {
			b.Fatalf("%v: %s", err, out)
		}
		peak, spent, passed = max(peak, resident), spent+user+system, passed+wall
	}
	b.ReportMetric(float64(peak)/1024, "peak-MiB")
	b.ReportMetric(float64(passed)/1000/float64(b.N), "wall-ms/op")
	b.ReportMetric(float64(spent)/1000/float64(b.N), "cpu-ms/op")
}
