package elfread

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/fixtures"
)

// TestRecycle reads every fixture into the memory of the one before it, sound
// and broken ones in turn: each must come out as if it were the first.
func TestRecycle(t *testing.T) {
	r := NewReader(Options{SHA256: true})
	type kept struct{ name, sum, symbol string }
	var strings, want []kept
	for round := range 2 {
		for _, fixture := range fixtures.All(t) {
			path := fixture.Name
			content := fixtures.Read(t, path)
			fresh, freshErr := Read(bytes.NewReader(content), int64(len(content)), path, Options{SHA256: true})
			m, err := r.Read(bytes.NewReader(content), int64(len(content)), path)
			if (err == nil) != (freshErr == nil) || err != nil && err.Error() != freshErr.Error() {
				t.Fatalf("%s: error %v, alone %v", path, err, freshErr)
			}
			if err != nil {
				continue
			}
			if d := cmp.Diff(fresh, m); d != "" {
				t.Fatalf("round %d, %s: -alone +recycled\n%s", round, path, d)
			}
			k, w := kept{name: m.Name, sum: m.SHA256}, kept{name: fresh.Name, sum: fresh.SHA256}
			if len(m.Imports) > 0 {
				k.symbol, w.symbol = m.Imports[0].Name, fresh.Imports[0].Name
			}
			strings, want = append(strings, k), append(want, w)
			r.Recycle(m)
		}
	}
	if len(strings) == 0 {
		t.Fatal("no fixture was read")
	}
	if d := cmp.Diff(want, strings, cmp.AllowUnexported(kept{})); d != "" {
		t.Errorf("strings of recycled modules changed: %s", d)
	}
}

// TestRecycleOnlyLast: a module that is not the last one, and one that was not
// given back, keep what they hold.
func TestRecycleOnlyLast(t *testing.T) {
	content := fixtures.Read(t, "static/many.ko")
	read := func(r *Reader) func() {
		m, err := r.Read(bytes.NewReader(content), int64(len(content)), "many.ko")
		if err != nil {
			t.Fatal(err)
		}
		before := m.Patch.Objects[0].Funcs[0].Name
		return func() {
			t.Helper()
			if m.Patch.Objects[0].Funcs[0].Name != before || before == "" {
				t.Errorf("the first func became %q, was %q", m.Patch.Objects[0].Funcs[0].Name, before)
			}
		}
	}
	r := NewReader(Options{})
	first := read(r)
	m, _ := r.Read(bytes.NewReader(content), int64(len(content)), "many.ko")
	r.Recycle(m)
	kept := read(r) // in the memory of m
	other, _ := NewReader(Options{}).Read(bytes.NewReader(content), int64(len(content)), "many.ko")
	r.Recycle(other) // another Reader's
	last := read(r)
	first()
	kept()
	last()
}
