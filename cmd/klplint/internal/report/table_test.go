package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/klp"
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
two      世界_         12    indented
lines    \x1b[31mred
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

// TestTableKeepsWords: at 80 columns names are wrapped at their seams, however
// unequal the columns are.
func TestTableKeepsWords(t *testing.T) {
	tb := newTable(Options{Width: 80}, column{title: "module"}, column{title: "object"}, column{title: "func"}, column{title: "replacement"}, column{title: "states"})
	tb.add(text("livepatch_cve_2026_31415_nfsserver"), text("nf_conntrack_netlink"), text("ctnetlink_parse_nat_setup.constprop.0"), text("livepatch_ctnetlink_parse_nat_setup"), text("sched_ext_enabled"))
	tb.add(text("a"), text("vmlinux"), text("netlink_broadcast_filtered"), text("fixed"), text("unchanged throughout"))
	var b strings.Builder
	if err := tb.write(&b); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"nfsserver", "netlink", "ctnetlink_", "constprop.", "broadcast_", "filtered", "enabled", "unchanged", "throughout"} {
		if !strings.Contains(b.String(), word) {
			t.Errorf("%s is broken", word)
		}
	}
	for line := range strings.Lines(b.String()) {
		if n := columns(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("line of %d columns: %s", n, line)
		}
	}
	if t.Failed() {
		t.Log("\n" + b.String())
	}
}

// TestRegistryTableFits: what a registry has to say fits 80 columns, with its words whole.
func TestRegistryTableFits(t *testing.T) {
	m := &klp.Module{Name: "livepatch_cve_2026_31415_nfsserver", Arch: klp.X86_64, Vermagic: klp.Vermagic{Release: "6.12.117+deb12-amd64"}}
	var b strings.Builder
	pages := RegistryTable(&b, &RegistryList{Revision: 7}, Options{Width: 80})
	if err := pages.Page([]RegistryEntry{{
		Module: m, SHA256: strings.Repeat("0123456789abcdef", 4), State: "active", Channel: "testing",
		Owner: "kernel-team-with-a-long-name", AddedAt: "2026-11-28T19:18:28Z", AddedBy: "builder@farm-host-03",
	}}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if n := columns(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("line of %d columns: %s", n, line)
		}
	}
	for _, word := range []string{"0123456789ab", "117+deb12-", "active", "testing", "2026-11-28", "19:18:28Z", "nfsserver", "builder@"} {
		if !strings.Contains(b.String(), word) {
			t.Errorf("%q is broken or lost:\n%s", word, b.String())
		}
	}
}
