package registry_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
)

// bounded fails the test where f takes far longer than what it may wait.
func bounded(t *testing.T, wait time.Duration, f func() error) error {
	t.Helper()
	begin := time.Now()
	err := f()
	if took := time.Since(begin); took > wait+30*time.Second {
		t.Errorf("it took %s, and was to wait %s: %v", took, wait, err)
	}
	return err
}

// A server that accepts connections and says nothing.
func TestSilentServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // a socket of this test
	const wait = 300 * time.Millisecond
	err = bounded(t, wait, func() error {
		_, err := registry.Open(t.Context(), "postgres://user@"+l.Addr().String()+"/db?sslmode=disable", registry.Options{Wait: wait})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "did not answer within 300ms") {
		t.Errorf("error %v", err)
	}
}

// server returns the URL of the tests' server, without which there is nothing to ask.
func server(t *testing.T) string {
	t.Helper()
	s := os.Getenv(registrytest.PostgresVariable)
	if s == "" {
		t.Skip(registrytest.PostgresVariable + " names no server")
	}
	return s
}

// A connection that is lost at the commit: what was done is not done again, what was not
// is, and where nobody can be asked that is what the error says.
func TestLostAtCommit(t *testing.T) {
	place := registrytest.Postgres(t, server(t))
	add(t, registrytest.Open(t, place), entry(registrytest.Module("a", registrytest.Flag(false), "f", "")))
	p, place := proxied(t, place)
	r, err := registry.Open(t.Context(), place, registry.Options{Wait: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	remove := func(name string) (calls int, err error) {
		err = r.Write(t.Context(), func(tx *registry.Tx) error {
			calls++
			entries, err := tx.All(registry.Filter{Name: name})
			if err == nil && len(entries) == 0 {
				err = registry.Abort(fmt.Errorf("no module %s", name))
			}
			if err != nil {
				return err
			}
			return tx.Remove(entries, registry.Change{By: "test", At: "2026-01-01T00:00:00Z"})
		})
		return calls, err
	}
	p.cut.Store("after")
	if calls, err := remove("a"); calls != 1 || err != nil || p.cut.Load() != "" {
		t.Errorf("done before it was lost: %d calls, %v", calls, err)
	}
	add(t, r, entry(registrytest.Module("b", registrytest.Flag(false), "f", "")))
	p.cut.Store("before")
	if calls, err := remove("b"); calls != 2 || err != nil || p.cut.Load() != "" {
		t.Errorf("lost before it was done: %d calls, %v", calls, err)
	}
	removed := 0
	err = r.Read(t.Context(), func(tx *registry.Tx) error {
		return tx.Log("", "", func(e *registry.Event) error {
			if e.Action == registry.Removed {
				removed++
			}
			return nil
		})
	})
	if err != nil || removed != 2 {
		t.Errorf("%d modules were removed, %v", removed, err)
	}
	verify(t, r)

	add(t, r, entry(registrytest.Module("c", registrytest.Flag(false), "f", "")))
	p.cut.Store("before")
	err = r.Write(t.Context(), func(tx *registry.Tx) error {
		_ = p.Close() // and nobody comes back
		_, err := tx.Add([]*registry.Entry{entry(registrytest.Module("d", registrytest.Flag(false), "f", ""))}, registry.Added)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "whether that was done is not known") {
		t.Errorf("error %v", err)
	}
}

// A server that stops between two transactions of an open registry.
func TestServerStops(t *testing.T) {
	place := registrytest.Postgres(t, server(t))
	add(t, registrytest.Open(t, place), entry(registrytest.Module("a", registrytest.Flag(false), "f", "")))
	p, place := proxied(t, place)
	const wait = time.Second
	r, err := registry.Open(t.Context(), place, registry.Options{Wait: wait})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p.frozen.Lock()
	err = bounded(t, wait, func() error { return r.Write(t.Context(), func(*registry.Tx) error { return nil }) })
	p.frozen.Unlock()
	if err == nil || !strings.Contains(err.Error(), "did not answer within 1s") {
		t.Errorf("error %v", err)
	}
	if err := r.Write(t.Context(), func(*registry.Tx) error { return nil }); err != nil {
		t.Errorf("after it went on: %v", err)
	}
}

// A server that falls silent at any point of what reads or writes is given up.
func TestSilentAtEachStep(t *testing.T) {
	if os.Getenv(registrytest.PooledVariable) != "" {
		t.Skip("it needs more connections than a pooler has")
	}
	const wait = 5 * time.Second
	read := func(r *registry.Registry) error {
		return r.Read(t.Context(), func(tx *registry.Tx) error {
			entries, err := tx.All(registry.Filter{Func: "f"})
			if err != nil {
				return err
			}
			if _, err := tx.ReplacedBy(entries[0]); err != nil {
				return err
			}
			if _, err := tx.Kernels(); err != nil {
				return err
			}
			if err := tx.Export(io.Discard); err != nil {
				return err
			}
			_, err = tx.Verify()
			return err
		})
	}
	write := func(r *registry.Registry) error {
		return r.Write(t.Context(), func(tx *registry.Tx) error {
			entries, err := tx.All(registry.Filter{Name: "a"})
			if err != nil {
				return err
			}
			c := registry.Change{By: "test", At: "2026-01-01T00:00:00Z"}
			if err := tx.SetState(entries, registry.Retired, registry.RetiredNow, c); err != nil {
				return err
			}
			return tx.Remove(entries, c)
		})
	}
	for name, do := range map[string]func(*registry.Registry) error{"read": read, "write": write} {
		t.Run(name, func(t *testing.T) {
			plain := func() string {
				place := registrytest.Postgres(t, server(t))
				add(t, registrytest.Open(t, place), entry(registrytest.Module("a", registrytest.Flag(false), "f", "")))
				return place
			}
			silent := func(place string, after int64) (p *proxy, err error) {
				p, place = proxied(t, place)
				t.Cleanup(p.hangUp)
				r, err := registry.Open(t.Context(), place, registry.Options{Wait: wait})
				if err != nil {
					return p, err
				}
				defer r.Close()
				p.left.Store(after)
				return p, bounded(t, wait, func() error { return do(r) })
			}
			const many = 1 << 20
			place := plain()
			p, err := silent(place, many)
			if err != nil {
				t.Fatal(err)
			}
			asked := many - p.left.Load()
			if asked < 5 {
				t.Fatalf("the server was asked %d times", asked)
			}
			var wg sync.WaitGroup
			for n := range asked {
				place := place
				if name == "write" {
					place = plain() // what is not ended there goes on
				}
				wg.Go(func() {
					p, err := silent(place, n+1)
					// What is said at the very end, and how a transaction ends that reads,
					// changes nothing. How much is said at once varies.
					held, _ := p.held.Load().(string)
					over := held == "" || held[0] == 'X' || name == "read" && strings.Contains(held, "rollback\x00")
					if err == nil && over && n >= asked-3 {
						return
					}
					if err == nil || !strings.Contains(err.Error(), "did not answer within 5s") {
						t.Errorf("silent after %d of %d answers, before %q: %v", n, asked, held, err)
					}
				})
			}
			wg.Wait()
		})
	}
}

// Whoever takes what was read may take his time.
func TestSlowReader(t *testing.T) {
	place := registrytest.Postgres(t, server(t))
	add(t, registrytest.Open(t, place), entry(registrytest.Module("a", registrytest.Flag(false), "f", "")))
	const wait = 3 * time.Second
	r, err := registry.Open(t.Context(), place, registry.Options{ReadOnly: true, Wait: wait})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n := 0
	err = r.Read(t.Context(), func(tx *registry.Tx) error {
		return tx.List(registry.Filter{}, func(*registry.Entry) error {
			n++
			time.Sleep(wait + wait/3)
			return nil
		})
	})
	if n != 1 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}

// A first start waits where there are too many connections.
func TestTooManyConnections(t *testing.T) {
	if os.Getenv(registrytest.PooledVariable) != "" {
		t.Skip("this is about the server, whatever stands before it")
	}
	place := registrytest.Postgres(t, server(t))
	admin, err := pgx.Connect(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.WithoutCancel(t.Context())
	defer admin.Close(ctx)
	u, err := url.Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	schema := u.Query().Get("search_path")
	run := func(statements ...string) {
		t.Helper()
		for _, s := range statements {
			if _, err := admin.Exec(ctx, s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
	run("CREATE ROLE "+schema+" LOGIN PASSWORD 'few' CONNECTION LIMIT 3", "GRANT ALL ON SCHEMA "+schema+" TO "+schema)
	defer run("DROP OWNED BY "+schema, "DROP ROLE "+schema)
	u.User = url.UserPassword(schema, "few")
	for range 3 {
		held, err := pgx.Connect(t.Context(), u.String())
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(500*time.Millisecond, func() { _ = held.Close(ctx) })
	}
	r, err := registry.Open(t.Context(), u.String(), registry.Options{Create: true, Wait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	add(t, r, entry(registrytest.Module("a", registrytest.Flag(false), "f", "")))
}

// What is longer than an engine's own clock is waited for as long as that goes.
func TestLongWait(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, place string) {
		add(t, registrytest.Open(t, place))
		r, err := registry.Open(t.Context(), place, registry.Options{Wait: 1000 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		add(t, r, entry(registrytest.Module("a", registrytest.Flag(false), "f", "")))
	})
}

// A server that falls silent in the middle of a migration: it is given up when
// that has been waited for, and whoever comes next makes the schema.
func TestSilentInMigration(t *testing.T) {
	plain := registrytest.Postgres(t, server(t))
	p, place := proxied(t, plain)
	p.stop.Store("CREATE TABLE document")
	const wait = time.Second
	err := bounded(t, wait, func() error {
		r, err := registry.Open(t.Context(), place, registry.Options{Create: true, Wait: wait})
		if err == nil {
			r.Close()
		}
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "did not answer within 1s") {
		t.Errorf("error %v", err)
	}
	if p.stop.Load() != "" {
		t.Fatal("the migration has no such statement")
	}
	p.frozen.Unlock()
	r := registrytest.Open(t, plain)
	add(t, r, entry(registrytest.Module("a", registrytest.Flag(false), "f", "")))
	verify(t, r)
}

// A new process waits for a server that starts.
func TestServerStarts(t *testing.T) {
	place := registrytest.Postgres(t, server(t))
	add(t, registrytest.Open(t, place), entry(registrytest.Module("a", registrytest.Flag(false), "f", "")))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	p := &proxy{}
	place, p.to = through(t, place, address)
	started := make(chan error, 1)
	time.AfterFunc(500*time.Millisecond, func() {
		var err error
		if p.Listener, err = net.Listen("tcp", address); err == nil {
			go p.serve()
		}
		started <- err
	})
	r, err := registry.Open(t.Context(), place, registry.Options{Wait: 20 * time.Second})
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	defer p.Close() //nolint:errcheck // a socket of this test
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	begin := time.Now()
	closed, _ := through(t, place, "127.0.0.1:1")
	if _, err = registry.Open(t.Context(), closed, registry.Options{Wait: 300 * time.Millisecond}); err == nil || time.Since(begin) > 30*time.Second {
		t.Errorf("nobody listens: %v after %s", err, time.Since(begin))
	}
}

// Another session holds the row that every writer changes first.
func TestRowIsHeld(t *testing.T) {
	place := registrytest.Postgres(t, server(t))
	r := registrytest.Open(t, place)
	conn, err := pgx.Connect(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT revision FROM registry FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	const wait = time.Second
	impatient, err := registry.Open(t.Context(), place, registry.Options{Wait: wait})
	if err != nil {
		t.Fatal(err)
	}
	defer impatient.Close()
	err = bounded(t, wait, func() error { return impatient.Write(t.Context(), func(*registry.Tx) error { return nil }) })
	if err == nil || !strings.Contains(err.Error(), "did not answer") && !strings.Contains(err.Error(), "kept the registry locked") {
		t.Errorf("error %v", err)
	}
	if err := r.Read(t.Context(), func(*registry.Tx) error { return nil }); err != nil {
		t.Errorf("reading waits for a writer: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := impatient.Write(t.Context(), func(*registry.Tx) error { return nil }); err != nil {
		t.Errorf("after it was let go: %v", err)
	}
}

// An engine without advisory locks: several first starts at once all come up.
func TestNoAdvisoryLocks(t *testing.T) {
	if os.Getenv(registrytest.PooledVariable) != "" {
		t.Skip("this is about the server, whatever stands before it")
	}
	place := registrytest.Postgres(t, server(t))
	u, err := url.Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	schema := u.Query().Get("search_path")
	admin, err := pgx.Connect(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.WithoutCancel(t.Context()))
	run := func(statements ...string) {
		t.Helper()
		for _, s := range statements {
			if _, err := admin.Exec(context.WithoutCancel(t.Context()), s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
	// A function of this name in a schema that is looked through first answers for the engine's.
	run("CREATE FUNCTION " + schema + ".pg_try_advisory_xact_lock(bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '0A000', MESSAGE = 'not supported'; END $$")
	q := u.Query()
	q.Set("search_path", schema+",pg_catalog")
	u.RawQuery = q.Encode()
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "REGISTRY_TEST_OPEN="+u.String())
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	r := registrytest.Open(t, u.String())
	add(t, r, entry(registrytest.Module("a", registrytest.Flag(false), "f", "")))
	if !strings.Contains(r.Name(), schema) {
		t.Errorf("the name %s does not tell this schema from others", r.Name())
	}
}
