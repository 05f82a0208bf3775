package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
)

// TestRulePages makes docs/rules anew: a page for each rule, and none for others.
// UPDATE_README writes them.
func TestRulePages(t *testing.T) {
	t.Chdir("../..")
	agreement, err := os.ReadFile("docs/kernel-agreement.md")
	if err != nil {
		t.Fatal(err)
	}
	update := os.Getenv("UPDATE_README") != ""
	if update {
		if err := os.MkdirAll("docs/rules", 0o777); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	examples := 0
	for _, r := range settings.BuiltinRules() {
		page := &report.RulePage{Rule: r, Observed: observations(string(agreement), r.ID())}
		page.Command, page.Output = ruleExample(t, r.ID())
		if page.Output != "" {
			examples++
		}
		var b bytes.Buffer
		if err := report.RulePageMarkdown(&b, page); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("docs/rules", r.ID()+".md")
		want = append(want, file)
		if update {
			if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("%v: run `make readme`", err)
			continue
		}
		if diff := cmp.Diff(string(have), b.String()); diff != "" {
			t.Errorf("%s is not fresh, run `make readme` (-page +klplint):\n%s", file, diff)
		}
	}
	if have, err := filepath.Glob("docs/rules/*.md"); err != nil || len(have) != len(want) {
		t.Errorf("%d pages for %d rules, %v", len(have), len(want), err)
	}
	if examples < 30 {
		t.Errorf("%d pages have an example", examples)
	}
}

// ruleExample is what a rule finds in a committed module that was built to show
// it; without one, nothing.
func ruleExample(t *testing.T, id string) (command, output string) {
	t.Helper()
	for _, name := range []string{"bad.ko", "bad.ko.xz"} {
		file := "fixtures/rules/" + id + "/" + name
		if _, err := os.Stat(file); err != nil {
			continue
		}
		args := []string{"--config", "none", "--kernel", "none", "--quiet", "--only", id, "--format", "text", file}
		_, stdout, _ := klplint(t, args...)
		if stdout == "" || strings.Count(stdout, "\n") > 20 {
			continue
		}
		return "klplint --kernel none --quiet --only " + id + " " + file, stdout
	}
	return "", ""
}

// observations reads the rows of a rule out of the tables of
// docs/kernel-agreement.md, one for each kernel.
func observations(agreement, id string) []report.Observation {
	var out []report.Observation
	kernel := ""
	for line := range strings.Lines(agreement) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "## "); ok {
			kernel = strings.TrimPrefix(title, "Linux ")
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) == 6 && cells[0] == id && slices.IndexFunc(cells[1:], notNumber) < 0 {
			out = append(out, report.Observation{Kernel: kernel, Foretold: cells[1], Refused: cells[2], Earlier: cells[3], Loaded: cells[5]})
		}
	}
	return out
}

func notNumber(s string) bool { return s == "" || strings.Trim(s, "0123456789") != "" }
