package registry_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
	"github.com/klplint/klplint/klp"
)

// The test binary is a second process too: see TestFirstStarts.
func TestMain(m *testing.M) {
	if place := os.Getenv("REGISTRY_TEST_OPEN"); place != "" {
		r, err := registry.Open(context.Background(), place, registry.Options{Create: true})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		r.Close()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func entry(m *klp.Module) *registry.Entry {
	return &registry.Entry{Module: m, State: registry.Active, AddedBy: "test", AddedAt: "2026-01-01T00:00:00Z"}
}

func add(t *testing.T, r *registry.Registry, entries ...*registry.Entry) {
	t.Helper()
	err := r.Write(t.Context(), func(tx *registry.Tx) error { _, err := tx.Add(entries, registry.Added); return err })
	if err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, r *registry.Registry, f registry.Filter) (names []string) {
	t.Helper()
	err := r.Read(t.Context(), func(tx *registry.Tx) error {
		entries, err := tx.All(f)
		names = nil
		for _, e := range entries {
			names = append(names, e.Module.Name+" "+string(e.State))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func verify(t *testing.T, r *registry.Registry) {
	t.Helper()
	err := r.Read(t.Context(), func(tx *registry.Tx) error {
		problems, err := tx.Verify()
		for _, p := range problems {
			t.Error(p)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAddFindRetireRemove(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, place string) {
		r := registrytest.Open(t, place)
		long := strings.Repeat("x", 5000)
		a, b := entry(registrytest.Module("fix_1", registrytest.Flag(false), "tcp_sendmsg ext4:iget,2 ext4:iget,18446744073709551615 "+long, "18446744073709551615:4294967295 7:1")), entry(registrytest.Module("fix_2", registrytest.Flag(true), "tcp_sendmsg", ""))
		a.Labels, b.Owner, b.Channel = map[string]string{"cve": "CVE-2026-1234", "it's": `"50%"`}, "acme", "hot"
		add(t, r, a, b, a)
		add(t, r, b) // the same bytes again
		for _, tt := range []struct {
			f    registry.Filter
			want string
		}{
			{registry.Filter{}, "[fix_1 active fix_2 active]"},
			{registry.Filter{Func: "tcp_sendmsg"}, "[fix_1 active fix_2 active]"},
			{registry.Filter{Func: "tcp_sendmsg", Object: "ext4"}, "[]"},
			{registry.Filter{Func: "iget", Object: "ext4"}, "[fix_1 active]"},
			{registry.Filter{Object: "ext4"}, "[fix_1 active]"},
			{registry.Filter{Func: long}, "[fix_1 active]"},
			{registry.Filter{Labels: map[string]string{"cve": "CVE-2026-1234"}}, "[fix_1 active]"},
			{registry.Filter{Labels: map[string]string{"it's": `"50%"`}, Func: "tcp_sendmsg"}, "[fix_1 active]"},
			{registry.Filter{Owner: "acme", Channels: []string{"hot", "cold"}}, "[fix_2 active]"},
			{registry.Filter{SHA256: a.Module.SHA256[:9]}, "[fix_1 active]"},
			{registry.Filter{Release: registrytest.Release, Arch: "x86_64", States: []registry.State{registry.Retired}}, "[]"},
			{registry.Filter{Release: "6.1"}, "[]"},
		} {
			if got := fmt.Sprint(list(t, r, tt.f)); got != tt.want {
				t.Errorf("%+v: %s, want %s", tt.f, got, tt.want)
			}
		}
		err := r.Write(t.Context(), func(tx *registry.Tx) error {
			entries, err := tx.All(registry.Filter{Name: "fix_1"})
			if err != nil {
				return err
			}
			if s := entries[0].Module.Patch.States[0]; s.ID != 1<<64-1 || s.Version != 1<<32-1 {
				t.Errorf("state %+v", s)
			}
			return tx.SetState(entries, registry.Retired, registry.RetiredNow, registry.Change{By: "me", At: "now", ReplacedBy: b.Module.SHA256})
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(list(t, r, registry.Filter{Func: "tcp_sendmsg"})); got != "[fix_1 retired fix_2 active]" {
			t.Error(got)
		}
		verify(t, r)
		err = r.Write(t.Context(), func(tx *registry.Tx) error {
			entries, err := tx.All(registry.Filter{})
			if err != nil {
				return err
			}
			return tx.Remove(entries[:1], registry.Change{By: "me", At: "now"})
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(list(t, r, registry.Filter{})); got != "[fix_2 active]" {
			t.Error(got)
		}
		verify(t, r)
	})
}

// What a module replaced is known by it in its channel, also when another file takes its
// place that is the same module.
func TestReplacedBy(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, place string) {
		r := registrytest.Open(t, place)
		module := func(name, digest, channel string) *registry.Entry {
			e := entry(registrytest.Module(name, registrytest.Flag(true), "f", ""))
			e.Channel = channel
			if digest != "" {
				e.Module.UnsignedSHA256, e.Module.SHA256, e.Module.Compression = e.Module.SHA256, strings.Repeat(digest, 64), klp.Gzip
			}
			return e
		}
		add(t, r, module("fix_1", "", "a"), module("fix_1", "", "b"), module("fix_2", "1", "a"), module("fix_2", "1", "b"))
		err := r.Write(t.Context(), func(tx *registry.Tx) error {
			old, err := tx.All(registry.Filter{Name: "fix_1"})
			if err != nil {
				return err
			}
			if err := tx.SetState(old, registry.Retired, registry.RetiredNow, registry.Change{By: "me", ReplacedBy: strings.Repeat("1", 64)}); err != nil {
				return err
			}
			signed := module("fix_2", "2", "a")
			known, err := tx.Lookup([]*registry.Entry{signed})
			if err != nil {
				return err
			}
			return tx.Renew(known[0], signed, registry.Admitted)
		})
		if err != nil {
			t.Fatal(err)
		}
		err = r.Read(t.Context(), func(tx *registry.Tx) error {
			for channel, digest := range map[string]string{"a": "2", "b": "1"} {
				by, err := tx.All(registry.Filter{Name: "fix_2", Channels: []string{channel}})
				if err != nil {
					return err
				}
				gone, err := tx.ReplacedBy(by[0])
				if err != nil {
					return err
				}
				if len(gone) != 1 || gone[0].Channel != channel || gone[0].ReplacedBy != strings.Repeat(digest, 64) {
					t.Errorf("%s in channel %s replaced %+v", by[0].Module.SHA256, channel, gone)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		verify(t, r)
	})
}

func TestAnErrorUndoesEverything(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, place string) {
		r := registrytest.Open(t, place)
		bad := entry(registrytest.Module("bad", registrytest.Flag(false), "f", ""))
		bad.Module.Vermagic.Release = ""
		err := r.Write(t.Context(), func(tx *registry.Tx) error {
			if _, err := tx.Add([]*registry.Entry{entry(registrytest.Module("good", registrytest.Flag(false), "f", ""))}, registry.Added); err != nil {
				return err
			}
			_, err := tx.Add([]*registry.Entry{bad}, registry.Added)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "bad.ko: the module has no vermagic") {
			t.Errorf("error %v", err)
		}
		if got := list(t, r, registry.Filter{}); len(got) != 0 {
			t.Error(got)
		}
		err = r.Read(t.Context(), func(tx *registry.Tx) error {
			if tx.Revision != 0 {
				t.Errorf("revision %d", tx.Revision)
			}
			_, err := tx.Add([]*registry.Entry{entry(registrytest.Module("good", registrytest.Flag(false), "f", ""))}, registry.Added)
			return err
		})
		if err == nil {
			t.Error("a reading transaction wrote")
		}
	})
}

// Who does something, and why, is one line of text: the log shows it as it was said, and
// both engines keep it.
func TestWordsOfChanges(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, place string) {
		r := registrytest.Open(t, place)
		add(t, r, entry(registrytest.Module("a", registrytest.Flag(false), "f", "")))
		for _, c := range []registry.Change{
			{By: "me\n9 admitted"}, {By: "me\x1b[2J"}, {By: "me\xff"}, {By: strings.Repeat("m", 201)}, {By: "me", Reason: "why\x00"}, {By: "me", Reason: "why\xff"},
		} {
			err := r.Write(t.Context(), func(tx *registry.Tx) error {
				entries, err := tx.All(registry.Filter{})
				if err != nil {
					return err
				}
				return tx.SetState(entries, registry.Retired, registry.RetiredNow, c)
			})
			if err == nil || strings.Contains(err.Error(), "SQLSTATE") {
				t.Errorf("%+q: %v", c, err)
			}
		}
		if got := list(t, r, registry.Filter{States: []registry.State{registry.Active}}); len(got) != 1 {
			t.Errorf("active: %v", got)
		}
		verify(t, r)
	})
}

func TestExportAndImport(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, place string) {
		r := registrytest.Open(t, place)
		a := entry(registrytest.Module("a", registrytest.Flag(false), "f g ext4:h", "1:1"))
		a.Labels, a.State = map[string]string{"k": "v"}, registry.Retired
		add(t, r, a, entry(registrytest.Module("b", registrytest.Flag(true), "f", "")))
		var first, second bytes.Buffer
		export := func(r *registry.Registry, w *bytes.Buffer) {
			if err := r.Read(t.Context(), func(tx *registry.Tx) error { return tx.Export(w) }); err != nil {
				t.Fatal(err)
			}
		}
		export(r, &first)
		entries, err := readExport(bytes.NewReader(first.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		other := registrytest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "other.db"))
		add(t, other, entries...)
		add(t, other, entries...)
		export(other, &second)
		if first.String() != second.String() {
			t.Errorf("exported\n%s\nimported\n%s", &first, &second)
		}
		verify(t, other)
		lines := strings.SplitAfter(first.String(), "\n")
		head, row := lines[0], lines[2] // of b
		changed := func(from, to string) string {
			text := strings.Replace(row, from, to, 1)
			if text == row {
				t.Fatalf("no %s in %s", from, row)
			}
			return head + text
		}
		// Of two keys package encoding/json takes the last, and either case of a key.
		labels := changed(`"state":`, `"labels":{"a":"1","A":"2","b":"{\"a\":\\"},"state":`)
		if got, err := readExport(strings.NewReader(labels)); err != nil || len(got[0].Labels) != 3 {
			t.Errorf("labels: %v, %v", got, err)
		}
		for _, bad := range []string{
			"", "{}\n", "{\"klplint_registry\":9}\n", "{\"klplint_registry\":1}\n{\n", "{\"klplint_registry\":9,\"klplint_registry\":1}\n",
			changed(`"state":"active"`, `"state":"retired","state":"active"`),
			changed(`"state":"active"`, `"State":"retired"`),
			changed(`"state":"active"`, `"state":"active","\u0073tate":"retired"`),
			changed(`"name":"f"`, `"name":"g","name":"f"`),
			changed(`"state":`, `"labels":{"a":"1","\u0061":"2"},"state":`),
			changed(`"document":{`, `"document":{"unsigned_sha256":"`+strings.Repeat("0", 64)+`",`),
		} {
			if _, err := readExport(strings.NewReader(bad)); err == nil {
				t.Errorf("%q was read", bad)
			}
		}
	})
}

// Two first starts on a fresh database, as processes.
func TestFirstStarts(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, place string) {
		for round := range 3 {
			here := place
			if strings.HasPrefix(place, "sqlite:") {
				here = "sqlite:" + filepath.Join(t.TempDir(), fmt.Sprint(round, ".db"))
			} else {
				here = registrytest.Postgres(t, os.Getenv(registrytest.PostgresVariable))
			}
			var wg sync.WaitGroup
			for range 6 {
				wg.Go(func() {
					cmd := exec.Command(os.Args[0])
					cmd.Env = append(os.Environ(), "REGISTRY_TEST_OPEN="+here)
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Errorf("%v: %s", err, out)
					}
				})
			}
			wg.Wait()
			add(t, registrytest.Open(t, here), entry(registrytest.Module("a", registrytest.Flag(false), "f", "")))
		}
	})
}

func TestSchemaFromTheFuture(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, place string) {
		r := registrytest.Open(t, place)
		if err := registry.Raw(r, `INSERT INTO klplint_schema (version_id, is_applied) VALUES (99, true)`); err != nil {
			t.Fatal(err)
		}
		_, err := registry.Open(t.Context(), place, registry.Options{})
		if err == nil || !strings.Contains(err.Error(), "version 99") {
			t.Errorf("error %v", err)
		}
	})
}

// Writers that meet all get through, and each sees what was before it.
func TestWritersMeet(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, place string) {
		registrytest.Open(t, place)
		const writers, each = 6, 8
		var wg sync.WaitGroup
		for w := range writers {
			r := registrytest.Open(t, place)
			wg.Go(func() {
				for i := range each {
					err := r.Write(context.Background(), func(tx *registry.Tx) error {
						before, err := tx.All(registry.Filter{})
						if err != nil {
							return err
						}
						if int64(len(before)) != tx.Revision {
							return registry.Abort(fmt.Errorf("%d modules at revision %d", len(before), tx.Revision))
						}
						_, err = tx.Add([]*registry.Entry{entry(registrytest.Module(fmt.Sprintf("m_%d_%d", w, i), registrytest.Flag(false), "f", ""))}, registry.Added)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		r := registrytest.Open(t, place)
		if got := list(t, r, registry.Filter{}); len(got) != writers*each {
			t.Errorf("%d modules", len(got))
		}
		verify(t, r)
	})
}

// Whoever exports and verifies is told how far it is.
func TestProgress(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, place string) {
		r := registrytest.Open(t, place)
		add(t, r, entry(registrytest.Module("a", registrytest.Flag(false), "f", "")), entry(registrytest.Module("b", registrytest.Flag(false), "f", "")))
		var told []string
		err := r.Read(t.Context(), func(tx *registry.Tx) error {
			tx.Progress = func(done, total int) { told = append(told, fmt.Sprint(done, " of ", total)) }
			if err := tx.Export(io.Discard); err != nil {
				return err
			}
			_, err := tx.Verify()
			return err
		})
		if err != nil || !slices.Equal(told, []string{"2 of 2", "2 of 2"}) {
			t.Errorf("%q, %v", told, err)
		}
	})
}

func TestVerifyFindsContradictions(t *testing.T) {
	for _, damage := range []string{
		`UPDATE module SET name = 'other'`,
		`UPDATE standing SET state = 'retired'`,
		`UPDATE standing SET owner = 'other'`,
		`UPDATE standing SET stem = 'other'`,
		`UPDATE standing SET kernel = 99`,
		`DELETE FROM standing`,
		`UPDATE document SET text = '{}'`,
		`DELETE FROM func WHERE name = 'f'`,
		`UPDATE object SET kernel = 99`,
		`UPDATE module SET compact = x'01'`,
		`UPDATE document SET text = replace(text, 'func', 'fun2')`,
		`UPDATE module SET owner = 'other'`,
		`UPDATE kernel SET flags = ''`,
		`UPDATE log SET who = 'nobody'`,
		`DELETE FROM log`,
		`UPDATE registry SET uuid = 'x'`,
		`DELETE FROM label`,
		`UPDATE registry SET revision = 0`,
		`UPDATE registry SET next_id = 1`,
	} {
		r := registrytest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "r.db"))
		e := entry(registrytest.Module("a", registrytest.Flag(false), "f g", "1:1"))
		e.Labels = map[string]string{"k": "v"}
		add(t, r, e)
		verify(t, r)
		if err := registry.Raw(r, damage); err != nil {
			t.Fatal(err)
		}
		var problems []string
		err := r.Read(t.Context(), func(tx *registry.Tx) (err error) { problems, err = tx.Verify(); return err })
		if err != nil || len(problems) == 0 {
			t.Errorf("%s: %v, %v", damage, problems, err)
		}
	}
}

func TestBrokenSQLite(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sound := filepath.Join(folder, "sound.db")
	r, err := registry.Open(t.Context(), "sqlite:"+sound, registry.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	var many []*registry.Entry
	for i := range 200 {
		many = append(many, entry(registrytest.Module(fmt.Sprint("m", i), registrytest.Flag(false), "f g h i j k", "")))
	}
	add(t, r, many...)
	r.Close()
	whole, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	garbled := slices.Clone(whole)
	for i := 4096; i < len(garbled); i++ {
		garbled[i] ^= 0x5a
	}
	for _, tt := range []struct{ path, want string }{
		{filepath.Join(folder, "gone.db"), "no such file"},
		{folder, "folder"},
		{write("text.db", strings.Repeat("no database\n", 100), 0o600), "not a SQLite database"},
		{write("garbled.db", string(garbled), 0o600), "corrupt"},
		{write("short.db", string(whole[:len(whole)/2]), 0o600), "corrupt"},
		{filepath.Join(folder, "no/folder.db"), "no such file"},
	} {
		r, err := registry.Open(t.Context(), "sqlite:"+tt.path, registry.Options{})
		if err == nil {
			err = r.Read(t.Context(), func(tx *registry.Tx) error { _, err := tx.Verify(); return err })
			r.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.path, err, tt.want)
		}
	}
}

func TestLockedSQLite(t *testing.T) {
	place := "sqlite:" + filepath.Join(t.TempDir(), "r.db")
	r := registrytest.Open(t, place)
	short, err := registry.Open(t.Context(), place, registry.Options{Wait: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer short.Close()
	err = r.Write(t.Context(), func(tx *registry.Tx) error {
		err := short.Write(t.Context(), func(*registry.Tx) error { return nil })
		if err == nil || !strings.Contains(err.Error(), "another process keeps it locked") {
			t.Errorf("error %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPlaces(t *testing.T) {
	for _, tt := range []struct{ place, want string }{
		{"mysql://root:hunter2@host/db", "want sqlite:PATH"},
		{"hunter2", "want sqlite:PATH"},
		{"sqlite:", "path is missing"},
		{"postgres://user:hunter2%zz@host/db", "cannot be parsed"},
		{"postgres://user:hunter2@host:hunter2/db", "cannot be parsed"},
		{"postgres://user:hunter2@host/db?sslmode=hunter2", "cannot be parsed"},
		{"postgres://user:hunter2@127.0.0.1:1/db", "no server listens"},
		{"postgres://user:hunter2@host.invalid/db", "host name"},
	} {
		_, err := registry.Open(t.Context(), tt.place, registry.Options{Wait: time.Second})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v, want %q", tt.place, err, tt.want)
		}
	}
	server := os.Getenv(registrytest.PostgresVariable)
	if server == "" {
		return
	}
	wrong := strings.Replace(server, ":", ":hunter2", 2)
	wrong = strings.Replace(wrong, "postgres:hunter2", "postgres:", 1)
	_, err := registry.Open(t.Context(), wrong, registry.Options{Wait: time.Second})
	if err == nil || !strings.Contains(err.Error(), "refuses user or password") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("wrong password: %v", err)
	}
}

// readExport reads three entries at a time.
func readExport(r io.Reader) ([]*registry.Entry, error) {
	x, err := registry.NewExportReader(r)
	if err != nil {
		return nil, err
	}
	for all := []*registry.Entry(nil); ; {
		part, err := x.Read(3)
		if all = append(all, part...); errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}
