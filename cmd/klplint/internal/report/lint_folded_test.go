package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/rules"
)

// TestTerminalShowsTenOfARule: findings of one rule over several modules are
// folded for one module, those of another module and of rules over one module are
// not, and what is waived counts for nothing.
func TestTerminalShowsTenOfARule(t *testing.T) {
	l := &Lint{Rules: rules.All(), Verdict: &policy.Verdict{}}
	add := func(module, rule, message string, waived bool) {
		f := policy.Finding{Finding: finding.Finding{Module: module, Rule: rule, Severity: finding.Error, Message: message}}
		if waived {
			f.Waiver = &policy.Waiver{}
		}
		l.Verdict.Findings = append(l.Verdict.Findings, f)
	}
	for i := range 13 {
		add("a.ko", "KLP401", fmt.Sprint("with ", i), i == 0)
	}
	for i := range 12 {
		add("a.ko", "KLP104", fmt.Sprint("func ", i), false)
	}
	add("b.ko", "KLP401", "with a", false)
	var b bytes.Buffer
	if err := LintText(&b, l, Options{}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 10+12+1 {
		t.Fatalf("%d lines:\n%s", len(lines), b.String())
	}
	if want := "a.ko: error: with 10; 2 more findings of this rule about this module [KLP401]"; lines[9] != want {
		t.Errorf("got  %s\nwant %s", lines[9], want)
	}
}

// TestTerminalCountsWhatIsSummedUp: a finding that sums up others is in the number
// behind the last one that is shown, wherever it stands, and is shown where there is
// none.
func TestTerminalCountsWhatIsSummedUp(t *testing.T) {
	l := &Lint{Rules: rules.All(), Verdict: &policy.Verdict{}}
	add := func(module, message string, more int) {
		f := finding.Finding{Module: module, Rule: "KLP404", Severity: finding.Error, Message: message, More: more}
		l.Verdict.Findings = append(l.Verdict.Findings, policy.Finding{Finding: f})
	}
	add("a.ko", "meets 7", 7)
	add("a.ko", "with 1", 0)
	add("a.ko", "with 2", 0)
	add("b.ko", "meets 9", 9)
	var b bytes.Buffer
	if err := LintText(&b, l, Options{}); err != nil {
		t.Fatal(err)
	}
	const want = `a.ko: error: with 1 [KLP404]
a.ko: error: with 2; 7 more findings of this rule about this module [KLP404]
b.ko: error: meets 9 [KLP404]
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// TestProgramsGetAllFuncs: a message names the first funcs of a pair, and the
// reports for programs have the others.
func TestProgramsGetAllFuncs(t *testing.T) {
	l := &Lint{Rules: rules.All(), Verdict: &policy.Verdict{}}
	f := finding.Finding{Module: "a.ko", Rule: "KLP401", Severity: finding.Warning, Message: "vmlinux:f0, vmlinux:f1 and 28 more"}
	for i := range 30 {
		f.Funcs = append(f.Funcs, finding.Func{Object: "vmlinux", Name: fmt.Sprintf("f%d", i)})
	}
	one := finding.Finding{Module: "a.ko", Rule: "KLP104", Severity: finding.Error, Object: "vmlinux", Func: "f"}
	l.Verdict.Findings = []policy.Finding{{Finding: f}, {Finding: one}}
	type named struct{ Object, Func string }
	check := func(format string, got [][]named) {
		t.Helper()
		if len(got) != 2 || len(got[0]) != 30 || got[0][29] != (named{"vmlinux", "f29"}) || len(got[1]) != 0 {
			t.Errorf("%s: %v", format, got)
		}
	}
	var b bytes.Buffer
	var form struct {
		Findings []struct{ Funcs []named }
	}
	if err := errors.Join(LintJSON(&b, l, Options{}), json.Unmarshal(b.Bytes(), &form)); err != nil {
		t.Fatal(err)
	}
	var funcs [][]named
	for _, f := range form.Findings {
		funcs = append(funcs, f.Funcs)
	}
	check("json", funcs)

	b.Reset()
	var log struct {
		Runs []struct {
			Results []struct{ Properties struct{ Funcs []named } }
		}
	}
	if err := errors.Join(LintSARIF(&b, l, Options{}), json.Unmarshal(b.Bytes(), &log)); err != nil {
		t.Fatal(err)
	}
	funcs = nil
	for _, r := range log.Runs[0].Results {
		funcs = append(funcs, r.Properties.Funcs)
	}
	check("sarif", funcs)
}
