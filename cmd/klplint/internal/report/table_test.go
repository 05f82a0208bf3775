package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	tb := newTable(Options{Width: 60}, column{title: "object", fixed: true}, column{title: "func"}, column{title: "n", right: true}, column{title: "new"})
	tb.heading("build/a.ko")
	tb.add(text("vmlinux"), text("cmdline_proc_show"), text("0"), text("klp_cmdline_proc_show_with_a_long_name"))
	tb.add(lines("two", "lines"), text("世界_\x1b[31mred"), text("12"), styled(red, "  indented"))
	tb.rule()
	tb.rule()
	tb.add(text("ext4"), text(strings.Repeat("x", 40)))
	tb.add()
	const want = `object   func           n  new
────────────────────────────────────────────────────────────
build/a.ko
vmlinux  cmdline_       0  klp_cmdline_proc_show_with_a_
         proc_show         long_name
two      世界_\x1b[31  12    indented
lines    mred
────────────────────────────────────────────────────────────
ext4     xxxxxxxxxxxx
         xxxxxxxxxxxx
         xxxxxxxxxxxx
         xxxx

`
	var b strings.Builder
	if err := tb.write(&b); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if n := columns(strings.TrimSuffix(line, "\n")); n > 60 {
			t.Errorf("line of %d columns: %s", n, line)
		}
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestTableNarrow: what cannot fit is drawn anyway.
func TestTableNarrow(t *testing.T) {
	tb := newTable(Options{Width: 5}, column{title: "object"}, column{title: "func"})
	tb.add(text(strings.Repeat("y", 30)), text(strings.Repeat("z", 30)))
	var b strings.Builder
	if err := tb.write(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Count(b.String(), "y") != 30 || strings.Count(b.String(), "z") != 30 {
		t.Errorf("letters are lost:\n%s", b.String())
	}
}

func TestEmptyTable(t *testing.T) {
	var b strings.Builder
	if err := newTable(Options{}, column{title: "object"}).write(&b); err != nil || b.Len() > 0 {
		t.Errorf("%q, error %v", b.String(), err)
	}
}
