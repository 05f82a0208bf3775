package gate_test

import (
	"bytes"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/klplint/klplint/cmd/klplint/internal/gate"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/lint"
)

// A hot standby serves what only reads: list, find, export, verify and a dry run. What
// would change something says why it cannot.
func TestStandby(t *testing.T) {
	address := os.Getenv(registrytest.StandbyVariable)
	if address == "" {
		t.Skip(registrytest.StandbyVariable + " names no server")
	}
	place := registrytest.Postgres(t, os.Getenv(registrytest.PostgresVariable))
	dir := t.TempDir()
	first, other, second := variant(t, dir, 1, 1), variant(t, dir, 2, 2), variant(t, dir, 1, 3)
	if status, err := gateOne(t.Context(), place, "test", first); err != nil || status != gate.Admitted {
		t.Fatal(status, err)
	}
	state := func(place string) (revision int64, exported string, found int, err error) {
		r, err := registry.Open(t.Context(), place, registry.Options{ReadOnly: true})
		if err != nil {
			return 0, "", 0, err
		}
		defer r.Close()
		err = r.Read(t.Context(), func(tx *registry.Tx) error {
			revision = tx.Revision
			entries, err := tx.All(registry.Filter{Func: "func_000000000001"})
			if err != nil {
				return err
			}
			found = len(entries)
			problems, err := tx.Verify()
			for _, p := range problems {
				t.Error(p)
			}
			if err != nil {
				return err
			}
			var b bytes.Buffer
			err = tx.Export(&b)
			exported = b.String()
			return err
		})
		return revision, exported, found, err
	}
	want, exported, _, err := state(place)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = address
	standby := u.String()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		revision, text, found, err := state(standby)
		if err == nil && revision == want {
			if text != exported || found != 1 {
				t.Errorf("%d found, exported\n%s\nwant\n%s", found, text, exported)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the standby is at revision %d, want %d: %v", revision, want, err)
		}
	}
	r, err := registry.Open(t.Context(), standby, registry.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for path, want := range map[string]gate.Status{other: gate.WouldAdmit, second: gate.Refused, first: gate.Already} {
		out, err := gate.Run(t.Context(), gate.Config{
			Registry: r, By: "test", At: "2026-01-01T00:00:00Z", DryRun: true,
			Lint: lint.Config{Inputs: []lint.Source{{Path: path, Named: true}}, Jobs: 1}, Policy: policy.Policy{FailOn: finding.Error},
		})
		if err != nil || out.Modules[0].Status != want {
			t.Errorf("%s: %+v, want %s: %v", path, out, want, err)
		}
	}
	if _, err := gateOne(t.Context(), standby, "test", other); err == nil || !strings.Contains(err.Error(), "the server is a standby") {
		t.Errorf("admitted by a standby: %v", err)
	}
}
