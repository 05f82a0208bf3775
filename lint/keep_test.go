package lint_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/fixtures"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// TestKeep: the caller gets each module that could be read, once, and the
// result says what kernel and how many bytes it was.
func TestKeep(t *testing.T) {
	a, b := fixtures.Path(t, "sets/KLP401/conflict/old_base.ko"), fixtures.Path(t, "packed/one-func.ko.xz")
	kept := make(map[string]*klp.Module)
	result, err := lint.Run(t.Context(), lint.Config{
		Inputs:   []lint.Source{{Path: b, Named: true}, {Path: "no/such.ko", Named: true}},
		Baseline: []lint.Source{{Path: a, Named: true}},
		Jobs:     4,
		Keep: func(m *klp.Module) {
			if kept[m.Path] != nil {
				t.Errorf("%s twice", m.Path)
			}
			kept[m.Path] = m
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{b, a}, slices.Sorted(maps.Keys(kept))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	m := result.Modules[slices.IndexFunc(result.Modules, func(m lint.Module) bool { return m.Path == b })]
	if k := kept[b]; m.Release == "" || m.Release != k.Vermagic.Release || m.Size != k.Size || m.Compression != klp.XZ || m.NoLivepatch {
		t.Errorf("module %+v", m)
	}
}
