package registry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/registry/registrytest"
)

// answers is all that a registry says: its entries in both forms, what they are
// found by, its log, its statements, its identity.
func answers(tx *registry.Tx, policy string) (string, error) {
	var b bytes.Buffer
	fmt.Fprintln(&b, tx.Revision, tx.UUID)
	if err := tx.Export(&b); err != nil {
		return "", err
	}
	entries, err := tx.All(registry.Filter{})
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		fmt.Fprintln(&b, e.ID(), e.Admitted, e.Revision)
	}
	kernels, err := tx.Kernels()
	if err != nil {
		return "", err
	}
	for _, k := range kernels {
		err := tx.Active(k, nil, func(p registry.Peer) error {
			text, err := json.Marshal(p)
			fmt.Fprintln(&b, k, p.ID(), string(text))
			for i := range p.Member.Funcs {
				fmt.Fprintln(&b, p.Member.Funcs[i].Key(), p.Member.Funcs[i].At())
			}
			return err
		})
		if err != nil {
			return "", err
		}
	}
	for _, f := range []registry.Filter{{Func: "f"}, {Func: "f", Object: "vmlinux"}, {Object: "ext4"}, {Object: "ext4", Release: registrytest.Release}, {Labels: map[string]string{"k": "v"}}, {Name: "b"}} {
		found, err := tx.All(f)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&b, len(found))
	}
	known, err := tx.Lookup(entries)
	if err != nil {
		return "", err
	}
	for i := range entries {
		statement, err := tx.Statement(policy, []registry.Subject{{Existing: known[i], SHA256: entries[i].Module.SHA256}})
		if err != nil {
			return "", err
		}
		fmt.Fprintln(&b, known[i], statement)
	}
	err = tx.Log("", "", func(e *registry.Event) error {
		fmt.Fprintln(&b, e.Revision, e.At, e.Who, e.Action, e.Name, e.SHA256, e.Kernel, e.Channel, e.Reason)
		return nil
	})
	return b.String(), err
}

// Every byte of a small registry is turned over, one at a time: whatever changes
// an answer is an error, or is found by Verify. KLPLINT_FLIPS=1 does all of them, and
// without it every eleventh, or
// with -short every hundred-and-first.
func TestEveryFlipIsFound(t *testing.T) {
	dir := t.TempDir()
	sound := filepath.Join(dir, "sound.db")
	r := registrytest.Open(t, "sqlite:"+sound)
	a, b := entry(registrytest.Module("a", registrytest.Flag(false), "f ext4:g", "1:1")), entry(registrytest.Module("b", registrytest.Flag(true), "f", ""))
	a.Labels, b.State = map[string]string{"k": "v"}, registry.Retired
	policy := fmt.Sprintf("%064x", 7)
	err := r.Write(t.Context(), func(tx *registry.Tx) error {
		if _, err := tx.Add([]*registry.Entry{a, b}, registry.Admitted); err != nil {
			return err
		}
		return tx.Record(policy, `{"a statement":true}`, []*registry.Entry{a})
	})
	if err != nil {
		t.Fatal(err)
	}
	small := filepath.Join(dir, "small.db")
	for _, statement := range []string{"PRAGMA page_size = 512", "VACUUM INTO '" + small + "'"} {
		if err := registry.Raw(r, statement); err != nil {
			t.Fatal(err)
		}
	}
	r.Close()
	whole, err := os.ReadFile(small)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string) (said string, problems []string, err error) {
		r, err := registry.Open(t.Context(), "sqlite:"+path, registry.Options{ReadOnly: true})
		if err != nil {
			return "", nil, err
		}
		defer r.Close()
		err = r.Read(t.Context(), func(tx *registry.Tx) error {
			if problems, err = tx.Verify(); err != nil || len(problems) > 0 {
				return err
			}
			said, err = answers(tx, policy)
			return err
		})
		return said, problems, err
	}
	want, problems, err := ask(small)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	step := 11
	switch {
	case os.Getenv("KLPLINT_FLIPS") != "":
		step = 1
	case testing.Short():
		step = 101
	}
	flipped := filepath.Join(dir, "flipped.db")
	found, harmless := 0, 0
	for i := 0; i < len(whole); i += step {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1 << (i % 8)
		if err := errors.Join(os.WriteFile(flipped, damaged, 0o600), os.RemoveAll(flipped+"-wal"), os.RemoveAll(flipped+"-shm")); err != nil {
			t.Fatal(err)
		}
		said, problems, err := ask(flipped)
		switch {
		case err != nil || len(problems) > 0:
			found++
		case said == want:
			harmless++
		default:
			t.Errorf("byte %d of %d (0x%02x): an answer changed and nobody noticed:\n%s\n%s", i, len(whole), whole[i], want, said)
		}
	}
	t.Logf("%d bytes, %d flipped: %d found, %d changed no answer", len(whole), found+harmless, found, harmless)
	if found == 0 {
		t.Error("no flip was found")
	}
}
