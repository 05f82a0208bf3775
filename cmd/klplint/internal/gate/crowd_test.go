package gate_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klplint/klplint/cmd/klplint/internal/gate"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/lint"
)

// The test binary plays the builders too, as processes that can be killed.
func TestMain(m *testing.M) {
	if place := os.Getenv("GATE_TEST_PLACE"); place != "" {
		os.Exit(builder(place, os.Getenv("GATE_TEST_NAME"), os.Args[1:]))
	}
	os.Exit(m.Run())
}

// builder gates one file after the other and says what it was told. What is
// lost on the way it gives again, as a build farm does.
func builder(place, name string, files []string) int {
	ctx := context.Background()
	for _, path := range files {
		for attempt := 0; ; attempt++ {
			status, err := gateOne(ctx, place, name, path)
			if err == nil {
				fmt.Printf("%s\t%s\n", status, path)
				break
			}
			if attempt == 50 {
				fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
				return 1
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	return 0
}

func gateOne(ctx context.Context, place, name, path string) (gate.Status, error) {
	r, err := registry.Open(ctx, place, registry.Options{Create: true})
	if err != nil {
		return "", err
	}
	defer r.Close()
	out, err := gate.Run(ctx, gate.Config{
		Registry: r, By: name, At: "2026-01-01T00:00:00Z",
		Lint:   lint.Config{Inputs: []lint.Source{{Path: path, Named: true}}, Jobs: 1},
		Policy: policy.Policy{FailOn: finding.Error},
	})
	if err != nil {
		return "", err
	}
	if len(out.Modules) != 1 || len(out.Verdict.Errors) > 0 {
		return "", fmt.Errorf("%s: %v", path, out.Verdict.Errors)
	}
	return out.Modules[0].Status, nil
}

// variant writes a module made of a fixture, with a name and a func of its own:
// of one length each, so that every place in the file stays where it is.
func variant(t testing.TB, dir string, name, fn int) string {
	t.Helper()
	b, err := os.ReadFile("../../../../fixtures/static/one-func.ko")
	if err != nil {
		t.Fatal(err)
	}
	b = bytes.ReplaceAll(b, []byte("static_one_func"), fmt.Appendf(nil, "hotfix_%08d", name))
	b = bytes.ReplaceAll(b, []byte("cmdline_proc_show"), fmt.Appendf(nil, "func_%012d", fn))
	path := filepath.Join(dir, fmt.Sprintf("hotfix-%d-%d.ko", name, fn))
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Many builders gate modules of which pairs conflict (two of one name), and are
// killed, and the server too where that can be done: in the end one of each
// pair is active, nobody who was told of an admission was told wrong, and
// the registry is whole.
//
// KLPLINT_GATE_STRESS=1 makes it 8 builders and 400 modules;
// KLPLINT_POSTGRES_RESTART is a command that kills and starts the server.
func TestCrowd(t *testing.T) {
	builders, pairs, kills := 4, 20, 4
	if os.Getenv("KLPLINT_GATE_STRESS") != "" {
		builders, pairs, kills = 8, 200, 40
	}
	registrytest.Each(t, func(t *testing.T, place string) {
		dir := t.TempDir()
		var files []string
		for i := range pairs {
			files = append(files, variant(t, dir, i, 2*i), variant(t, dir, i, 2*i+1))
		}
		c := &crowd{place: place, told: make(map[string][]gate.Status), deadline: time.Now().Add(4 * time.Minute)}
		begin := time.Now()
		var wg sync.WaitGroup
		for b := range builders {
			// Every file goes to two builders, and the two of a pair are met at
			// about the same time.
			var mine []string
			for i, f := range files {
				if (i/2+i%2)%(builders/2) == b%(builders/2) {
					mine = append(mine, f)
				}
			}
			wg.Go(func() { c.run(t, fmt.Sprintf("builder-%d", b), mine) })
		}
		done := make(chan struct{})
		var saboteur sync.WaitGroup
		saboteur.Go(func() { c.sabotage(t, place, kills, done) })
		wg.Wait()
		close(done)
		saboteur.Wait()
		c.check(t, pairs)
		t.Logf("%d builders, %d modules, %d kills, %d server restarts: %d admitted in %s", builders, len(files), c.kills, c.restarts, pairs, time.Since(begin).Round(time.Millisecond))
	})
}

type crowd struct {
	place           string
	deadline        time.Time
	kills, restarts int

	mu      sync.Mutex
	running []*exec.Cmd
	told    map[string][]gate.Status // by path
}

// run keeps one builder going until it has come to its end.
func (c *crowd) run(t *testing.T, name string, files []string) {
	for {
		var said, stderr bytes.Buffer
		cmd := exec.Command(os.Args[0], files...)
		cmd.Env = append(os.Environ(), "GATE_TEST_PLACE="+c.place, "GATE_TEST_NAME="+name)
		cmd.Stdout, cmd.Stderr = &said, &stderr
		if err := cmd.Start(); err != nil {
			t.Error(err)
			return
		}
		c.mu.Lock()
		c.running = append(c.running, cmd)
		c.mu.Unlock()
		err := cmd.Wait()
		c.mu.Lock()
		c.running = slices.DeleteFunc(c.running, func(x *exec.Cmd) bool { return x == cmd })
		for lines := bufio.NewScanner(&said); lines.Scan(); {
			if status, path, whole := strings.Cut(lines.Text(), "\t"); whole && strings.HasSuffix(path, ".ko") {
				c.told[path] = append(c.told[path], gate.Status(status))
			}
		}
		c.mu.Unlock()
		switch {
		case err == nil:
			return
		case cmd.ProcessState.ExitCode() >= 0:
			t.Errorf("%s: %v: %s", name, err, &stderr)
			return
		case time.Now().After(c.deadline):
			t.Errorf("%s: not done in time", name)
			return
		}
	}
}

// sabotage kills builders, and restarts the server three times.
func (c *crowd) sabotage(t *testing.T, place string, kills int, done chan struct{}) {
	restart := ""
	if strings.HasPrefix(place, "postgres") {
		restart = os.Getenv("KLPLINT_POSTGRES_RESTART")
	}
	for c.kills < kills {
		select {
		case <-done:
			return
		case <-time.After(20*time.Millisecond + rand.N(60*time.Millisecond)):
		}
		c.mu.Lock()
		if len(c.running) > 0 {
			if err := c.running[rand.IntN(len(c.running))].Process.Kill(); err == nil {
				c.kills++
			}
		}
		c.mu.Unlock()
		if restart != "" && c.restarts < 3 && c.kills%3 == 0 {
			c.restarts++
			if out, err := exec.Command("sh", "-c", restart).CombinedOutput(); err != nil {
				t.Errorf("%s: %v: %s", restart, err, out)
			}
		}
	}
}

func (c *crowd) check(t *testing.T, pairs int) {
	r := registrytest.Open(t, c.place)
	active := make(map[string]bool) // by digest
	names := make(map[string]int)
	err := r.Read(t.Context(), func(tx *registry.Tx) error {
		problems, err := tx.Verify()
		for _, p := range problems {
			t.Error(p)
		}
		if err != nil {
			return err
		}
		entries, err := tx.All(registry.Filter{})
		for _, e := range entries {
			active[e.Module.SHA256] = e.State == registry.Active
			names[e.Module.Name]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range names {
		if n != 1 {
			t.Errorf("%s: %d of the pair were admitted", name, n)
		}
	}
	if len(names) != pairs {
		t.Errorf("%d pairs have an active module, want %d", len(names), pairs)
	}
	if len(c.told) != 2*pairs {
		t.Errorf("%d of %d modules were answered", len(c.told), 2*pairs)
	}
	for path, answers := range c.told {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		is, first := active[fmt.Sprintf("%x", sha256.Sum256(content))], 0
		for _, s := range answers {
			yes := s == gate.Admitted || s == gate.Already
			if yes != is {
				t.Errorf("%s: a builder was told %q, and active is %v", path, s, !yes)
			}
			if s == gate.Admitted {
				first++
			}
		}
		if first > 1 {
			t.Errorf("%s: admitted %d times", path, first)
		}
	}
}
