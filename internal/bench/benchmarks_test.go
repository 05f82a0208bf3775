package bench

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestBenchmarks: the packages whose cost matters have Go benchmarks, so that
// benchstat can compare two commits.
func TestBenchmarks(t *testing.T) {
	benchmark := regexp.MustCompile(`(?m)^func Benchmark\w+\(b \*testing\.B\) \{`)
	for _, dir := range []string{"elfread", "replace", "rules", "lint", "cmd/klplint/internal/registry", "cmd/klplint"} {
		files, err := filepath.Glob("../../" + dir + "/*_test.go")
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, name := range files {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			found = found || benchmark.Match(content)
		}
		if !found {
			t.Errorf("%s: no benchmark", dir)
		}
	}
}
