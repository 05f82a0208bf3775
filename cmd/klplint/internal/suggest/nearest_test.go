package suggest

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	words := []string{"fail-on", "model", "waivers", "KLP101", "KLP110"}
	for _, test := range []struct{ word, want string }{
		{"fail_on", "fail-on"},
		{"waivrs", "waivers"},
		{"waiver", "waivers"},
		{"MODEL", "model"},
		{"klp101", "KLP101"},
		{"colour", ""},
		{"", ""},
		{strings.Repeat("x", 100), ""},
	} {
		if got := Nearest(test.word, words); got != test.want {
			t.Errorf("Nearest(%q) = %q, want %q", test.word, got, test.want)
		}
	}
	if got := DidYouMean("modell", words); got != "; did you mean model?" {
		t.Errorf("DidYouMean: %q", got)
	}
}
