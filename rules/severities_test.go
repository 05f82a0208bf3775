package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/finding"
)

// A rule whose code names a severity beside its own says so in Also, and no other
// does.
func TestSeveritiesAreDeclared(t *testing.T) {
	declared := regexp.MustCompile(`(?m)^\t(Gate)?(Severity|Also):.*$`)
	word := regexp.MustCompile(`finding\.(Error|Warning|Info)\b`)
	for _, r := range All() {
		files, err := filepath.Glob(strings.ToLower(r.ID()) + "_*.go")
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range word.FindAllStringSubmatch(declared.ReplaceAllString(string(source), ""), -1) {
				if s := strings.ToLower(m[1]); s != r.Severity.String() && !slices.Contains(found, s) {
					found = append(found, s)
				}
			}
		}
		var also []string
		for _, s := range r.Also {
			also = append(also, finding.Severity(s).String())
		}
		slices.Sort(found)
		sorted := slices.Sorted(slices.Values(also))
		if !slices.Equal(found, sorted) {
			t.Errorf("%s: its code has findings of severity %q beside %s, Also has %q", r.ID(), found, r.Severity, also)
		}
	}
}
