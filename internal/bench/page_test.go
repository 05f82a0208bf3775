package bench

import (
	"os"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	tab := table{head: []string{"a", "µs", "ratio"}}
	tab.add("long", "1", "2.00 (1–3)")
	tab.add("x")
	want := "" +
		"| a    | µs | ratio      |\n" +
		"| ---- | -- | ---------- |\n" +
		"| long | 1  | 2.00 (1–3) |\n" +
		"| x    |    |            |\n"
	if got := tab.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestInsert(t *testing.T) {
	page := "# T\n\n" + partBegin("one") + "old\n" + partEnd("one") + "\nbetween\n" + partBegin("two") + partEnd("two") + "end\n"
	got, err := Insert(page, []Part{{Name: "two", Text: "2\n"}, {Name: "one", Text: "1\n"}})
	want := "# T\n\n" + partBegin("one") + "1\n" + partEnd("one") + "\nbetween\n" + partBegin("two") + "2\n" + partEnd("two") + "end\n"
	if err != nil || got != want {
		t.Errorf("got\n%s%v\nwant\n%s", got, err, want)
	}
	for _, bad := range []string{"", partBegin("one"), partEnd("one")} {
		if _, err := Insert(bad, []Part{{Name: "one"}}); err == nil {
			t.Errorf("page %q: no error", bad)
		}
	}
}

// The page has a place for every part that the comparison makes, and a table in
// each.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"programs", "stripped", "debug", "packed", "options", "scale", "profile"} {
		_, rest, ok := strings.Cut(string(page), partBegin(name))
		text, _, closed := strings.Cut(rest, partEnd(name))
		if !ok || !closed || !strings.HasPrefix(text, "| ") {
			t.Errorf("docs/performance.md has no table %q between its marks", name)
		}
	}
}

func TestTopLines(t *testing.T) {
	lines := topLines(`File: klplint.test
Type: cpu
Showing nodes accounting for 120ms, 52.17% of 230ms total
      flat  flat%   sum%        cum   cum%
      80ms 34.78% 34.78%       90ms 39.13%  internal/runtime/syscall/linux.Syscall6
         0     0% 34.78%      170ms 73.91%  github.com/klplint/klplint/elfread.(*Reader).Open (inline)
`)
	want := []topLine{
		{"34.78%", "39.13%", "`internal/runtime/syscall/linux.Syscall6`"},
		{"0%", "73.91%", "`elfread.(*Reader).Open`"},
	}
	if len(lines) != 2 || lines[0] != want[0] || lines[1] != want[1] || lines[1].share() != 73.91 {
		t.Errorf("got %+v, want %+v", lines, want)
	}
}
