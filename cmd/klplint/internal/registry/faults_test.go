package registry_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
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

// proxy passes bytes on between clients and a server.
type proxy struct {
	net.Listener
	to     string
	frozen sync.RWMutex // held: nothing passes
	// cut ends the next connection that commits: before the server hears of it, or after
	// it has done it; "" for none.
	cut atomic.Value
	// stop freezes before the next statement that holds this text; "" for none.
	stop atomic.Value
}

// proxied starts a proxy before the server of place, and returns the place by way of it.
func proxied(t *testing.T, place string) (*proxy, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	p := &proxy{Listener: l}
	p.cut.Store("")
	p.stop.Store("")
	place, p.to = through(t, place, l.Addr().String())
	go p.serve()
	return p, place
}

func (p *proxy) serve() {
	for {
		client, err := p.Accept()
		if err != nil {
			return
		}
		go func() {
			defer client.Close() //nolint:errcheck // a socket of this test
			server, err := net.Dial("tcp", p.to)
			if err != nil {
				return
			}
			defer server.Close() //nolint:errcheck // a socket of this test
			go p.pass(server, client, func(b []byte) bool {
				if text, _ := p.stop.Load().(string); text != "" && bytes.Contains(b, []byte(text)) && p.stop.CompareAndSwap(text, "") {
					p.frozen.Lock()
				}
				if !bytes.Contains(b, []byte("commit\x00")) {
					return true
				}
				when := p.cut.Swap("")
				if when == "after" {
					if _, err := server.Write(b); err == nil {
						time.Sleep(500 * time.Millisecond) // until it is done
					}
				}
				if when == "before" || when == "after" {
					client.Close() //nolint:errcheck // a socket of this test
					server.Close() //nolint:errcheck // a socket of this test
					return false
				}
				return true
			})
			p.pass(client, server, func([]byte) bool { return true })
		}()
	}
}

func (p *proxy) pass(to io.Writer, from io.Reader, let func([]byte) bool) {
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		if err != nil || !let(b[:n]) {
			return
		}
		p.frozen.RLock()
		_, err = to.Write(b[:n])
		p.frozen.RUnlock()
		if err != nil {
			return
		}
	}
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

// through returns place with another address, and the one that it had.
func through(t *testing.T, place, address string) (string, string) {
	t.Helper()
	u, err := url.Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	was := u.Host
	u.Host = address
	return u.String(), was
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

// A server that falls silent in the middle of a migration: it is given up when the time
// for one statement is over, and whoever comes next makes the schema.
func TestSilentInMigration(t *testing.T) {
	plain := registrytest.Postgres(t, server(t))
	p, place := proxied(t, plain)
	p.stop.Store("CREATE TABLE document")
	const work = time.Second
	err := bounded(t, work, func() error {
		r, err := registry.Open(t.Context(), place, registry.Options{Create: true, Wait: 300 * time.Millisecond, Work: work})
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
