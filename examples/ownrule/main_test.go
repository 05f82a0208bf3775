package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// livepatch writes a sound livepatch with a description of 16 bytes of its own.
func livepatch(t *testing.T, description string) string {
	t.Helper()
	b, err := os.ReadFile("../../fixtures/klp-build/one-func.ko")
	if err != nil {
		t.Fatal(err)
	}
	was := []byte("description=Livepatch module\x00")
	is := []byte("description=" + description + "\x00")
	if bytes.Count(b, was) != 1 || len(was) != len(is) {
		t.Fatalf("%q cannot take the place of %q", is, was)
	}
	path := filepath.Join(t.TempDir(), "fix.ko")
	if err := os.WriteFile(path, bytes.Replace(b, was, is, 1), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name    string
		args    []string
		code    int
		finding string // the rule that has one; "" for none of the two
	}{
		{"with a ticket", []string{livepatch(t, "fix for OPS-4711")}, 0, ""},
		{"without", []string{livepatch(t, "fix for somebody")}, 1, "[OPS001]"},
		{"of another team", []string{"-against", "../../fixtures/kpatch/one-func.ko", "../../fixtures/static/replace.ko"}, 1, "[OPS002]"},
		{"no module", []string{"main.go"}, 2, ""},
		{"no such flag", []string{"-x"}, 2, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(tt.args, &stdout, &stderr); code != tt.code {
				t.Errorf("exit code %d, want %d\n%s%s", code, tt.code, &stdout, &stderr)
			}
			if got := bytes.Contains(stdout.Bytes(), []byte(tt.finding)); !got || tt.finding == "" && bytes.Contains(stdout.Bytes(), []byte("[OPS")) {
				t.Errorf("want finding %q\n%s", tt.finding, &stdout)
			}
		})
	}
}
