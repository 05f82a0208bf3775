package kerneltest

import (
	"testing"

	"github.com/klplint/klplint/finding"
)

// TestForetold: the gravest of several findings counts, and a crash that waits for
// code to run comes or does not.
func TestForetold(t *testing.T) {
	warning := finding.Finding{Rule: "KLP221", Severity: finding.Warning, Kernel: &finding.Answer{}}
	crash := finding.Finding{Rule: "KLP221", Severity: finding.Error, Kernel: &finding.Answer{Crash: true}}
	later := finding.Finding{Rule: "KLP220", Severity: finding.Error, Kernel: &finding.Answer{Crash: true, Later: true}}
	refusal := finding.Finding{Rule: "KLP220", Severity: finding.Error, Kernel: &finding.Answer{Errno: "ENOEXEC"}}
	refused, accepted := Outcome{Class: Refused, Errno: "ENOEXEC"}, Outcome{Class: Accepted}
	warned, dead := Outcome{Class: Warned}, Outcome{Class: Crashes}
	for _, c := range []struct {
		name     string
		findings []finding.Finding
		agree    []Outcome
		differ   []Outcome
	}{
		{"nothing", nil, []Outcome{accepted}, []Outcome{warned, dead, refused}},
		{"a warning", []finding.Finding{warning}, []Outcome{accepted, warned}, []Outcome{dead, refused}},
		{"a crash", []finding.Finding{warning, crash}, []Outcome{dead}, []Outcome{accepted, warned, refused}},
		{"a later one", []finding.Finding{later}, []Outcome{dead, accepted, warned}, []Outcome{refused}},
		{"both", []finding.Finding{later, crash}, []Outcome{dead}, []Outcome{accepted}},
		{"both, in the other order", []finding.Finding{crash, later}, []Outcome{dead}, []Outcome{accepted}},
		{"a refusal comes first", []finding.Finding{crash, refusal}, []Outcome{refused, dead}, []Outcome{accepted, {Class: Refused, Errno: "EINVAL"}}},
	} {
		f := foretold(c.findings)
		for _, o := range c.agree {
			if !agrees(f, o) {
				t.Errorf("%s: %+v and %+v differ", c.name, f, o)
			}
		}
		for _, o := range c.differ {
			if agrees(f, o) {
				t.Errorf("%s: %+v and %+v agree", c.name, f, o)
			}
		}
	}
}
