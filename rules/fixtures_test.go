package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/rules"
)

// Every rule of one module finds its defect in its bad fixtures and nothing in
// its good ones. The fixtures were built, or mutated from built ones.
func TestRulesOnTheirFixtures(t *testing.T) {
	for _, r := range rules.All() {
		if !r.Requires(rules.ModuleInput) || r.Requires(rules.KernelInput) {
			continue
		}
		t.Run(r.ID(), func(t *testing.T) {
			folder := filepath.Join("..", "fixtures", "rules", r.ID())
			files, err := os.ReadDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			good, bad := 0, 0
			for _, file := range files {
				name := file.Name()
				if !strings.HasSuffix(name, ".ko") {
					continue
				}
				findings := lint(t, r, filepath.Join(folder, name))
				switch {
				case strings.HasPrefix(name, "good"):
					good++
					for _, f := range findings {
						t.Errorf("%s: %s", name, f.Message)
					}
				case strings.HasPrefix(name, "bad"):
					bad++
					if len(findings) == 0 {
						t.Errorf("%s: nothing was found", name)
					}
					for _, f := range findings {
						t.Logf("%s: %v: %s (%s+%#x %s) %+v", name, f.Severity, f.Message,
							f.Location.Section, f.Location.Offset, f.Location.Symbol, f.Kernel)
					}
				}
			}
			if good == 0 || bad == 0 {
				t.Errorf("%d good and %d bad fixtures, want at least one each", good, bad)
			}
		})
	}
}

// Fixtures in a folder that is named after no rule are seen by nobody.
func TestFixturesHaveTheirRule(t *testing.T) {
	folders, err := os.ReadDir(filepath.Join("..", "fixtures", "rules"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, r := range rules.All() {
		known[r.ID()] = true
	}
	for _, folder := range folders {
		if !known[folder.Name()] {
			t.Errorf("fixtures/rules/%s has modules, but rules.All() has no such rule: list it in rules/all.go", folder.Name())
		}
	}
}

// A good fixture of one rule has no error of any other.
func TestGoodFixturesHaveNoErrors(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "fixtures", "rules", "KLP[125]*", "good*.ko"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		for _, r := range rules.All() {
			if !r.Requires(rules.ModuleInput) || r.Requires(rules.KernelInput) {
				continue
			}
			for _, f := range lint(t, r, path) {
				if f.Severity == finding.Error {
					t.Errorf("%s: %s: %s", path, f.Rule, f.Message)
				}
			}
		}
	}
}

func lint(t *testing.T, r *rules.Rule, path string) []finding.Finding {
	t.Helper()
	m, err := elfread.Open(path, elfread.Options{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := r.Analyzer.Run(&analysis.Pass{
		Analyzer: r.Analyzer,
		ResultOf: map[*analysis.Analyzer]any{rules.ModuleInput: m},
		Report:   func(analysis.Diagnostic) {},
	})
	if err != nil {
		t.Fatalf("%s: %s: %v", path, r.ID(), err)
	}
	return result.([]finding.Finding)
}
