package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
)

// BenchmarkLint is the whole command but for the start of its process, over the
// files of the list that KLPLINT_BENCH names, else over a few fixtures: what
// `make bench-peers` profiles.
func BenchmarkLint(b *testing.B) {
	args := []string{"lint", "--kernel=none", "--config=none", "--quiet", "--fail-on=never", "--format=text", "-j1"}
	modules := 0
	if list := os.Getenv("KLPLINT_BENCH"); list != "" {
		content, err := os.ReadFile(list)
		if err != nil {
			b.Fatal(err)
		}
		args, modules = append(args, "@"+list), strings.Count(string(content), "\n")
	} else {
		files, err := filepath.Glob("../../fixtures/static/6.1/*.ko")
		if err != nil || len(files) == 0 {
			b.Fatalf("no fixtures: %v", err)
		}
		args, modules = append(args, files...), len(files)
	}
	b.ReportAllocs()
	for b.Loop() {
		if code := run(context.Background(), newApp(strings.NewReader(""), io.Discard, io.Discard), args); code != exitcode.OK {
			b.Fatalf("exit code %d", code)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(modules), "ns/module")
}
