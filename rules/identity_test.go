package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// words is the form with 1 to n in it, the last one another if last is given.
func words(form string, n int, last string) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(form, i+1))
	}
	if last != "" {
		out[n-1] = last
	}
	return strings.Join(out, " ")
}

// A finding about a pair is told from one about another pair, and from one about
// more than its message lists, by Identity or Funcs where the message is the same.
func TestIdentityOfPairs(t *testing.T) {
	set := func(rule *Rule, o moduleset.Options, old, next sample) finding.Finding {
		t.Helper()
		old.name, old.baseline = "old", true
		next.name = "next"
		got, err := runOn(t, rule, newSample(o, old, next))
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %v, %s", rule.ID(), err, texts(got))
		}
		return got[0]
	}
	ids := func(last uint64) []uint64 {
		out := make([]uint64, 11)
		for i := range out {
			out[i] = uint64(i + 1)
		}
		out[10] = last
		return out
	}
	none := moduleset.Options{}
	long := func(last uint32) klp.Replace {
		sets := make([]uint32, 40)
		for i := range sets {
			sets[i] = uint32(i + 1)
		}
		sets[39] = last
		return list(sets...)
	}
	for _, tt := range []struct {
		name string
		a, b finding.Finding
	}{
		{
			"states of two sets",
			set(klp402, none, sample{replace: number(1), states: words("%d:1", 11, "")}, sample{replace: number(2), states: words("%d:1", 11, "")}),
			set(klp402, none, sample{replace: number(1), states: words("%d:1", 11, "99:1")}, sample{replace: number(2), states: words("%d:1", 11, "99:1")}),
		},
		{
			"lower states",
			set(klp403, none, sample{replace: flag(true), states: words("%d:2", 11, "")}, sample{replace: flag(true), states: words("%d:1", 11, "")}),
			set(klp403, none, sample{replace: flag(true), states: words("%d:2", 11, "11:3")}, sample{replace: flag(true), states: words("%d:1", 11, "11:2")}),
		},
		{
			"missing states",
			set(klp403, none, sample{replace: flag(true), states: words("%d:1", 11, "")}, sample{replace: flag(true)}),
			set(klp403, none, sample{replace: flag(true), states: words("%d:1", 11, "99:1")}, sample{replace: flag(true)}),
		},
		{
			"dropped funcs",
			set(klp404, none, sample{replace: flag(true), funcs: words("f%d", 11, "")}, sample{replace: flag(true), funcs: "g"}),
			set(klp404, none, sample{replace: flag(true), funcs: words("f%d", 11, "h")}, sample{replace: flag(true), funcs: "g"}),
		},
		{
			"dropped objects",
			set(klp404, none, sample{replace: flag(true), funcs: words("m%d:", 11, "")}, sample{replace: flag(true), funcs: "g"}),
			set(klp404, none, sample{replace: flag(true), funcs: words("m%d:", 11, "xfs:")}, sample{replace: flag(true), funcs: "g"}),
		},
		{
			"dropped funcs and an object",
			set(klp404, none, sample{replace: flag(true), funcs: words("f%d", 11, "") + " xfs:"}, sample{replace: flag(true), funcs: "g"}),
			set(klp404, none, sample{replace: flag(true), funcs: words("f%d", 11, "h") + " xfs:"}, sample{replace: flag(true), funcs: "g"}),
		},
		{
			"dropped funcs and another object",
			set(klp404, none, sample{replace: flag(true), funcs: words("f%d", 11, "") + " xfs:"}, sample{replace: flag(true), funcs: "g"}),
			set(klp404, none, sample{replace: flag(true), funcs: words("f%d", 11, "") + " nfs:"}, sample{replace: flag(true), funcs: "g"}),
		},
		{
			"shadow variables",
			set(klp411, none, sample{replace: flag(false), shadows: ids(11)}, sample{replace: flag(false), shadows: ids(11)}),
			set(klp411, none, sample{replace: flag(false), shadows: ids(99)}, sample{replace: flag(false), shadows: ids(99)}),
		},
		{
			"readings of a long list",
			set(klp407, none, sample{replace: long(40)}, sample{replace: list(2)}),
			set(klp407, none, sample{replace: long(99)}, sample{replace: list(2)}),
		},
	} {
		if tt.a.Message != tt.b.Message {
			t.Errorf("%s: the messages differ: %s, %s", tt.name, tt.a.Message, tt.b.Message)
		}
		if slices.Equal(tt.a.Identity, tt.b.Identity) && slices.Equal(tt.a.Funcs, tt.b.Funcs) {
			t.Errorf("%s: %q in both", tt.name, tt.a.Identity)
		}
		if tt.a.Identity[0] != "module old" {
			t.Errorf("%s: %q does not name the other module", tt.name, tt.a.Identity)
		}
	}
	few := set(klp402, none, sample{replace: number(1), states: "1:1"}, sample{replace: number(2), states: "1:1"})
	if !slices.Equal(few.Identity, []string{"module old"}) {
		t.Errorf("%q, although the message lists all", few.Identity)
	}
}

// So is a finding about one module that counts more than it lists.
func TestIdentityOfLists(t *testing.T) {
	for _, tt := range []struct {
		name string
		rule *Rule
		make func(m *klp.Module, last string)
	}{
		{"forced funcs", klp502, func(m *klp.Module, last string) {
			for w := range strings.FieldsSeq(words("f%d", 11, last)) {
				m.ForceFuncs = append(m.ForceFuncs, klp.Location{Symbol: w})
			}
		}},
		{"foreign symbols", klp202, func(m *klp.Module, last string) {
			r := klp.KlpRela{Section: ".klp.rela.xfs..text", Object: "xfs"}
			for w := range strings.FieldsSeq(words("f%d", 11, last)) {
				r.Foreign = append(r.Foreign, klp.Foreign{Symbol: w})
			}
			m.KlpRelas = append(m.KlpRelas, r)
		}},
		{"symbols of vmlinux", klp204, func(m *klp.Module, last string) {
			r := klp.KlpRela{Section: ".klp.rela.xfs..text", Object: "xfs"}
			for w := range strings.FieldsSeq(words("f%d", 11, last)) {
				r.Symbols = append(r.Symbols, len(m.KlpSyms))
				m.KlpSyms = append(m.KlpSyms, klp.KlpSym{Object: "vmlinux", Name: w})
			}
			m.KlpRelas = append(m.KlpRelas, r)
		}},
		{"sets listed twice", klp408, func(m *klp.Module, last string) {
			sets := []uint32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
			if last != "" {
				sets[10] = 99
			}
			m.Replace = list(append(sets, sets...)...)
		}},
		{"main functions", klp323, func(m *klp.Module, last string) {
			m.Patch.Objects = []klp.Object{{Name: "vmlinux", Null: true, Funcs: []klp.Func{{Name: "poll", StartedBy: strings.Fields(words("f%d", 6, last))}}}}
		}},
	} {
		var found []finding.Finding
		for _, last := range []string{"", "other"} {
			m := sample{name: "m", replace: flag(true)}.module()
			tt.make(m, last)
			got := apply(t, tt.rule, m)
			if len(got) != 1 {
				t.Fatalf("%s: %s", tt.name, texts(got))
			}
			found = append(found, got...)
		}
		if found[0].Message != found[1].Message || slices.Equal(found[0].Identity, found[1].Identity) {
			t.Errorf("%s: %s %q, %s %q", tt.name, found[0].Message, found[0].Identity, found[1].Message, found[1].Identity)
		}
	}
	p := klp.Places{Count: 3, First: []klp.Location{{Symbol: "a"}, {Symbol: "b"}, {Symbol: "c"}}}
	if got := unlistedPlaces(p); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("places %q", got)
	}
}
