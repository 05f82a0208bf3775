package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A release stands for what the machine has of it.
func TestKernelByRelease(t *testing.T) {
	const synthetic = "../../kernel/testdata/synthetic"
	a := newApp(strings.NewReader(""), io.Discard, io.Discard)
	a.root = t.TempDir()
	a.common.noCache = true
	modules := filepath.Join(a.root, "lib/modules/6.12.99-synthetic")
	if err := os.CopyFS(modules, os.DirFS(filepath.Join(synthetic, "modules"))); err != nil {
		t.Fatal(err)
	}
	ks, err := a.loadKernels([]string{"6.12.99-synthetic", filepath.Join(synthetic, "config")})
	if err != nil {
		t.Fatal(err)
	}
	if len(ks) != 1 || ks[0].Release() != "6.12.99-synthetic" || ks[0].Sources()[0].Path != modules {
		t.Errorf("%d kernels, first %+v", len(ks), ks[0].Sources())
	}
	if _, err := a.loadKernels([]string{"6.12.98-synthetic"}); err == nil || !strings.Contains(err.Error(), "no kernel of that release") {
		t.Errorf("a release that is not there: %v", err)
	}
}
