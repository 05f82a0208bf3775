package registry_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
	"github.com/klplint/klplint/moduleset"
)

// A registry of schema 1 keeps its modules, in their states, and says that no
// verdict is known of them.
func TestOldSchemaIsMigrated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := os.ReadFile("migrations/00001_registry.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`CREATE TABLE klplint_schema (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')))`,
		`INSERT INTO klplint_schema (version_id, is_applied) VALUES (0, 1), (1, 1)`,
		strings.TrimPrefix(string(tables), "-- +goose Up\n"),
		`INSERT INTO kernel VALUES (1, '6.1', 'x86_64')`,
		`INSERT INTO module (id, kernel, sha256, channel, owner, name, state, replace_field, stem, own_set, age, added_by, added_at, changed_by, changed_at, replaced_by, revision, labels, document)
VALUES (2, 1, '` + strings.Repeat("a", 64) + `', 'hot', 'acme', 'fix_1', 'active', 'flag', 'fix', -1, '', 'me', 'then', 'me', 'then', '', 1, '{"k":"v"}',
'{"path":"fix_1.ko","name":"fix_1","arch":"x86_64","size":1,"sha256":"` + strings.Repeat("a", 64) + `","vermagic":"6.1 SMP ","release":"6.1","flags":["SMP"],"replace":{"kind":"flag","sets":null,"supersedes":null,"at":[0,0,0]},"objects":[{"name":"vmlinux","at":[0,0,0],"funcs":[{"name":"f","at":[0,0,0]}]}]}')`,
		`INSERT INTO item VALUES (1, 1, 'func', 'f', 'vmlinux', 1, 2)`,
		`INSERT INTO label VALUES ('k', 'v', 2)`,
		`UPDATE registry SET revision = 1, next_id = 3`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(statement, err)
		}
	}
	db.Close()
	// A command that reads brings it up to date too.
	r, err := registry.Open(t.Context(), "sqlite:"+path, registry.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	verify(t, r)
	if got := list(t, r, registry.Filter{Func: "f", Labels: map[string]string{"k": "v"}, Owner: "acme"}); len(got) != 1 || got[0] != "fix_1 active" {
		t.Error(got)
	}
	err = r.Read(t.Context(), func(tx *registry.Tx) error {
		n := 0
		err := tx.Active(moduleset.Kernel{Release: "6.1", Arch: "x86_64", Flags: "SMP"}, nil, func(p registry.Peer) error {
			n++
			again, err := tx.Again([]int64{p.ID()})
			if err != nil || len(again) != 1 || again[0].Admitted != 0 || p.Member.Funcs[0].Name != "f" {
				t.Errorf("%+v, %v, %v", p, again, err)
			}
			return nil
		})
		if n != 1 || tx.Revision != 2 {
			t.Errorf("%d modules, revision %d", n, tx.Revision)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A file that may not be written, in a folder that may not, can be read, and
// nothing else.
func TestReadOnlyFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "r.db")
	r, err := registry.Open(t.Context(), "sqlite:"+path, registry.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	for name, mode := range map[string]os.FileMode{path: 0o400, folder: 0o500} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(folder, 0o700) }) // for TempDir to remove it
	r, err = registry.Open(t.Context(), "sqlite:"+path, registry.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	verify(t, r)
	if err := r.Write(t.Context(), func(tx *registry.Tx) error { return tx.Refuse(nil, registry.Change{}) }); err == nil {
		t.Error("it was written")
	}
}

// What is no registry is not made one by opening it.
func TestWhatIsNoRegistry(t *testing.T) {
	folder := t.TempDir()
	empty := filepath.Join(folder, "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{empty, filepath.Join(folder, "gone.db"), ":memory:", "/dev/null", "file:" + empty} {
		for _, readOnly := range []bool{true, false} {
			if r, err := registry.Open(t.Context(), "sqlite:"+place, registry.Options{ReadOnly: readOnly}); err == nil {
				r.Close()
				t.Errorf("%s was opened", place)
			}
		}
	}
	other := filepath.Join(folder, "other.db")
	db, err := sql.Open("sqlite", other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`CREATE TABLE t (x)`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := registry.Open(t.Context(), "sqlite:"+other, registry.Options{}); err == nil || !strings.Contains(err.Error(), "there is no registry") {
		t.Errorf("a database of something else: %v", err)
	}
}

// A registry of schema 2 is brought up to date, also where that was begun before, and
// stopped between two statements, on an engine that keeps what was done.
func TestSchema2IsMigrated(t *testing.T) {
	registrytest.Each(t, func(t *testing.T, place string) {
		r := registrytest.Open(t, place)
		old := entry(registrytest.Module("old", registrytest.Flag(false), "f", ""))
		now := entry(registrytest.Module("now", registrytest.Flag(false), "f g", ""))
		add(t, r, old, now)
		err := r.Write(t.Context(), func(tx *registry.Tx) error {
			entries, err := tx.All(registry.Filter{Name: "old"})
			if err != nil {
				return err
			}
			return tx.SetState(entries, registry.Retired, registry.RetiredNow, registry.Change{By: "me", At: "then", ReplacedBy: now.Module.SHA256})
		})
		if err != nil {
			t.Fatal(err)
		}
		export := func(r *registry.Registry) string {
			var b strings.Builder
			if err := r.Read(t.Context(), func(tx *registry.Tx) error { return tx.Export(&b) }); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
		want := export(r)
		columns := map[string]string{"state": "TEXT", "changed_by": "TEXT", "changed_at": "TEXT", "replaced_by": "TEXT", "revision": "BIGINT", "admitted": "BIGINT", "digest": "TEXT"}
		for _, begun := range [][]string{
			{`DROP TABLE standing`},
			{`DELETE FROM standing WHERE revision > 1`},
			{`ALTER TABLE module DROP COLUMN state`, `ALTER TABLE module DROP COLUMN admitted`},
		} {
			var statements []string
			for name, kind := range columns {
				statements = append(statements, `ALTER TABLE module ADD COLUMN `+name+` `+kind, `UPDATE module SET `+name+` = (SELECT `+name+` FROM standing WHERE standing.module = module.id)`)
			}
			statements = append(statements, `CREATE INDEX module_kernel ON module (kernel, owner, stem)`, `DELETE FROM klplint_schema WHERE version_id = 3`)
			for _, statement := range append(statements, begun...) {
				if err := registry.Raw(r, statement); err != nil {
					t.Fatal(begun, statement, err)
				}
			}
			r = registrytest.Open(t, place)
			verify(t, r)
			if got := export(r); got != want {
				t.Errorf("after %v:\n%s\nwant\n%s", begun, got, want)
			}
			if err := registry.Raw(r, `SELECT state FROM module`); err == nil {
				t.Error("the old column is there")
			}
			if err := registry.Raw(r, `DROP INDEX IF EXISTS module_kernel`); err != nil {
				t.Error(err)
			}
		}
	})
}
