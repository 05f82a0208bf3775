package rules_test

import (
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/rules"
)

// The rules are ordinary analyzers: the stock driver of x/tools accepts and
// runs them over a .ko file, given the fake package that it insists on.
func TestStockCheckerRunsTheRules(t *testing.T) {
	seeded := rules.ModuleInput.Run
	rules.ModuleInput.Run = func(pass *analysis.Pass) (any, error) {
		return elfread.Open(pass.OtherFiles[0], elfread.Options{})
	}
	defer func() { rules.ModuleInput.Run = seeded }()
	bad := fixture(t, "KLP102", "bad.ko")
	var analyzers []*analysis.Analyzer
	for _, r := range rules.All() {
		analyzers = append(analyzers, r.Analyzer)
	}
	fset := token.NewFileSet()
	info, err := os.Stat(bad)
	if err != nil {
		t.Fatal(err)
	}
	fset.AddFile(bad, -1, int(info.Size()))
	pkg := &packages.Package{
		ID: bad, Name: "ko", PkgPath: bad, OtherFiles: []string{bad},
		Types: types.NewPackage(bad, "ko"), TypesSizes: types.SizesFor("gc", "amd64"), Fset: fset,
	}
	graph, err := checker.Analyze(analyzers, []*packages.Package{pkg}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ran, found := 0, false
	for _, root := range graph.Roots {
		rule := root.Analyzer
		if requires(rule, rules.SetInput) || requires(rule, rules.KernelInput) {
			// Only klplint's own driver can supply these.
			if root.Err == nil {
				t.Errorf("%s ran without its input", rule.Name)
			}
			continue
		}
		ran++
		if root.Err != nil {
			t.Errorf("%s: %v", rule.Name, root.Err)
			continue
		}
		findings := root.Result.([]finding.Finding)
		if len(findings) != len(root.Diagnostics) {
			t.Errorf("%s: %d findings, %d diagnostics", rule.Name, len(findings), len(root.Diagnostics))
		}
		for _, d := range root.Diagnostics {
			if rule.Name == "KLP102" && fset.PositionFor(d.Pos, false).Offset > 0 {
				found = true
			}
		}
	}
	if ran == 0 || !found {
		t.Errorf("%d rules ran, KLP102 found its defect: %v", ran, found)
	}
}

func requires(a *analysis.Analyzer, input *analysis.Analyzer) bool {
	for _, r := range a.Requires {
		if r == input {
			return true
		}
	}
	return false
}

// fixture returns the first file of the rule's fixtures that fits the pattern.
func fixture(t *testing.T, id, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "fixtures", "rules", id, pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no fixture %s/%s", id, pattern)
	}
	return files[0]
}
