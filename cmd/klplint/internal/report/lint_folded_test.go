package report

import (
	"bytes"
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
