package rules_test

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/fixtures"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/rules"
)

// Every set rule finds its conflict in a pair of real modules, and nothing in
// the pair beside it. Files named old* are the baseline.
func TestSetRulesOnTheirFixtures(t *testing.T) {
	field := map[string]klp.ReplaceKind{
		"KLP401": klp.KindSet, "KLP402": klp.KindSet,
		"KLP407": klp.KindSets, "KLP412": klp.KindSets, "KLP409": klp.KindSets,
	}
	for _, r := range rules.All() {
		if !r.Requires(rules.SetInput) {
			continue
		}
		t.Run(r.ID(), func(t *testing.T) {
			for _, kind := range []string{"clean", "conflict"} {
				findings := lintSet(t, r, filepath.Join(fixtures.Dir(), "sets", r.ID(), kind), field[r.ID()])
				if (len(findings) > 0) != (kind == "conflict") {
					t.Errorf("%s: %d findings: %+v", kind, len(findings), findings)
				}
				other := false
				for _, f := range findings {
					if strings.HasPrefix(filepath.Base(f.Module), "old") {
						t.Errorf("%s: the baseline is judged: %+v", kind, f)
					}
					other = other || len(f.Related) > 0 && f.Related[0].Module != f.Module
				}
				if kind == "conflict" && !other {
					t.Errorf("no finding points into the other file: %+v", findings)
				}
			}
		})
	}
}

func lintSet(t *testing.T, r *rules.Rule, folder string, field klp.ReplaceKind) []finding.Finding {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.ko"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%s: %d modules, %v", folder, len(files), err)
	}
	var members []*moduleset.Member
	for _, path := range files {
		m, err := elfread.Open(path, elfread.Options{ReplaceField: field})
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, moduleset.NewMember(m, strings.HasPrefix(filepath.Base(path), "old")))
	}
	// A release of which it is not known whether it has the fix of sympos 0 and 1.
	o := moduleset.Options{Behaviour: klp.Behaviour{Release: "6.12.0-vendor", InitEEXIST: []string{"EEXIST"}}}
	result, err := r.Analyzer.Run(&analysis.Pass{
		Analyzer: r.Analyzer,
		ResultOf: map[*analysis.Analyzer]any{rules.SetInput: moduleset.New(members, o)},
		Report:   func(analysis.Diagnostic) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return result.([]finding.Finding)
}
