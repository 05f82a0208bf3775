package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/fixtures"
)

// preCommitHooks are the command lines of the hooks up to the files.
func preCommitHooks(t *testing.T) [][]string {
	t.Helper()
	b, err := os.ReadFile("../../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var hooks []struct {
		Entry string
		Args  []string
	}
	if err := yaml.Unmarshal(b, &hooks); err != nil || len(hooks) == 0 {
		t.Fatalf("%d hooks, %v", len(hooks), err)
	}
	var lines [][]string
	for _, h := range hooks {
		lines = append(lines, slices.Concat(strings.Fields(h.Entry)[1:], h.Args))
	}
	return lines
}

// A file of a repository may be called like a flag, a list or a pattern: the
// hooks judge it, and do as it says in no case.
func TestHooksTakeNamesAsTheyAre(t *testing.T) {
	bad, err := os.ReadFile(fixtures.Path(t, "rules/KLP208/bad.ko"))
	if err != nil {
		t.Fatal(err)
	}
	hooks := preCommitHooks(t)
	t.Chdir(t.TempDir())
	names := []string{"--waivers=w.ko", "--help.ko", "-q.ko", "@list.ko", "[a].ko", "--.ko"}
	for _, name := range names {
		if err := os.WriteFile(name, bad, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"w.ko":    "waivers: [{rule: KLP208, module: \"*\", reason: none}]\n",
		"list.ko": "", "a.ko": "",
	} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, hook := range hooks {
		for _, name := range names {
			var stdout, stderr bytes.Buffer
			code := run(context.Background(), newApp(strings.NewReader(""), &stdout, &stderr), append(slices.Clone(hook), name))
			if code != exitcode.Findings || !strings.Contains(stdout.String(), name+": error: ") {
				t.Errorf("%q: exit code %d, want %d\n%s%s", name, code, exitcode.Findings, &stdout, &stderr)
			}
		}
		// Who gives the hook other args and forgets the end of them is told so.
		hook = append(slices.DeleteFunc(slices.Clone(hook), func(s string) bool { return s == "--" }), "--kernel=none", "w.ko")
		var stderr bytes.Buffer
		if code := run(context.Background(), newApp(strings.NewReader(""), &stderr, &stderr), hook); code != exitcode.Usage || !strings.Contains(stderr.String(), "must end with --") {
			t.Errorf("without --: exit code %d\n%s", code, &stderr)
		}
	}
}

// What builds packages gives the folder behind --, whatever the options before.
func TestPackagingEndsOptions(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a.ko"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "../../packaging/rpm/brp-klplint", "echo", "lint")
	cmd.Env = append(os.Environ(), "RPM_BUILD_ROOT="+root)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "lint --quiet --color never -- "+root {
		t.Errorf("brp-klplint: %q, %v", out, err)
	}
	b, err := os.ReadFile("../../packaging/debian/dh_klplint")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte("@options, '--', $tmp)")) {
		t.Error("dh_klplint gives its folder without --")
	}
}
