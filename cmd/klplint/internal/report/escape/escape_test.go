package escape

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                   "",
		"plain name,1":       "plain name,1",
		`C:\path`:            `C:\path`,
		"grüße 世界 λ":         "grüße 世界 λ",
		"a\nb\r\tc":          `a\nb\r\tc`,
		"\x1b[31mred\x1b[0m": `\x1b[31mred\x1b[0m`,
		"\x00\x07\x7f":       `\x00\x07\x7f`,
		"\xff\xfe":           `\xff\xfe`,
		"half \xe4\xb8":      `half \xe4\xb8`,
		"\u009b31m":          `\u{009b}31m`,
		"a\u202egnp.ko":      `a\u{202e}gnp.ko`,
		"\u2066x\u2069":      `\u{2066}x\u{2069}`,
		"\u2028\u2029":       `\u{2028}\u{2029}`,
		"zero\u200bwidth":    `zero\u{200b}width`,
		"\u00a0":             `\u{00a0}`,
		"\u3164\ufe0f":       `\u{3164}\u{fe0f}`,
		"\U000e0041":         `\u{e0041}`,
		"\U0010ffff":         `\u{10ffff}`,
		"\ufffd":             "\ufffd",
	} {
		if got := Line(in); got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
	}
}

// nasty strings for the encoders.
var nasty = []string{
	"", "plain", `"quoted"`, `back\slash`, "\x00\x1f\x7f", "line\nbreak\r\t", "\xff\xc3\x28\xed\xa0\x80", "a\u202eb\u2028", "\U0001f980 😀 世界",
	"<script>&", "\u009b31m", "end \xe4\xb8",
}

func checkJSONString(t *testing.T, s string) {
	t.Helper()
	plain, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	b := AppendJSON(nil, plain)
	var back string
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatalf("%q -> %q: %v", s, b, err)
	}
	if want := strings.ToValidUTF8(s, "\ufffd"); back != want && !equalInvalid(s, back) {
		t.Errorf("%q comes back as %q", s, back)
	}
	for _, r := range string(b) {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			t.Errorf("%q holds %U", b, r)
		}
	}
}

// equalInvalid compares with one replacement character for each bad byte, as
// encoding/json writes.
func equalInvalid(s, back string) bool {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		b.WriteRune(r)
		i += size
	}
	return b.String() == back
}

func TestAppendJSON(t *testing.T) {
	for _, s := range nasty {
		checkJSONString(t, s)
	}
}

func FuzzStrings(f *testing.F) {
	for _, s := range nasty {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkJSONString(t, s)
		for _, r := range Line(s) {
			if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) {
				t.Errorf("Line(%q) holds %U", s, r)
			}
		}
	})
}
