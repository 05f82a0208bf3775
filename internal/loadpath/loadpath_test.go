package loadpath_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/internal/kerneltest/mutant"
	"github.com/klplint/klplint/internal/loadpath"
	"github.com/klplint/klplint/rules"
)

// Every place has a rule that exists, or a reason, and not both; the kinds of
// mutants that are said to reach it exist.
func TestRowsAreFounded(t *testing.T) {
	ids := map[string]bool{loadpath.Reader: true}
	for _, r := range rules.All() {
		ids[r.ID()] = true
	}
	for _, row := range loadpath.Rows {
		if (len(row.Rules) == 0) == (row.Reason == "") {
			t.Errorf("%s %s %s: rules %v, reason %q", row.File, row.Func, row.Decides, row.Rules, row.Reason)
		}
		for _, id := range row.Rules {
			if !ids[id] {
				t.Errorf("%s: there is no rule %s", row.Func, id)
			}
		}
		for _, kind := range row.Kinds {
			if !slices.Contains(mutant.Kinds(), kind) {
				t.Errorf("%s: there is no kind %s of mutants", row.Func, kind)
			}
		}
		sets := slices.ContainsFunc(row.Rules, func(id string) bool { return strings.HasPrefix(id, "KLP4") })
		if len(row.Rules) > 0 && len(row.Kinds) == 0 && !sets {
			t.Errorf("%s %s: no kind of mutants reaches it", row.File, row.Func)
		}
	}
}

// The page says what the table says. KLPLINT_UPDATE writes it.
func TestDocumentIsCurrent(t *testing.T) {
	const path = "../../docs/load-path.md"
	if os.Getenv("KLPLINT_UPDATE") != "" {
		if err := os.WriteFile(path, []byte(loadpath.Document()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != loadpath.Document() {
		t.Error("docs/load-path.md is not what the table says: run KLPLINT_UPDATE=1 go test ./internal/loadpath")
	}
}
