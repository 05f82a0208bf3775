package policy

import (
	"testing"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/lint"
)

// What a finding sums up is not named in full: no file of known findings accepts
// it, not even the one that is written of it. A waiver of the rule does, and one
// that names funcs does not.
func TestSummedUp(t *testing.T) {
	for _, f := range []finding.Finding{
		{Rule: "KLP401", Severity: finding.Error, Module: "a.ko", Message: "a meets 7 more livepatches", More: 7, Others: []string{"b.ko"}},
		{Rule: "KLP401", Severity: finding.Error, Module: "a.ko", Message: "a func has no name; 7 more of this kind are not shown", Unshown: 7},
	} {
		judgeSummedUp(t, f)
	}
}

func judgeSummedUp(t *testing.T, f finding.Finding) {
	t.Helper()
	r := &lint.Result{Findings: []finding.Finding{f}, Modules: []lint.Module{{Path: "a.ko", Name: "a"}}, Summary: lint.Summary{Modules: 1}}
	print := Fingerprints(r.Findings, map[string]string{"a.ko": "a"})[0]
	for _, tt := range []struct {
		name   string
		policy Policy
		code   int
	}{
		{"alone", Policy{}, 1},
		{"known", Policy{Known: &Known{prints: map[string]bool{print: true}}}, 1},
		{"to be written as known", Policy{Accept: true}, 1},
		{"a waiver", Policy{Waivers: []Waiver{{Rule: "KLP401", Module: "a", Reason: "x"}}}, 0},
		{"a waiver of one func", Policy{Waivers: []Waiver{{Rule: "KLP401", Module: "a", Func: "f", Reason: "x"}}}, 1},
	} {
		tt.policy.FailOn = finding.Error
		v := tt.policy.Judge(r)
		if v.ExitCode != tt.code {
			t.Errorf("%s: %s: exit code %d", f.Message, tt.name, v.ExitCode)
		}
		if known := tt.policy.KnownAfter(v); tt.policy.Accept && len(known) > 0 {
			t.Errorf("%s: %+v", tt.name, known)
		}
	}
}
