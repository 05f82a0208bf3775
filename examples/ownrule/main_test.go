package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
)

// livepatch writes a sound livepatch with a description of its own.
func livepatch(t *testing.T, description string) string {
	t.Helper()
	b, err := os.ReadFile("../../fixtures/static/one-func.ko")
	if err != nil {
		t.Fatal(err)
	}
	f, err := elfmut.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	f.SetModinfo("description", description)
	path := filepath.Join(t.TempDir(), "fix.ko")
	if err := os.WriteFile(path, f.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		code       int
		finding    bool
	}{
		{"with a ticket", livepatch(t, "fix for OPS-4711"), 0, false},
		{"without", livepatch(t, "fix"), 1, true},
		{"no module", "main.go", 2, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run([]string{tt.path}, &stdout, &stderr); code != tt.code {
				t.Errorf("exit code %d, want %d\n%s%s", code, tt.code, &stdout, &stderr)
			}
			if got := bytes.Contains(stdout.Bytes(), []byte("[OPS001]")); got != tt.finding {
				t.Errorf("finding %v, want %v\n%s", got, tt.finding, &stdout)
			}
		})
	}
}
