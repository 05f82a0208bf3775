package natural

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestCompareOrder(t *testing.T) {
	want := []string{"", "6.1.0", "6.1.0-56-amd64", "6.12.9", "6.12.111", "klp", "klp-01", "klp-1", "klp-1a", "klp-2", "klp-10", "klp_1"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, Compare)
	if !slices.Equal(got, want) {
		t.Errorf("sorted as %q, want %q", got, want)
	}
}

func TestCompareIsAnOrder(t *testing.T) {
	name := rapid.StringMatching(`[a0-2_]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := name.Draw(t, "a"), name.Draw(t, "b"), name.Draw(t, "c")
		if Compare(a, b) != -Compare(b, a) {
			t.Fatalf("Compare(%q, %q) is %d, the other way round %d", a, b, Compare(a, b), Compare(b, a))
		}
		if (Compare(a, b) == 0) != (a == b) {
			t.Fatalf("Compare(%q, %q) is %d", a, b, Compare(a, b))
		}
		if Compare(a, b) <= 0 && Compare(b, c) <= 0 && Compare(a, c) > 0 {
			t.Fatalf("%q <= %q <= %q, and yet %q > %q", a, b, c, a, c)
		}
	})
}
