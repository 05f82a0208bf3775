package rules

import (
	"go/token"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

func TestReportCompletesAndPlacesFindings(t *testing.T) {
	fset := token.NewFileSet()
	fset.AddFile("other.ko", -1, 5000)
	fset.AddFile("fix.ko", -1, 1000)
	var got []analysis.Diagnostic
	pass := &analysis.Pass{
		Fset: fset, OtherFiles: []string{"fix.ko"},
		Report: func(d analysis.Diagnostic) { got = append(got, d) },
	}
	findings := []finding.Finding{
		{Message: "at a byte", Location: klp.Location{Section: ".data", Offset: 4, File: 900}},
		{Message: "no section", Location: klp.Location{File: 1000}, Severity: finding.Info},
		{Message: "no bytes", Location: klp.Location{Section: ".bss", Offset: 8}},
		{Message: "beyond the end", Location: klp.Location{File: 1001}, Module: "elsewhere.ko"},
	}
	report(pass, klp101, "fix.ko", findings)
	wantOffsets := []int{900, 1000, -1, -1}
	for i, f := range findings {
		offset := -1
		if got[i].Pos.IsValid() {
			position := fset.PositionFor(got[i].Pos, false)
			if offset = position.Offset; position.Filename != "fix.ko" {
				t.Errorf("%q is in %s", f.Message, position.Filename)
			}
		}
		if offset != wantOffsets[i] || got[i].Category != "KLP101" || got[i].Message != f.Message {
			t.Errorf("%q: offset %d, want %d; diagnostic %+v", f.Message, offset, wantOffsets[i], got[i])
		}
	}
	if f := findings[0]; f.Rule != "KLP101" || f.Severity != finding.Error || f.Module != "fix.ko" {
		t.Errorf("not completed: %+v", f)
	}
	if findings[1].Severity != finding.Info || findings[3].Module != "elsewhere.ko" {
		t.Error("what the rule had set was overwritten")
	}
}

func TestSeverityIsReadAsItIsWritten(t *testing.T) {
	for _, s := range []finding.Severity{finding.Info, finding.Warning, finding.Error} {
		if got, err := finding.ParseSeverity(s.String()); got != s || err != nil {
			t.Errorf("%v: %v, %v", s, got, err)
		}
	}
	for _, word := range []string{"", "Error", "severity(0)", "never"} {
		if _, err := finding.ParseSeverity(word); err == nil {
			t.Errorf("%q was taken", word)
		}
	}
	if finding.Severity(0).String() != "severity(0)" {
		t.Errorf("the zero severity is %q", finding.Severity(0))
	}
}
