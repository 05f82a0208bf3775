package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
)

const (
	rulesBegin = "<!-- rules: made by `make readme` -->\n"
	rulesEnd   = "<!-- end of rules -->\n"
)

// TestReadme keeps README.md true: its table of rules is that of the program,
// its picture of the imports is go list's, its commands work, and a command with output prints that output. With
// UPDATE_README set the table, the picture and the outputs are written anew.
func TestReadme(t *testing.T) {
	t.Chdir("../..")
	content, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	fresh := readmeOutputs(t, readmeHouse(t, readmeRules(t, string(content))))
	if os.Getenv("UPDATE_README") != "" {
		if err := os.WriteFile("README.md", []byte(fresh), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(content), fresh); diff != "" {
		t.Errorf("README.md is not fresh, run `make readme` (-README +klplint):\n%s", diff)
	}
	commands := 0
	for line := range strings.Lines(string(content)) {
		rest, ok := strings.CutPrefix(line, "    go run ./cmd/klplint ")
		if !ok {
			continue
		}
		commands++
		command, _, _ := strings.Cut(strings.TrimSpace(rest), "#")
		if code, _, stderr := klplint(t, strings.Fields(command)...); code > exitcode.Findings {
			t.Errorf("klplint %s: exit code %d\n%s", command, code, stderr)
		}
	}
	if commands < 3 {
		t.Errorf("README.md shows %d commands", commands)
	}
}

func readmeRules(t *testing.T, content string) string {
	t.Helper()
	before, rest, ok := strings.Cut(content, rulesBegin)
	if !ok {
		t.Fatalf("README.md has no line %q", rulesBegin)
	}
	_, after, ok := strings.Cut(rest, rulesEnd)
	if !ok {
		t.Fatalf("README.md has no line %q", rulesEnd)
	}
	var table bytes.Buffer
	if err := report.RulesMarkdown(&table, settings.BuiltinRules()); err != nil {
		t.Fatal(err)
	}
	return before + rulesBegin + table.String() + rulesEnd + after
}

// readmeOutputs replaces what stands below each "$ klplint ..." by what the
// command prints.
func readmeOutputs(t *testing.T, content string) string {
	t.Helper()
	var out strings.Builder
	skipping := false
	for line := range strings.Lines(content) {
		if skipping && strings.HasPrefix(line, "    ") {
			continue
		}
		skipping = false
		out.WriteString(line)
		if args, ok := strings.CutPrefix(line, "    $ klplint "); ok {
			_, stdout, _ := klplint(t, strings.Fields(args)...)
			for printed := range strings.Lines(stdout) {
				out.WriteString("    " + printed)
			}
			skipping = true
		}
	}
	return out.String()
}

// klplint runs the program within this process.
func klplint(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), newApp(strings.NewReader(""), &out, &errs), args)
	return code, out.String(), errs.String()
}
