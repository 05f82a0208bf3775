package elfread

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestNeedle compares with bytes.Contains, at every offset and around the ends.
func TestNeedle(t *testing.T) {
	const text = "replace_set"
	n := newNeedle(text)
	check := func(b []byte) {
		t.Helper()
		if got, want := n.in(b), bytes.Contains(b, []byte(text)); got != want {
			t.Fatalf("%q: %t, want %t", b, got, want)
		}
	}
	for size := range 200 {
		check(make([]byte, size))
		for at := 0; at+len(text) <= size; at++ {
			b := bytes.Repeat([]byte{'_'}, size)
			copy(b[at:], text)
			check(b)
			check(b[:at+len(text)-1])
			b[at+len(text)/2]++
			check(b)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"replace_set", "replace_", "set", "klp_", "patch", "\x00", "s", "re"}
	for range 20000 {
		var b []byte
		for range r.IntN(40) {
			b = append(b, pieces[r.IntN(len(pieces))]...)
		}
		check(b)
		check(bytes.ReplaceAll(b, []byte(text), []byte("replace_get")))
	}
}
