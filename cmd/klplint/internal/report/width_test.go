package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
)

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		in    string
		width int
		want  string
	}{
		{"", 10, ""},
		{"short", 10, "short"},
		{"exactly 10", 10, "exactly 10"},
		{"one two three", 10, "one two|three"},
		{"after static_6_1_states is", 20, "after static_6_1_|states is"},
		{"a very_long_name is wrapped", 12, "a very_long_|name is|wrapped"},
		{"ext4_seq_es_shrinker", 14, "ext4_seq_es_|shrinker"},
		{strings.Repeat("x", 25), 10, "xxxxxxxxxx|xxxxxxxxxx|xxxxx"},
		{"世界世界世界", 5, "世界|世界|世界"},
		{"世", 1, "世"},
		{"whatever", 0, "whatever"},
	} {
		got := strings.Join(wrap(tt.in, tt.width), "|")
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("wrap(%q, %d) (-want +got):\n%s", tt.in, tt.width, diff)
		}
	}
	// A megabyte is wrapped in no time.
	if n := len(wrap(strings.Repeat("x", 1<<20), 10)); n != 104858 {
		t.Errorf("%d lines", n)
	}
}

func TestFold(t *testing.T) {
	for _, tt := range []struct {
		in    string
		width int
		want  string
	}{
		{"", 10, ""},
		{"exactly 10", 10, "exactly 10"},
		{"one two three", 10, "one two|three"},
		{"after static_6_1_states is", 20, "after|static_6_1_states is"},
		{"a very_long_name.part is wrapped", 12, "a|very_long_|name.part is|wrapped"},
		{"two  blanks   stay  ", 30, "two  blanks   stay  "},
		{strings.Repeat("x", 25), 10, "xxxxxxxxxx|xxxxxxxxxx|xxxxx"},
	} {
		got := strings.Join(fold(tt.in, tt.width), "|")
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("fold(%q, %d) (-want +got):\n%s", tt.in, tt.width, diff)
		}
	}
}

func FuzzWrap(f *testing.F) {
	for _, s := range hostile() {
		f.Add(escape.Cut(s, 500))
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 4096 {
			return
		}
		for _, line := range wrap(Escape(s), 20) {
			if columns(line) > 20 {
				t.Errorf("wrap(%q): line %q has %d columns", s, line, columns(line))
			}
		}
	})
}
