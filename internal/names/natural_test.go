package names

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestNaturalOrder(t *testing.T) {
	want := []string{"", "6.1.0", "6.1.0-56-amd64", "6.12.9", "6.12.111", "klp", "klp-01", "klp-1", "klp-1a", "klp-2", "klp-10", "klp_1"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, Natural)
	if !slices.Equal(got, want) {
		t.Errorf("sorted as %q, want %q", got, want)
	}
}

func TestNaturalIsAnOrder(t *testing.T) {
	name := rapid.StringMatching(`[a0-2_]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := name.Draw(t, "a"), name.Draw(t, "b"), name.Draw(t, "c")
		if Natural(a, b) != -Natural(b, a) {
			t.Fatalf("Natural(%q, %q) is %d, the other way round %d", a, b, Natural(a, b), Natural(b, a))
		}
		if (Natural(a, b) == 0) != (a == b) {
			t.Fatalf("Natural(%q, %q) is %d", a, b, Natural(a, b))
		}
		if Natural(a, b) <= 0 && Natural(b, c) <= 0 && Natural(a, c) > 0 {
			t.Fatalf("%q <= %q <= %q, and yet %q > %q", a, b, c, a, c)
		}
	})
}
