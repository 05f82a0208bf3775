package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/report"
)

// TestRecipes holds the command lines in docs/recipes.md, packaging/ci and the
// hooks against the flags and formats that there are.
func TestRecipes(t *testing.T) {
	var lines []string
	for _, file := range []string{
		"../../docs/recipes.md", "../../packaging/ci/github-actions.yml", "../../packaging/ci/gitlab-ci.yml", "../../.pre-commit-hooks.yaml", "hook.sh",
	} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`(?m)^(?:- |run: |entry: |modules \| | )*klplint ([^\n#]+)$`).FindAllSubmatch(b, -1)
		if len(found) == 0 {
			t.Errorf("%s: no command line found", file)
		}
		for _, m := range found {
			lines = append(lines, string(m[1]))
		}
		if filepath.Ext(file) == ".md" || filepath.Ext(file) == ".sh" {
			continue
		}
		var v any
		if err := yaml.Unmarshal(b, &v); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	for _, line := range lines {
		root := newRootCommand(newApp(nil, nil, nil))
		// Words are enough: no recipe has a blank within one.
		cmd, args, err := root.Find(strings.Fields(strings.ReplaceAll(line, `"`, "")))
		if err != nil {
			t.Errorf("klplint %s: %v", line, err)
			continue
		}
		if err := cmd.ParseFlags(args); err != nil {
			t.Errorf("klplint %s: %v", line, err)
			continue
		}
		cmd.Flags().Visit(func(f *pflag.Flag) {
			formats, ok := f.Value.(pflag.SliceValue)
			if f.Name != "format" || !ok {
				return
			}
			for _, spec := range formats.GetSlice() {
				format, _, _ := strings.Cut(spec, "=")
				known := false
				for _, k := range report.LintFormats().Names() {
					known = known || k == format
				}
				if !known {
					t.Errorf("klplint %s: no format %s", line, format)
				}
			}
		})
	}
	if len(lines) < 10 {
		t.Errorf("only %d command lines: %q", len(lines), lines)
	}
}
