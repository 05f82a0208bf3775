package policy

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/rules"
)

func sample() *lint.Result {
	return &lint.Result{
		Findings: []finding.Finding{
			{Rule: "KLP104", Severity: finding.Error, Module: "b/a.ko", Object: "vmlinux", Func: "f,2", Message: "one"},
			{Rule: "KLP104", Severity: finding.Error, Module: "b/a.ko", Object: "ext4", Func: "g", Message: "two"},
			{Rule: "KLP504", Severity: finding.Error, Module: "b/a.ko", Message: "three"},
			{Rule: "KLP100", Severity: finding.Warning, Module: "x/plain.ko.xz", Message: "four"},
		},
		Modules: []lint.Module{
			{Path: "b/a.ko", Name: "klp_a"},
			{Path: "b/broken.ko", Name: "klp_broken", Errored: true},
			{Path: "x/plain.ko.xz"},
		},
		NotEvaluated: []lint.NotEvaluated{{Rule: "KLP301"}, {Rule: "KLP401", Module: "b/a.ko"}},
	}
}

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func judged(t *testing.T, p Policy, r *lint.Result) (*Verdict, []string) {
	t.Helper()
	p.Now = now
	if p.Rules == nil {
		p.Rules = slices.Concat(rules.All(), rules.SiteRules(rules.Site{}), Rules())
	}
	before := *r
	before.Findings, before.Modules = slices.Clone(r.Findings), slices.Clone(r.Modules)
	v := p.Judge(r)
	if diff := cmp.Diff(&before, r); diff != "" {
		t.Fatalf("the result was changed (-before +after):\n%s", diff)
	}
	counting := []string{}
	for i := range v.Findings {
		if f := &v.Findings[i]; !f.Accepted() {
			counting = append(counting, f.Rule+" "+f.Message)
		}
	}
	if n := v.Summary.Error + v.Summary.Warning + v.Summary.Info; n != len(counting) || n+v.Waived+v.Known != len(v.Findings) {
		t.Errorf("%d findings, %d counting, summary %+v, %d waived, %d known", len(v.Findings), len(counting), v.Summary, v.Waived, v.Known)
	}
	return v, counting
}

func TestWaivers(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	all := []string{"KLP104 one", "KLP104 two", "KLP504 three", "KLP100 four"}
	for _, test := range []struct {
		name   string
		waiver Waiver
		want   []string
	}{
		{"by func without sympos", Waiver{Rule: "KLP104", Module: "klp_a", Func: "f"}, []string{"KLP104 two", "KLP504 three", "KLP100 four"}},
		{"by func with sympos", Waiver{Rule: "KLP104", Module: "klp_*", Func: "f,2"}, []string{"KLP104 two", "KLP504 three", "KLP100 four"}},
		{"as it is printed", Waiver{Rule: "KLP104", Module: "*", Func: "vmlinux:f,2"}, []string{"KLP104 two", "KLP504 three", "KLP100 four"}},
		{"the first position", Waiver{Rule: "KLP104", Module: "*", Func: "ext4:g,1"}, []string{"KLP104 one", "KLP504 three", "KLP100 four"}},
		{"the first position, as dump writes it", Waiver{Rule: "KLP104", Module: "*", Func: "ext4:g,0"}, []string{"KLP104 one", "KLP504 three", "KLP100 four"}},
		{
			"as it is printed, of another object",
			Waiver{Rule: "KLP104", Module: "*", Func: "xfs:f,2"},
			append([]string{"KLP590 line 7: unused waiver of KLP104 for * (owner me)"}, all...),
		},
		{"by object", Waiver{Rule: "KLP104", Module: "*", Object: "ext*"}, []string{"KLP104 one", "KLP504 three", "KLP100 four"}},
		{"whole rule", Waiver{Rule: "KLP104", Module: "*"}, []string{"KLP504 three", "KLP100 four"}},
		{"a file without a name", Waiver{Rule: "KLP100", Module: "plain"}, []string{"KLP104 one", "KLP104 two", "KLP504 three"}},
		{"last day", Waiver{Rule: "KLP504", Module: "*", Until: day("2026-11-23")}, []string{"KLP104 one", "KLP104 two", "KLP100 four"}},
		{
			"day after",
			Waiver{Rule: "KLP504", Module: "*", Until: day("2026-11-22")},
			append([]string{"KLP591 line 7: the waiver of KLP504 for * expired on 2026-11-22 (owner me)"}, all...),
		},
		{
			"unused",
			Waiver{Rule: "KLP105", Module: "klp_a"},
			append([]string{"KLP590 line 7: unused waiver of KLP105 for klp_a (owner me)"}, all...),
		},
		{"other module", Waiver{Rule: "KLP105", Module: "klp_b"}, all},
		{"module that could not be judged", Waiver{Rule: "KLP105", Module: "klp_broken"}, all},
		{"rule that was not evaluated", Waiver{Rule: "KLP301", Module: "*"}, all},
		{"rule that did not run", Waiver{Rule: "KLP999", Module: "*"}, all},
		{"rule that was evaluated for another module", Waiver{Rule: "KLP401", Module: "klp_a"}, all},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := test.waiver
			w.Reason, w.Owner, w.File, w.Line = "because", "me", ".klplint.yaml", 7
			out, got := judged(t, Policy{Waivers: []Waiver{w}}, sample())
			if !slices.Equal(got, test.want) {
				t.Errorf("counting %q, want %q", got, test.want)
			}
			for _, f := range out.Findings {
				if f.Waiver != nil && f.Waiver.Reason != "because" {
					t.Errorf("waiver %+v", f.Waiver)
				}
			}
		})
	}
}

// Without KLP590 and KLP591 among the rules nobody hears of waivers.
func TestWaiverRulesCanBeDisabled(t *testing.T) {
	_, got := judged(t, Policy{Waivers: []Waiver{{Rule: "KLP105", Module: "*"}, {Rule: "KLP105", Module: "*", Until: now.AddDate(-1, 0, 0)}}, Rules: rules.All()}, sample())
	if len(got) != 4 {
		t.Errorf("counting %q", got)
	}
}

func TestSeverity(t *testing.T) {
	r := sample()
	v, _ := judged(t, Policy{Severity: map[string]finding.Severity{"KLP104": finding.Info, "KLP590": finding.Error}, Waivers: []Waiver{{Rule: "KLP105", Module: "*", File: "w"}}}, r)
	for _, f := range v.Findings {
		want := map[string]finding.Severity{"KLP104": finding.Info, "KLP504": finding.Error, "KLP100": finding.Warning, "KLP590": finding.Error}[f.Rule]
		if f.Severity != want {
			t.Errorf("%s is %v, want %v", f.Rule, f.Severity, want)
		}
	}
}

// Findings are written, known in the next run, and reported as fixed once they
// are gone; what a run did not judge stays in the file.
func TestKnown(t *testing.T) {
	first := Policy{Accept: true}
	r := sample()
	out, counting := judged(t, first, r)
	if len(counting) != 0 {
		t.Errorf("counting %q", counting)
	}
	list := first.KnownAfter(out)
	list = append(list,
		KnownFinding{"f1", "KLP104", "klp_elsewhere", "", "", "not in this run"},
		KnownFinding{"f2", "KLP301", "klp_a", "", "", "not evaluated"},
		KnownFinding{"f3", "KLP105", "klp_a", "", "", "gone"})
	var b bytes.Buffer
	if err := WriteKnown(&b, list); err != nil {
		t.Fatal(err)
	}
	known, err := ParseKnown(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	r = sample()
	r.Findings[0].Location.Offset = 99 // a rebuild
	r.Findings[1].Message = "another"
	out, counting = judged(t, Policy{Known: known}, r)
	if !slices.Equal(counting, []string{"KLP104 another"}) {
		t.Errorf("counting %q", counting)
	}
	fixed := []string{}
	for _, k := range out.Fixed {
		fixed = append(fixed, k.Message)
	}
	slices.Sort(fixed)
	if !slices.Equal(fixed, []string{"gone", "two"}) {
		t.Errorf("fixed %q", fixed)
	}
	p := Policy{Known: known, Accept: true, Rules: slices.Concat(rules.All(), rules.SiteRules(rules.Site{}), Rules())}
	r = sample()
	after := p.KnownAfter(p.Judge(r))
	var kept []string
	for _, k := range after {
		kept = append(kept, k.Message)
	}
	slices.Sort(kept)
	if !slices.Equal(kept, []string{"four", "not evaluated", "not in this run", "one", "three", "two"}) {
		t.Errorf("written again: %q", kept)
	}

	r = sample()
	_, counting = judged(t, Policy{Known: known, Protected: map[string]bool{"KLP504": true}}, r)
	if !slices.Equal(counting, []string{"KLP504 three"}) {
		t.Errorf("protected: counting %q", counting)
	}
}

// A module's verdict is its own, and the exit code that of the run: what could
// not be checked outranks what was found.
func TestVerdict(t *testing.T) {
	unread := func() *lint.Result {
		r := sample()
		r.Errors = []lint.Error{{Path: "b/broken.ko", Message: "gone"}}
		return r
	}
	empty := func() *lint.Result { return &lint.Result{Summary: lint.Summary{Skipped: 3}} }
	plain := func() *lint.Result {
		return &lint.Result{
			Findings: []finding.Finding{{Rule: "KLP100", Severity: finding.Warning, Module: "plain.ko"}},
			Modules:  []lint.Module{{Path: "plain.ko", NoLivepatch: true}},
			Summary:  lint.Summary{Skipped: 1},
		}
	}
	counted := func() *lint.Result {
		r := sample()
		r.Summary.Modules = 2
		return r
	}
	undecided := func() *lint.Result {
		return &lint.Result{
			Findings: []finding.Finding{{Rule: "KLP403", Severity: finding.Warning, Module: "a.ko", Undecided: true}, {Rule: "KLP404", Severity: finding.Warning, Module: "b.ko"}},
			Modules:  []lint.Module{{Path: "a.ko"}, {Path: "b.ko"}},
			Summary:  lint.Summary{Modules: 2},
		}
	}
	for _, test := range []struct {
		name     string
		policy   Policy
		result   *lint.Result
		code     int
		noModule bool
		modules  []ModuleVerdict
	}{
		{"errors", Policy{FailOn: finding.Error}, counted(), exitcode.Findings, false, []ModuleVerdict{Fail, Errored, Pass}},
		{"from warnings on", Policy{FailOn: finding.Warning}, counted(), exitcode.Findings, false, []ModuleVerdict{Fail, Errored, Fail}},
		{"never", Policy{}, counted(), exitcode.OK, false, []ModuleVerdict{Pass, Errored, Pass}},
		{"an unreadable file", Policy{FailOn: finding.Error}, unread(), exitcode.Unchecked, false, []ModuleVerdict{Fail, Errored, Pass}},
		{"required rule", Policy{Require: []string{"KLP301"}}, counted(), exitcode.Unchecked, false, []ModuleVerdict{Pass, Errored, Pass}},
		{"required rule that judged", Policy{Require: []string{"KLP104"}}, counted(), exitcode.OK, false, []ModuleVerdict{Pass, Errored, Pass}},
		{"no module", Policy{FailOn: finding.Error}, empty(), exitcode.Unchecked, true, []ModuleVerdict{}},
		{"no module, allowed", Policy{FailOn: finding.Error, AllowEmpty: true}, empty(), exitcode.OK, false, []ModuleVerdict{}},
		{"no module, allowed, in a gate", Policy{FailOn: finding.Error, AllowEmpty: true, Gate: true}, empty(), exitcode.Unchecked, true, []ModuleVerdict{}},
		{"no livepatch", Policy{FailOn: finding.Error}, plain(), exitcode.OK, false, []ModuleVerdict{Skipped}},
		{"no livepatch, in a gate", Policy{FailOn: finding.Error, Gate: true}, plain(), exitcode.Findings, true, []ModuleVerdict{Fail}},
		{
			"no livepatch, lowered, in a gate",
			Policy{FailOn: finding.Error, Gate: true, Severity: map[string]finding.Severity{"KLP100": finding.Info}},
			plain(), exitcode.Unchecked, true,
			[]ModuleVerdict{Skipped},
		},
		{"undecided", Policy{FailOn: finding.Error}, undecided(), exitcode.OK, false, []ModuleVerdict{Pass, Pass}},
		{"undecided, in a gate", Policy{FailOn: finding.Error, Gate: true}, undecided(), exitcode.Findings, false, []ModuleVerdict{Fail, Fail}},
		{
			"waived",
			Policy{FailOn: finding.Error, Gate: true, Waivers: []Waiver{{Rule: "KLP404", Module: "b"}}},
			undecided(), exitcode.Findings, false,
			[]ModuleVerdict{Fail, Pass},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, _ := judged(t, test.policy, test.result)
			modules := []ModuleVerdict{}
			for i := range v.Modules {
				modules = append(modules, v.Modules[i].Verdict)
			}
			if v.ExitCode != test.code || v.NoModule != test.noModule || !slices.Equal(modules, test.modules) {
				t.Errorf("exit code %d, no module %v, modules %v; want %d, %v, %v", v.ExitCode, v.NoModule, modules, test.code, test.noModule, test.modules)
			}
		})
	}
}

// While other rules have yet to speak no waiver is unused.
func TestPartial(t *testing.T) {
	p := Policy{Waivers: []Waiver{{Rule: "KLP105", Module: "*"}}, Partial: true}
	if _, got := judged(t, p, sample()); len(got) != 4 {
		t.Errorf("counting %q", got)
	}
	p.Partial = false
	if _, got := judged(t, p, sample()); len(got) != 5 {
		t.Errorf("counting %q", got)
	}
}

func TestParseKnownRefuses(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", "EOF"},
		{"{\"schema\": 1,\n\"findings\": [}", "line 2: "},
		{`{"schema": 1, "findings": []}`, "schema 1, this klplint reads schema 2"},
		{`{"schema": 2, "findings": [], "x": 1}`, "unknown field"},
		{`{"schema": 2, "findings": []} x`, "trailing data"},
		{`{"schema": 2, "findings": [{"fingerprint": "a"}]}`, "finding 1"},
	} {
		if _, err := ParseKnown([]byte(test.in)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: error %v, want %q", test.in, err, test.want)
		}
	}
}

func FuzzKnown(f *testing.F) {
	f.Add([]byte(`{"schema": 2, "findings": [{"fingerprint": "a", "rule": "b", "module": "c", "message": "d"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := ParseKnown(data)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := WriteKnown(&b, k.Findings); err != nil {
			t.Fatal(err)
		}
		if _, err := ParseKnown(b.Bytes()); err != nil {
			t.Fatalf("%v\n%s", err, b.Bytes())
		}
	})
}
