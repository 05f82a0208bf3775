package registry

import (
	"cmp"
	"testing"

	"pgregory.net/rapid"

	"github.com/klplint/klplint/internal/names"
)

func TestAgeKeyOrdersAsNaturalCompare(t *testing.T) {
	name := rapid.StringMatching(`[a0-9_]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := name.Draw(t, "a"), name.Draw(t, "b")
		x, y := name.Draw(t, "x"), name.Draw(t, "y")
		want := cmp.Or(names.Natural(a, b), names.Natural(x, y))
		if got := cmp.Compare(ageKey(a, x), ageKey(b, y)); got != want {
			t.Fatalf("%q %q against %q %q: keys %d, names %d", a, x, b, y, got, want)
		}
	})
}
