package elfread_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/fixtures"
	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
)

// TestIndirect: which functions are called through pointers, and what stands at
// their start. The new functions of a livepatch are not among them.
func TestIndirect(t *testing.T) {
	for _, tc := range []struct {
		path             string
		landing, untyped []string
		functions        int
	}{
		{path: "rules/KLP214/good.ko", functions: 2, untyped: []string{"about_to_patch", "livepatch_init"}},
		{
			path: "rules/KLP214/bad.ko", functions: 2, landing: []string{"about_to_patch", "livepatch_init"},
			untyped: []string{"about_to_patch", "livepatch_init"},
		},
		{path: "rules/KLP214/good-label.ko", functions: 2, untyped: []string{"about_to_patch", "livepatch_init"}},
		{
			path: "rules/KLP214/bad-label.ko", functions: 2, landing: []string{"about_to_patch"},
			untyped: []string{"about_to_patch", "livepatch_init"},
		},
		{path: "rules/KLP215/good.ko", functions: 5},
		{path: "rules/KLP215/good-bti.ko", functions: 5},
		{path: "rules/KLP215/bad-bti.ko", functions: 5, landing: []string{"init_module", "before", "patched", "leaving", "restored"}},
		{path: "rules/KLP217/bad.ko", functions: 3, untyped: []string{"after", "livepatch_init", "livepatch_exit"}},
		{path: "kpatch/one-func.ko", functions: 2, untyped: []string{"patch_init", "patch_exit"}},
		{path: "klp-build/one-func.ko", functions: 2, untyped: []string{"livepatch_mod_exit", "livepatch_mod_init"}},
	} {
		m, err := elfread.Open(fixtures.Path(t, tc.path), elfread.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Indirect; got.Functions != tc.functions || got.Sealed.Count != 0 ||
			!slices.Equal(symbols(t, got.NoLanding), tc.landing) || !slices.Equal(symbols(t, got.Untyped), tc.untyped) {
			t.Errorf("%s: %+v", tc.path, got)
		}
	}
}

// The unlikely half of a function, and the trampoline of a static call, are never
// called through a pointer.
func TestIndirectNeverCalled(t *testing.T) {
	f, err := elfmut.Parse(fixtures.Read(t, "rules/KLP214/bad.ko"))
	if err != nil {
		t.Fatal(err)
	}
	f.EditSym("about_to_patch", func(y *elfmut.Sym) { y.Name = "about_to.cold" })
	f.EditSym("livepatch_init", func(y *elfmut.Sym) { y.Name = "__SCT__init" })
	b := f.Bytes()
	m, err := elfread.Read(bytes.NewReader(b), int64(len(b)), "mutant.ko", elfread.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Indirect; got.Functions != 0 || got.NoLanding.Count != 0 {
		t.Errorf("%+v", got)
	}
}

func symbols(t *testing.T, p klp.Places) []string {
	t.Helper()
	if len(p.First) != min(p.Count, 16) {
		t.Errorf("%d places of %d", len(p.First), p.Count)
	}
	var list []string
	for _, l := range p.First {
		list = append(list, l.Symbol)
	}
	return list
}
