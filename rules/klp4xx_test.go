package rules

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// setCase is one set and what one rule says of it: for each finding its
// severity, a "?" behind it when undecided, the module, and words that the
// message holds.
type setCase struct {
	name    string
	rule    *Rule
	options moduleset.Options
	set     []sample
	want    []string // "error new: both patch vmlinux:foo"
	needs   string   // what a *MissingInput names
}

func (c *setCase) check(t *testing.T, set []sample) {
	t.Helper()
	findings, err := runOn(t, c.rule, newSample(c.options, set...))
	var got []string
	for _, f := range findings {
		undecided := ""
		if f.Undecided {
			undecided = "?"
		}
		got = append(got, fmt.Sprintf("%v%s %s", f.Severity, undecided, strings.TrimSuffix(f.Module, ".ko")))
	}
	var want []string
	for _, w := range c.want {
		head, _, _ := strings.Cut(w, ":")
		want = append(want, head)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("findings (-want +got):\n%s%s", diff, texts(findings))
	}
	for i, w := range c.want {
		_, words, _ := strings.Cut(w, ": ")
		for part := range strings.SplitSeq(words, " | ") {
			if !strings.Contains(findings[i].Message, part) {
				t.Errorf("finding %d does not hold %q: %s", i, part, findings[i].Message)
			}
		}
	}
	needs := ""
	if missing := (*MissingInput)(nil); errors.As(err, &missing) {
		needs = missing.Needs
	} else if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(needs, c.needs) || c.needs == "" && needs != "" {
		t.Errorf("needs %q, want %q", needs, c.needs)
	}
}

func texts(findings []finding.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%v %s: %s\n", f.Severity, f.Module, f.Message)
	}
	return b.String()
}

func TestSetRules(t *testing.T) {
	noFix, fixed := klp.Behaviour{Release: "x", Sympos01: klp.No, InitEEXIST: []string{"EEXIST"}}, klp.Behaviour{Release: "x", Sympos01: klp.Yes}
	unfixed := klp.Behaviour{Release: "x", InitEEXIST: []string{"EEXIST", "EBUSY"}}
	positional, flat := moduleset.Options{Model: "sets-positional"}, moduleset.Options{Model: "sets-flat"}
	cases := []setCase{
		{
			name: "stacked on the baseline", rule: klp401, set: []sample{old(sample{name: "a", replace: flag(true), funcs: "foo bar"}), {name: "b", replace: flag(false), funcs: "foo,1"}},
			want: []string{"warning b: both patch vmlinux:foo | b, loaded last, wins"},
		},
		{name: "replaced", rule: klp401, set: []sample{old(sample{name: "a", replace: flag(false), funcs: "foo bar"}), {name: "b", replace: flag(true), funcs: "foo"}}},
		{name: "cumulative candidates", rule: klp401, set: []sample{{name: "a", replace: flag(true), funcs: "foo bar"}, {name: "b", replace: flag(true), funcs: "foo"}}},
		{
			name: "one order stacks", rule: klp401, set: []sample{{name: "a", replace: flag(true), funcs: "foo"}, {name: "b", replace: flag(false), funcs: "foo"}},
			want: []string{"warning b: b, loaded last, wins", "warning a: b, loaded last, wins"},
		},
		{
			name: "both orders stack", rule: klp401, set: []sample{{name: "a", replace: flag(false), funcs: "foo"}, {name: "b", replace: flag(false), funcs: "foo"}},
			want: []string{"warning a: a and b | the one loaded last wins", "warning b: b and a | the one loaded last wins"},
		},
		{name: "another position, object or spelling", rule: klp401, set: []sample{
			old(sample{name: "a", replace: flag(false), funcs: "foo,1 ext4:bar 'vmlinux':baz"}), {name: "b", replace: flag(false), funcs: "foo,2 xfs:bar baz"},
		}},
		{
			name: "shared on purpose", rule: klp401, options: moduleset.Options{SharedFuncs: []string{"*newuname", "ext4:b*"}}, set: []sample{
				old(sample{name: "a", replace: flag(false), funcs: "__do_sys_newuname ext4:bar bar"}), {name: "b", replace: flag(false), funcs: "__do_sys_newuname ext4:bar bar"},
			},
			want: []string{"warning b: vmlinux:bar"},
		},
		{
			name: "decided at run time", rule: klp401, set: []sample{old(sample{name: "a", replace: flag(false), funcs: "foo"}), {name: "b", replace: atRunTime(), funcs: "foo"}},
			want: []string{"warning? b: not known | if it does not, both are active | if it does, a is replaced"},
		},
		{
			name: "kind unknown", rule: klp401, set: []sample{old(sample{name: "a", replace: flag(true), funcs: "foo"}), {name: "b", replace: klp.Replace{Kind: klp.KindUnknown, Source: klp.FromNone}, funcs: "foo"}},
			want: []string{"warning? b: not known"},
		},
		{name: "a baseline among itself", rule: klp401, set: []sample{old(sample{name: "a", replace: flag(false), funcs: "foo"}), old(sample{name: "b", replace: flag(false), funcs: "foo"}), {name: "c", replace: flag(false), funcs: "bar"}}},
		{
			name: "each partner", rule: klp401, set: []sample{
				old(sample{name: "a", replace: flag(false), funcs: "foo"}), old(sample{name: "b", replace: flag(false), funcs: "foo"}),
				old(sample{name: "c", replace: flag(true), funcs: "foo"}),
				{name: "d", replace: flag(false), funcs: "foo"},
			},
			want: []string{"warning d: d and a may", "warning d: d and b may", "warning d: d and c may"},
		},
		{
			name: "other set", rule: klp401, set: []sample{old(sample{name: "a", replace: number(1), funcs: "foo"}), {name: "b", replace: number(2), funcs: "foo"}},
			want: []string{"error b: refused with EINVAL | replace-set | a, already built, is active"},
		},
		{name: "same set", rule: klp401, set: []sample{old(sample{name: "a", replace: number(1), funcs: "foo"}), {name: "b", replace: number(1), funcs: "foo"}}},
		{name: "a purpose does not help where the kernel refuses", rule: klp401, options: moduleset.Options{SharedFuncs: []string{"foo"}}, set: []sample{
			old(sample{name: "a", replace: number(1), funcs: "foo"}), {name: "b", replace: number(2), funcs: "foo"},
		}, want: []string{"error b: EINVAL"}},
		{name: "superseded", rule: klp401, set: []sample{old(sample{name: "a", replace: number(2), funcs: "foo"}), {name: "b", replace: number(1, 2), funcs: "foo"}}},
		{
			name: "superseded in one order is KLP410's", rule: klp401, set: []sample{{name: "a", replace: number(2), funcs: "foo"}, {name: "b", replace: number(1, 2), funcs: "foo"}},
		},
		{
			name: "superseded in either order", rule: klp401, options: moduleset.Options{EitherOrder: true}, set: []sample{{name: "a", replace: number(2), funcs: "foo"}, {name: "b", replace: number(1, 2), funcs: "foo"}},
			want: []string{"error a: b was loaded before it", "error b: a and b, which a does not replace"},
		},
		{
			name: "refused in both orders", rule: klp401, set: []sample{{name: "a", replace: number(1), funcs: "foo"}, {name: "b", replace: number(2), funcs: "foo"}},
			want: []string{"error a: a and b, which a does not replace | the other is active, in either order", "error b: b and a, which b does not replace | the other is active, in either order"},
		},
		{
			name: "refused in the order of the names", rule: klp401, set: []sample{{name: "fix_1", replace: number(1), funcs: "foo"}, {name: "fix_2", replace: number(2), funcs: "foo"}},
			want: []string{"error fix_2: fix_2 and fix_1, which fix_2 does not replace | when fix_1 was loaded before it", "error fix_1: fix_2 and fix_1, which fix_2 does not replace | when fix_1 was loaded before it"},
		},
		{
			name: "refused in the order of the states' versions", rule: klp401, set: []sample{{name: "a", replace: number(1), funcs: "foo", states: "7:2"}, {name: "b", replace: number(2), funcs: "foo", states: "7:1"}},
			want: []string{"error a: a and b, which a does not replace | when b was loaded before it", "error b: a and b, which a does not replace | when b was loaded before it"},
		},
		{name: "superseded in the order of the names", rule: klp401, set: []sample{{name: "fix_1", replace: number(2), funcs: "foo"}, {name: "fix_2", replace: number(1, 2), funcs: "foo"}}},
		{
			name: "superseded against the order of the names", rule: klp401, set: []sample{{name: "fix_1", replace: number(1, 2), funcs: "foo"}, {name: "fix_2", replace: number(2), funcs: "foo"}},
			want: []string{"error fix_2: when fix_1 was loaded before it", "error fix_1: when fix_1 was loaded before it"},
		},
		{
			name: "stacked in the order of the names", rule: klp401, set: []sample{{name: "fix_1", replace: flag(false), funcs: "foo"}, {name: "fix_2", replace: flag(false), funcs: "foo"}},
			want: []string{"warning fix_2: fix_2, loaded last, wins", "warning fix_1: fix_2, loaded last, wins"},
		},
		{
			name: "several funcs are one finding", rule: klp401, set: []sample{old(sample{name: "a", replace: number(1), funcs: "foo ext4:bar,2 qux"}), {name: "b", replace: number(2), funcs: "qux foo ext4:bar,2"}},
			want: []string{"error b: both patch vmlinux:qux, vmlinux:foo, ext4:bar,2: under"},
		},
		{
			name: "zero special", rule: klp401, options: moduleset.Options{ZeroSpecial: true}, set: []sample{old(sample{name: "a", replace: number(0), funcs: "foo"}), {name: "b", replace: number(1, 0), funcs: "foo"}},
			want: []string{"error b: supersedes"},
		},
		{
			name: "disjoint lists", rule: klp401, set: []sample{old(sample{name: "a", replace: list(1, 2), funcs: "foo"}), {name: "b", replace: list(3), funcs: "foo"}},
			want: []string{"error b: under sets-positional and sets-flat"},
		},
		{name: "lists that the readings disagree about", rule: klp401, set: []sample{old(sample{name: "a", replace: list(1, 2), funcs: "foo"}), {name: "b", replace: list(2), funcs: "foo"}}},
		{
			name: "positional", rule: klp401, options: positional, set: []sample{old(sample{name: "a", replace: list(1, 2), funcs: "foo"}), {name: "b", replace: list(2), funcs: "foo"}},
			want: []string{"error b: EINVAL"},
		},
		{name: "flat", rule: klp401, options: flat, set: []sample{old(sample{name: "a", replace: list(1, 2), funcs: "foo"}), {name: "b", replace: list(2), funcs: "foo"}}},
		{
			name: "flag beside sets", rule: klp401, set: []sample{old(sample{name: "a", replace: flag(true), funcs: "foo"}), {name: "b", replace: number(2), funcs: "foo"}},
			needs: "--model",
		},
		{
			name: "flag under a model of sets", rule: klp401, options: flat, set: []sample{old(sample{name: "a", replace: flag(true), funcs: "foo"}), {name: "b", replace: number(2), funcs: "foo"}},
			needs: "sets-flat can read in a.ko",
		},
		{name: "no such model", rule: klp401, options: moduleset.Options{Model: "newest"}, set: []sample{{name: "a", replace: flag(true)}}, needs: `"newest"`},

		{
			name: "same id", rule: klp402, set: []sample{old(sample{name: "a", replace: number(1), funcs: "foo", states: "7:1"}), {name: "b", replace: number(2), funcs: "bar", states: "7:9"}},
			want: []string{"error b: both use state 7"},
		},
		{
			name: "same id in both orders", rule: klp402, set: []sample{{name: "a", replace: number(1), states: "7:1"}, {name: "b", replace: number(2), states: "7:1"}},
			want: []string{"error a: a and b, which a does not replace | in either order", "error b: b and a, which b does not replace | in either order"},
		},
		{
			name: "same id in the order of the versions", rule: klp402, set: []sample{{name: "a", replace: number(1), states: "7:1"}, {name: "b", replace: number(2), states: "7:2"}},
			want: []string{"error b: b and a, which b does not replace | when a was loaded before it", "error a: b and a, which b does not replace | when a was loaded before it"},
		},
		{
			name: "same id in the order of the names", rule: klp402, set: []sample{{name: "fix_1", replace: number(1), states: "7:1"}, {name: "fix_2", replace: number(2), states: "7:1"}},
			want: []string{"error fix_2: fix_2 and fix_1 | when fix_1 was loaded before it", "error fix_1: fix_2 and fix_1 | when fix_1 was loaded before it"},
		},
		{name: "same id, one order works", rule: klp402, set: []sample{{name: "a", replace: number(2), states: "7:1"}, {name: "b", replace: number(1, 2), states: "7:1"}}},
		{name: "other ids", rule: klp402, set: []sample{old(sample{name: "a", replace: number(1), funcs: "foo", states: "7:1"}), {name: "b", replace: number(2), funcs: "bar", states: "8:1"}}},
		{name: "same id in one set", rule: klp402, set: []sample{old(sample{name: "a", replace: number(1), states: "7:1"}), {name: "b", replace: number(1), states: "7:1"}}},
		{name: "same id under mainline", rule: klp402, set: []sample{old(sample{name: "a", replace: flag(false), states: "7:1"}), {name: "b", replace: flag(false), states: "7:1"}}},

		{
			name: "lower", rule: klp403, set: []sample{old(sample{name: "a", replace: flag(true), states: "7:2"}), {name: "b", replace: flag(false), states: "7:1"}},
			want: []string{"error b: state 7 at version 1, a at version 2 | already built"},
		},
		{name: "higher", rule: klp403, set: []sample{old(sample{name: "a", replace: flag(true), states: "7:2"}), {name: "b", replace: flag(true), states: "7:3 8:1"}}},
		{
			name: "lacking and replacing", rule: klp403, set: []sample{old(sample{name: "a", replace: flag(false), states: "7:2"}), {name: "b", replace: flag(true), states: "8:1"}},
			want: []string{"error b: replaces a and lacks its state 7"},
		},
		{name: "lacking and stacking", rule: klp403, set: []sample{old(sample{name: "a", replace: flag(false), states: "7:2"}), {name: "b", replace: flag(false)}}},
		{
			name: "lacking, decided at run time", rule: klp403, set: []sample{old(sample{name: "a", replace: flag(false), states: "7:2"}), {name: "b", replace: atRunTime()}},
			want: []string{"warning? b: lacks state 7 of a | if it does, the load is refused"},
		},
		{
			name: "going back", rule: klp403, options: moduleset.Options{EitherOrder: true}, set: []sample{{name: "a", replace: flag(true), states: "7:1"}, {name: "b", replace: flag(true), states: "7:2"}},
			want: []string{"error a: b was loaded before it", "error b: a has state 7 at version 1, b at version 2"},
		},
		{name: "one order of two is KLP410's", rule: klp403, set: []sample{{name: "a", replace: flag(true), states: "7:1"}, {name: "b", replace: flag(true), states: "7:2"}}},
		{name: "in the order of the names", rule: klp403, set: []sample{{name: "fix", replace: flag(false), states: "7:1"}, {name: "fix2", replace: flag(true), states: "7:2"}, {name: "fix10", replace: flag(true), states: "7:3"}}},
		{
			name: "against the order of the names", rule: klp403, set: []sample{{name: "fix_1", replace: flag(true), states: "7:2"}, {name: "fix_2", replace: flag(true), states: "7:1"}},
			want: []string{"error fix_2: when fix_1 was loaded before it", "error fix_1: fix_2 has state 7 at version 1"},
		},
		{name: "names of two owners give no order", rule: klp403, set: []sample{{name: "fix_1", owner: "a", replace: flag(true), states: "7:2"}, {name: "fix_2", owner: "b", replace: flag(true), states: "7:1"}}},
		{
			name: "neither order", rule: klp403, set: []sample{{name: "a", replace: flag(true), states: "7:1 8:2"}, {name: "b", replace: flag(true), states: "7:2 8:1"}},
			want: []string{"error a: a has state 7 at version 1", "error b: b has state 8 at version 1"},
		},
		{
			name: "the other order is undecided", rule: klp403, set: []sample{{name: "a", replace: atRunTime(), states: "7:1"}, {name: "b", replace: flag(true), states: "8:1"}},
			want: []string{"warning? a: whether it replaces is not known", "warning b: b replaces a and lacks its state 7"},
		},
		{
			name: "several states are one finding", rule: klp403, set: []sample{old(sample{name: "a", replace: flag(true), states: "7:2 8:3 9:1"}), {name: "b", replace: flag(true), states: "8:1 7:1"}},
			want: []string{"error b: b has states 8, 7 at versions 1, 1, a at versions 3, 2", "error b: lacks its state 9"},
		},
		{
			name: "each candidate", rule: klp403, set: []sample{old(sample{name: "a", replace: flag(false), states: "1:1"}), {name: "b", replace: flag(true)}, {name: "c", replace: flag(true)}, {name: "d", replace: flag(true)}},
			want: []string{"error b: lacks its state 1", "error c: lacks its state 1", "error d: lacks its state 1"},
		},
		{name: "the first of duplicates counts in the new one, each in the old", rule: klp403, set: []sample{
			old(sample{name: "a", replace: flag(true), states: "7:1 7:3"}), {name: "b", replace: flag(true), states: "7:2 7:5"},
		}, want: []string{"error b: version 2, a at version 3"}},
		{name: "a module is not held against itself", rule: klp403, set: []sample{{name: "b", replace: flag(true), states: "7:1 7:2"}}},
		{name: "lower in another set", rule: klp403, set: []sample{old(sample{name: "a", replace: number(1), states: "7:2"}), {name: "b", replace: number(2), states: "7:1"}}},
		{
			name: "lacking in the same set", rule: klp403, set: []sample{old(sample{name: "a", replace: number(1), states: "7:2"}), {name: "b", replace: number(1)}},
			want: []string{"error b: lacks its state 7"},
		},

		{
			name: "dropped", rule: klp404, set: []sample{old(sample{name: "fix_1", replace: flag(true), funcs: "foo bar ext4:baz,2"}), {name: "fix_2", replace: flag(true), funcs: "foo"}},
			want: []string{"error fix_2: replaces fix_1 under mainline and does not patch vmlinux:bar, ext4:baz,2: these fixes are reverted"},
		},
		{name: "carried over", rule: klp404, set: []sample{old(sample{name: "fix_1", replace: flag(true), funcs: "foo,1 bar"}), {name: "fix_2", replace: flag(true), funcs: "foo bar baz"}}},
		{name: "stacked", rule: klp404, set: []sample{old(sample{name: "fix_1", replace: flag(true), funcs: "foo bar"}), {name: "fix_2", replace: flag(false), funcs: "foo"}}},
		{
			name: "dropped an object", rule: klp404, set: []sample{old(sample{name: "fix_1", replace: flag(true), funcs: "foo ext4:"}), {name: "fix_2", replace: flag(true), funcs: "foo"}},
			want: []string{"error fix_2: object ext4"},
		},
		{
			name: "what a later one replaced", rule: klp404, set: []sample{old(sample{name: "fix_9", replace: flag(true), funcs: "foo gone"}), old(sample{name: "fix_10", replace: flag(true), funcs: "foo bar"}), {name: "fix_11", replace: flag(true), funcs: "foo"}},
			want: []string{"error fix_11: vmlinux:bar: this fix is"},
		},
		{
			name: "a later one that stacks", rule: klp404, set: []sample{old(sample{name: "fix_2", replace: flag(true), funcs: "foo bar"}), old(sample{name: "fix_3", replace: flag(false), funcs: "foo"}), {name: "fix_4", replace: flag(true), funcs: "foo"}},
			want: []string{"error fix_4: replaces fix_2 | does not patch vmlinux:bar: this fix is reverted"},
		},
		{
			name: "a later one that may stack", rule: klp404, set: []sample{old(sample{name: "fix_2", replace: flag(true), funcs: "foo bar"}), old(sample{name: "fix_3", replace: atRunTime(), funcs: "foo"}), {name: "fix_4", replace: flag(true), funcs: "foo"}},
			want: []string{"error fix_4: replaces fix_2 | does not patch vmlinux:bar"},
		},
		{
			name: "a later one of another channel", rule: klp404, set: []sample{
				old(sample{name: "fix_1", channel: "stable", replace: flag(true), funcs: "foo gone"}), old(sample{name: "fix_2", channel: "stable", replace: flag(true), funcs: "foo bar"}),
				old(sample{name: "fix_3", channel: "testing", replace: flag(true), funcs: "foo"}),
				{name: "fix_4", channel: "stable", replace: flag(true), funcs: "foo"},
			},
			want: []string{"error fix_4: replaces fix_2 | does not patch vmlinux:bar"},
		},
		{
			name: "another lineage too", rule: klp404, set: []sample{old(sample{name: "net_1", replace: flag(false), funcs: "foo"}), {name: "fix_1", replace: flag(true), funcs: "bar"}},
			want: []string{"error fix_1: replaces net_1"},
		},
		{
			name: "in the order of their names", rule: klp404, set: []sample{{name: "fix_1", replace: flag(true), funcs: "foo bar"}, {name: "fix_2", replace: flag(true), funcs: "foo"}},
			want: []string{"warning fix_2: fix_2 replaces fix_1 | vmlinux:bar", "warning fix_1: fix_2 replaces fix_1 | vmlinux:bar"},
		},
		{
			name: "they revert each other", rule: klp404, set: []sample{{name: "st_none_r", replace: flag(true), funcs: "foo"}, {name: "tg_one_r", replace: flag(true), funcs: "qux ext4:bar"}},
			want: []string{"warning st_none_r: does not patch vmlinux:qux, ext4:bar", "warning tg_one_r: does not patch vmlinux:foo"},
		},
		{name: "one carries the other", rule: klp404, set: []sample{{name: "first", replace: flag(true), funcs: "foo"}, {name: "both", replace: flag(true), funcs: "foo bar"}}},
		{
			name: "one stacks, the other replaces", rule: klp404, set: []sample{{name: "hotfix", replace: flag(false), funcs: "foo"}, {name: "base", replace: flag(true), funcs: "bar"}},
			want: []string{"warning base: base replaces hotfix", "warning hotfix: base replaces hotfix"},
		},
		{
			name: "dropped, decided at run time", rule: klp404, set: []sample{old(sample{name: "fix_1", replace: flag(true), funcs: "foo bar"}), {name: "fix_2", replace: atRunTime(), funcs: "foo"}},
			want: []string{"warning? fix_2: if it does, this fix is reverted"},
		},
		{name: "another set is not evicted", rule: klp404, set: []sample{old(sample{name: "fix_1", replace: number(1), funcs: "foo"}), {name: "fix_2", replace: number(2), funcs: "bar"}}},
		{name: "covered by one that stays", rule: klp404, set: []sample{old(sample{name: "a_1", replace: number(1), funcs: "foo"}), old(sample{name: "b_1", replace: number(2, 1), funcs: "foo"}), {name: "a_2", replace: number(1), funcs: "bar"}}},
		{
			name: "what covers was replaced by a candidate", rule: klp404, set: []sample{old(sample{name: "b_1", replace: number(2), funcs: "foo"}), {name: "a_1", replace: number(1, 2), funcs: "foo"}, {name: "a_2", replace: number(1), funcs: "bar"}},
			want: []string{"warning a_2: replaces a_1 | does not patch vmlinux:foo", "warning a_1: replaces a_1"},
		},
		{
			name: "covered in another channel", rule: klp404, set: []sample{old(sample{name: "a_1", channel: "stable", replace: number(1), funcs: "foo"}), old(sample{name: "b_1", channel: "testing", replace: number(2), funcs: "foo"}), {name: "a_2", channel: "stable", replace: number(1), funcs: "bar"}},
			want: []string{"error a_2: replaces a_1 | does not patch vmlinux:foo"},
		},
		{
			name: "covered by one that may be gone", rule: klp404, set: []sample{old(sample{name: "a_1", replace: list(1), funcs: "foo"}), old(sample{name: "b_1", replace: list(2, 3), funcs: "foo"}), old(sample{name: "b_2", replace: list(2, 4), funcs: "foo"}), old(sample{name: "b_3", replace: list(2, 5)}), {name: "a_2", replace: list(1), funcs: "bar"}},
			want: []string{"error a_2: replaces a_1 | does not patch vmlinux:foo"},
		},
		{name: "a set is a lineage", rule: klp404, set: []sample{old(sample{name: "klp_1b", replace: number(2), funcs: "foo gone"}), old(sample{name: "klp_1c", replace: number(2), funcs: "foo"}), {name: "klp_2", replace: number(2), funcs: "foo"}}},

		{
			name: "sympos, undecided release", rule: klp405, options: moduleset.Options{Behaviour: unfixed}, set: []sample{old(sample{name: "a", replace: flag(true), funcs: "foo,1"}), {name: "b", replace: flag(true), funcs: "foo"}},
			want: []string{"warning b: by sympos 0, the other by 1 | EEXIST or EBUSY"},
		},
		{
			name: "sympos, without the fix", rule: klp405, options: moduleset.Options{Behaviour: noFix}, set: []sample{old(sample{name: "a", replace: flag(true), funcs: "foo"}), {name: "b", replace: flag(true), funcs: "foo,1"}},
			want: []string{"error b: by sympos 1, the other by 0"},
		},
		{
			name: "sympos, with the fix", rule: klp405, options: moduleset.Options{Behaviour: fixed}, set: []sample{old(sample{name: "a", replace: flag(true), funcs: "foo"}), {name: "b", replace: flag(true), funcs: "foo,1"}},
			want: []string{"info b: treats the two as equal"},
		},
		{
			name: "sympos, fix assumed", rule: klp405, options: moduleset.Options{Behaviour: noFix, AssumeSympos01: true}, set: []sample{old(sample{name: "a", replace: flag(true), funcs: "foo"}), {name: "b", replace: flag(true), funcs: "foo,1"}},
			want: []string{"info b: treats the two as equal"},
		},
		{name: "sympos equal", rule: klp405, options: moduleset.Options{Behaviour: noFix}, set: []sample{old(sample{name: "a", replace: flag(true), funcs: "foo,1"}), {name: "b", replace: flag(true), funcs: "foo,1"}}},
		{name: "sympos 2 and 0 are two funcs", rule: klp405, options: moduleset.Options{Behaviour: noFix}, set: []sample{old(sample{name: "a", replace: flag(true), funcs: "foo,2"}), {name: "b", replace: flag(true), funcs: "foo"}}},
		{name: "sympos, stacked", rule: klp405, options: moduleset.Options{Behaviour: noFix}, set: []sample{old(sample{name: "a", replace: flag(true), funcs: "foo,1"}), {name: "b", replace: flag(false), funcs: "foo"}}},
		{
			name: "sympos, decided at run time", rule: klp405, options: moduleset.Options{Behaviour: noFix}, set: []sample{old(sample{name: "a", replace: flag(true), funcs: "foo,1"}), {name: "b", replace: atRunTime(), funcs: "foo"}},
			want: []string{"warning? b: may replace"},
		},
		{name: "sympos both ways in one module", rule: klp405, options: moduleset.Options{Behaviour: noFix}, set: []sample{{name: "b", replace: flag(true), funcs: "foo foo,1"}}},

		{
			name: "worked example, 2b after 2a", rule: klp407, set: []sample{old(sample{name: "klp_2a", replace: list(1, 2), funcs: "foo"}), {name: "klp_2b", replace: list(2), funcs: "bar"}},
			want: []string{"warning klp_2b: under sets-positional it is active beside it, under sets-flat it replaces it"},
		},
		{
			name: "the same with a shared func", rule: klp407, set: []sample{old(sample{name: "klp_2a", replace: list(1, 2), funcs: "foo"}), {name: "klp_2b", replace: list(2), funcs: "foo"}},
			want: []string{"warning klp_2b: under sets-positional it is refused with EINVAL: both patch vmlinux:foo, under sets-flat it replaces it"},
		},
		{name: "2a after 1c", rule: klp407, set: []sample{old(sample{name: "klp_1c", replace: list(2), funcs: "foo"}), {name: "klp_2a", replace: list(1, 2), funcs: "bar"}}},
		{name: "one reading asked for", rule: klp407, options: flat, set: []sample{old(sample{name: "klp_2a", replace: list(1, 2), funcs: "foo"}), {name: "klp_2b", replace: list(2), funcs: "bar"}}},

		{name: "one contains the other, or nothing of it", rule: klp412, set: []sample{old(sample{name: "a", replace: list(1, 2)}), {name: "b", replace: list(3)}, {name: "c", replace: list(2)}}},
		{name: "flags do not overlap", rule: klp412, set: []sample{old(sample{name: "a", replace: flag(true)}), {name: "b", replace: flag(true)}}},
		{
			name: "overlap in part", rule: klp412, set: []sample{old(sample{name: "a", replace: list(1, 2)}), {name: "b", replace: list(2, 3)}, {name: "c", replace: list(3)}},
			want: []string{"warning b: sets {1,2}) partially overlap"},
		},
		{name: "overlap of candidates", rule: klp412, set: []sample{{name: "a", replace: list(1, 2)}, {name: "b", replace: list(2, 3)}}, want: []string{"warning a: overlap", "warning b: overlap"}},

		{name: "own set", rule: klp409, set: []sample{old(sample{name: "a", replace: list(1)}), {name: "b", replace: list(1)}}},
		{name: "another set", rule: klp409, set: []sample{old(sample{name: "a", replace: number(2)}), {name: "b", replace: number(1, 2)}}, want: []string{"info b: evicts a, a livepatch of another set"}},
		{name: "a cumulative one", rule: klp409, set: []sample{old(sample{name: "a", replace: list(2)}), {name: "b", replace: list(1, 2)}}, want: []string{"info b: evicts a, a livepatch of another set"}},
		{
			name: "another owner", rule: klp409, set: []sample{old(sample{name: "a", replace: flag(false), owner: "customer"}), {name: "b", replace: flag(true), owner: "vendor"}},
			want: []string{"warning b: evicts a, a livepatch of another owner"},
		},
		{name: "owner not known", rule: klp409, set: []sample{old(sample{name: "a", replace: flag(false)}), {name: "b", replace: flag(true), owner: "vendor"}}},
		{name: "a longer list, flat", rule: klp409, options: flat, set: []sample{old(sample{name: "a", replace: list(1, 2)}), {name: "b", replace: list(2)}}, want: []string{"info b: of another set"}},

		{
			name: "versions", rule: klp410, options: moduleset.Options{EitherOrder: true}, set: []sample{{name: "a", replace: flag(false), states: "7:1"}, {name: "b", replace: flag(false), states: "7:2"}},
			want: []string{"warning a: b after a is accepted, a after b is refused | state 7 at version 1, below 2", "warning b: b after a is accepted"},
		},
		{
			name: "versions give the order", rule: klp410, set: []sample{{name: "a", replace: flag(false), states: "7:1"}, {name: "b", replace: flag(false), states: "7:2"}},
			want: []string{"info a: b after a is accepted, a after b is refused | state 7 at version 1, below 2"},
		},
		{
			name: "nothing gives the order", rule: klp410, set: []sample{{name: "a", replace: flag(true)}, {name: "b", replace: flag(true), states: "7:2"}},
			want: []string{"warning a: b after a is accepted, a after b is refused | it lacks state 7"},
		},
		{name: "names give the order", rule: klp410, set: []sample{{name: "fix_1", replace: flag(true)}, {name: "fix_2", replace: flag(true), states: "7:2"}}},
		{name: "same versions", rule: klp410, set: []sample{{name: "a", replace: flag(false), states: "7:1"}, {name: "b", replace: flag(false), states: "7:1"}}},
		{name: "refused in both orders", rule: klp410, set: []sample{{name: "a", replace: flag(false), states: "7:1 8:2"}, {name: "b", replace: flag(false), states: "7:2 8:1"}}},
		{name: "the order is given", rule: klp410, set: []sample{old(sample{name: "a", replace: flag(false), states: "7:1"}), {name: "b", replace: flag(false), states: "7:2"}}},
		{
			name: "superseded or refused", rule: klp410, set: []sample{{name: "a", replace: number(2), funcs: "foo"}, {name: "b", replace: number(1, 2), funcs: "foo"}},
			want: []string{"warning a: b after a is accepted | both patch vmlinux:foo"},
		},

		{
			name: "same id, stacked", rule: klp411, set: []sample{old(sample{name: "a", replace: flag(false), shadows: []uint64{0x51}}), {name: "b", replace: flag(false), shadows: []uint64{0x51, 0x52}}},
			want: []string{"warning b: may be active together and both use shadow variable id 0x51"},
		},
		{name: "same id, replaced", rule: klp411, set: []sample{old(sample{name: "a", replace: flag(false), shadows: []uint64{0x51}}), {name: "b", replace: flag(true), shadows: []uint64{0x51}}}},
		{name: "other ids of shadows", rule: klp411, set: []sample{old(sample{name: "a", replace: flag(false), shadows: []uint64{0x51}}), {name: "b", replace: flag(false), shadows: []uint64{0x52}}}},
		{
			name: "same id, decided at run time", rule: klp411, set: []sample{old(sample{name: "a", replace: flag(false), shadows: []uint64{0x51}}), {name: "b", replace: atRunTime(), shadows: []uint64{0x51}}},
			want: []string{"warning? b: depending on how replace is set"},
		},
		{
			name: "same id in other sets", rule: klp411, set: []sample{{name: "a", replace: number(1), shadows: []uint64{0x51}}, {name: "b", replace: number(2), shadows: []uint64{0x51}}},
			want: []string{"warning a: 0x51", "warning b: 0x51"},
		},
	}
	for _, c := range cases {
		t.Run(c.rule.ID()+"/"+c.name, func(t *testing.T) {
			c.check(t, c.set)
			c.check(t, reversed(c.set))
		})
	}
}

// A list that is malformed is so whatever else is loaded.
func TestMalformedList(t *testing.T) {
	for _, c := range []struct {
		name    string
		replace klp.Replace
		want    string // what the one finding says; "" for none
	}{
		{"well formed", list(1, 2), ""},
		{"a flag", flag(true), ""},
		{"twice", list(1, 2, 1, 2, 1), "a lists sets 1, 2 more than once in replace_sets"},
		{"zero among others", list(3, 0), "set 0 among others"},
		{"empty", list(), "empty list"},
		{"null", klp.Replace{Kind: klp.KindSets, SetsNull: true, Source: klp.FromData}, "NULL list"},
		{"supersedes itself", number(3, 1, 3), "its own set 3 in supersedes"},
		{"not known", klp.Replace{Kind: klp.KindSets, Source: klp.FromRuntime}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := apply(t, klp408, sample{name: "a", replace: c.replace}.module())
			switch {
			case c.want == "" && len(got) > 0, c.want != "" && len(got) != 1:
				t.Errorf("findings %+v", got)
			case c.want != "" && (got[0].Severity != finding.Warning || !strings.Contains(got[0].Message, c.want)):
				t.Errorf("%v %q", got[0].Severity, got[0].Message)
			}
		})
	}
}
