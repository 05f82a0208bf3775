package report

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/finding"
)

// Two files of one module have equal fingerprints; GitLab would fold them.
func TestLintGitLabTellsFilesApart(t *testing.T) {
	l := &Lint{Verdict: &policy.Verdict{}}
	for _, path := range []string{"new/a.ko", "old/a.ko"} {
		l.Verdict.Findings = append(l.Verdict.Findings, policy.Finding{Fingerprint: "f", Finding: finding.Finding{Rule: "KLP101", Module: path, Message: "m"}})
	}
	var b bytes.Buffer
	if err := LintGitLab(&b, l, Options{}); err != nil {
		t.Fatal(err)
	}
	var got []issue
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Fingerprint != "f" || got[1].Fingerprint == "f" || got[1].Fingerprint == "" {
		t.Errorf("issues %+v", got)
	}
}
