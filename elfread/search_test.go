package elfread

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestNeedles compares with bytes.Contains, at every offset and around the ends.
func TestNeedles(t *testing.T) {
	texts := []string{"replace_set", "klp_patch\x00"}
	n := newNeedles(texts[0], texts[1])
	check := func(b []byte) {
		t.Helper()
		var want uint8
		for i, text := range texts {
			if bytes.Contains(b, []byte(text)) {
				want |= 1 << i
			}
		}
		if got := n.in(b); got != want {
			t.Fatalf("%q: %b, want %b", b, got, want)
		}
	}
	for size := range 80 {
		check(make([]byte, size))
		for _, text := range texts {
			for at := 0; at+len(text) <= size; at++ {
				b := bytes.Repeat([]byte{'_'}, size)
				copy(b[at:], text)
				check(b)
				b[at+len(text)/2]++
				check(b)
				check(b[:at+len(text)-1])
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"replace_set", "klp_patch\x00", "replace_", "set", "klp_", "patch", "\x00", "s", "re"}
	for range 20000 {
		var b []byte
		for range r.IntN(8) {
			b = append(b, pieces[r.IntN(len(pieces))]...)
		}
		check(b)
	}
}
