package kernel

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
)

// readsParameters: firstParameter knows the architecture.
func readsParameters(a klp.Arch) bool { return a == klp.ARM64 || a == klp.S390X }

// TestRealImages reads the boot images of other architectures that fetch.sh
// found in the archive.
func TestRealImages(t *testing.T) {
	root := os.Getenv("KLPLINT_KERNELS")
	if root == "" {
		t.Skip("KLPLINT_KERNELS is not set: run `make kernel-test`")
	}
	if _, err := os.Stat(filepath.Join(root, "images")); err != nil {
		t.Fatalf("fetch.sh did not look for images: %v", err)
	}
	arches := map[string]klp.Arch{"s390x": klp.S390X, "arm64": klp.ARM64, "ppc64el": klp.PPC64LE, "loong64": klp.LoongArch64, "riscv64": ""}
	for name := range arches {
		path := filepath.Join(root, "images", name, "vmlinuz")
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(path); err != nil {
				t.Skip("the archive had no image: see what fetch.sh said")
			}
			ks, err := Options{}.Load(path)
			if name == "riscv64" {
				if err == nil || !strings.Contains(err.Error(), "a riscv64 kernel") {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			k := ks[0]
			c := k.Counts()
			if k.Arch() != arches[name] || k.Release() == "" {
				t.Errorf("arch %q, release %q", k.Arch(), k.Release())
			}
			if c.Symbols < 30000 || c.Traceable < 20000 || c.Exports < 5000 {
				t.Errorf("%d symbols, %d ftrace locations, %d exports; notes %q", c.Symbols, c.Traceable, c.Exports, k.image.notes)
			}
			if a := k.FindFunc(vmlinux, "vfs_read", 0); a.Status != klp.SymbolFound {
				t.Errorf("vfs_read: %+v", a)
			}
			if starters := k.ThreadStarters(vmlinux, "worker_thread", 0); readsParameters(k.Arch()) && !slices.Equal(starters, []string{"create_worker"}) {
				t.Errorf("worker_thread is started by %q", starters)
			}
			if _, found, _ := k.Export("kfree"); !found {
				t.Error("kfree is not exported")
			}
			t.Logf("%s: %+v", k.Release(), c)
		})
	}
}
