package rules

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
)

// kernelSource is a reference to where a rule's reason can be read: a file of
// the kernel, of its documentation, or of kpatch.
var kernelSource = regexp.MustCompile(`\b[\w-]+(/[\w.-]+)*(\.(c|h|S|rst)|/Makefile(\.\w+)?|/klp-build)\b`)

func TestEveryRuleIsComplete(t *testing.T) {
	id := regexp.MustCompile(`^KLP[1-5]\d\d$`)
	for _, r := range All() {
		t.Run(r.ID(), func(t *testing.T) {
			if !id.MatchString(r.ID()) {
				t.Errorf("ID %q is in no family", r.ID())
			}
			paragraphs := strings.Split(r.Analyzer.Doc, "\n\n")
			if len(paragraphs) < 3 {
				t.Fatalf("documentation has %d paragraphs, want title, reason and fix", len(paragraphs))
			}
			title, reason, fix := paragraphs[0], paragraphs[1:len(paragraphs)-1], paragraphs[len(paragraphs)-1]
			if title != r.Title() || title == "" || strings.HasSuffix(title, ".") {
				t.Errorf("title %q is not one line without a period", title)
			}
			if c := title[0]; c >= 'A' && c <= 'Z' && !strings.HasPrefix(title, "NULL") {
				t.Errorf("title %q starts with a capital", title)
			}
			if !kernelSource.MatchString(strings.Join(reason, "\n")) {
				t.Error("the reason names no kernel source")
			}
			if !strings.HasPrefix(fix, "Fix: ") || len(fix) < 20 {
				t.Errorf("the last paragraph is no fix: %q", fix)
			}
			for line := range strings.Lines(r.Analyzer.Doc) {
				if len(line) > 90 {
					t.Errorf("line of %d characters: %q", len(line), line)
				}
			}
			if r.Since == "" || len(r.Tags) == 0 || r.Severity < finding.Info || r.Severity > finding.Error {
				t.Errorf("since %q, tags %v, severity %v: one is missing", r.Since, r.Tags, r.Severity)
			}
			if len(r.Needs()) == 0 || r.Analyzer.ResultType == nil {
				t.Errorf("needs %v, result type %v", r.Needs(), r.Analyzer.ResultType)
			}
		})
	}
}

func TestAllIsOrderedUniqueAndValid(t *testing.T) {
	all := All()
	ids := make([]string, len(all))
	analyzers := make([]*analysis.Analyzer, len(all))
	for i, r := range all {
		ids[i], analyzers[i] = r.ID(), r.Analyzer
	}
	if !slices.IsSorted(ids) {
		t.Errorf("IDs are not in order: %v", ids)
	}
	if unique := slices.Compact(slices.Clone(ids)); len(unique) != len(ids) {
		t.Errorf("an ID occurs twice: %v", ids)
	}
	if err := analysis.Validate(analyzers); err != nil {
		t.Error(err)
	}
	all[0] = nil
	if All()[0] == nil {
		t.Error("All returns shared memory")
	}
}

// The IDs are a promise: this list only grows.
func TestModuleRulesAreAllThere(t *testing.T) {
	want := []string{
		"KLP100", "KLP101", "KLP102", "KLP103", "KLP104", "KLP105", "KLP106", "KLP107", "KLP108",
		"KLP109", "KLP110", "KLP111", "KLP112", "KLP113", "KLP114", "KLP115", "KLP116", "KLP117", "KLP118",
		"KLP120",
		"KLP201", "KLP202", "KLP203", "KLP204", "KLP205", "KLP206", "KLP207", "KLP208", "KLP209", "KLP210", "KLP216", "KLP217",
		"KLP501", "KLP502", "KLP503", "KLP504", "KLP505", "KLP506",
	}
	var ids []string
	for _, r := range All() {
		ids = append(ids, r.ID())
	}
	for _, id := range want {
		if !slices.Contains(ids, id) {
			t.Errorf("%s is missing", id)
		}
	}
}
