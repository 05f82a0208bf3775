package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/cmd/klplint/internal/report"
)

// TestReportsPage makes the examples of docs/reports.md anew and wants them as
// they are; UPDATE_SCRIPTS=1 rewrites them.
func TestReportsPage(t *testing.T) {
	t.Chdir("../..")
	const page = "docs/reports.md"
	old, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range report.LintFormats().Names() {
		if !strings.Contains(string(old), "`"+format+"`") {
			t.Errorf("%s says nothing about %s", page, format)
		}
	}
	const begin, end = "<!-- begin ", "<!-- end -->"
	var fresh strings.Builder
	for rest := string(old); ; {
		before, behind, found := strings.Cut(rest, begin)
		fresh.WriteString(before)
		if !found {
			break
		}
		format, behind, _ := strings.Cut(behind, " -->\n")
		_, behind, found = strings.Cut(behind, end)
		if !found {
			t.Fatalf("a mark without its end: %s", format)
		}
		fresh.WriteString(begin + format + " -->\n" + reportExample(t, format) + end)
		rest = behind
	}
	if os.Getenv("UPDATE_SCRIPTS") != "" {
		if err := os.WriteFile(page, []byte(fresh.String()), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(old), fresh.String()); diff != "" {
		t.Errorf("%s is stale; UPDATE_SCRIPTS=1 go test rewrites it (-page +fresh):\n%s", page, diff)
	}
}

// reportExample is a report of one rule and one module, as a block of code; of
// SARIF its one result, without the documentation of the rule.
func reportExample(t *testing.T, format string) string {
	t.Helper()
	out := traceOutput(t, "--quiet", "--kernel", "none", "--disable", "KLP[13-9]*,KLP20[0-79],KLP2[12]*", "--format", format, "fixtures/rules/KLP208/bad.ko")
	language := map[string]string{"junit": "xml", "github": "text", "gitlab": "json", "markdown": "markdown", "sarif": "json", "sarif-github": "json"}[format]
	text := string(out)
	if language == "json" && format != "gitlab" {
		var log struct {
			Runs []struct{ Results []json.RawMessage }
		}
		if err := json.Unmarshal(out, &log); err != nil {
			t.Fatal(err)
		}
		text = strings.ReplaceAll(string(log.Runs[0].Results[0]), "\n    ", "\n") + "\n"
	}
	return "```" + language + "\n" + text + "```\n"
}
