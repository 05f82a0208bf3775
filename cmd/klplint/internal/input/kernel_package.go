package input

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/archive"
)

// Bounds of a kernel's package, in bytes. Debug packages unpack to 5 GiB and
// more, of which vmlinux, some 700 MiB, is taken; the modules of a distribution's
// largest kernel, not packed one by one, have about 600 MiB.
const (
	maxKernelMember = 2 << 30
	maxKernelKept   = 4 << 30
)

var kernelPackages = archive.Limits{Unpacked: 16 << 30, Members: 1 << 18, Window: 128 << 20}

// errNoKernel is for a package that is none of a kernel's.
var errNoKernel = errors.New("no kernel image, modules, symbols or configuration in this package")

// IsPackage reports whether a file is called like a package.
func IsPackage(name string) bool { return archive.KindOf(name) != "" }

// UnpackKernel writes what tells of a kernel in a package into a folder that
// exists, laid out as on the system on which the package is installed. Of debug
// packages it takes vmlinux and System.map, to where those of the kernel itself
// would be. Links are left out: what they lead to has its own name.
func UnpackKernel(pkg, dir string) error {
	f, err := os.Open(pkg)
	if err != nil {
		return cause(err)
	}
	defer f.Close()
	left := int64(maxKernelKept)
	found := false
	err = archive.Walk(f, archive.KindOf(pkg), kernelPackages, func(e archive.Entry, content io.Reader) error {
		if e.Mode.Type() != 0 || e.HardLink {
			return nil
		}
		name := kernelFile(e.Name)
		if name == "" {
			return nil
		}
		if e.Size > maxKernelMember || e.Size > left {
			return fmt.Errorf("%s: %d bytes, the limits are %d a file and %d a package", e.Name, e.Size, int64(maxKernelMember), int64(maxKernelKept))
		}
		left -= e.Size
		found = true
		return writeMember(filepath.Join(dir, filepath.FromSlash(name)), content, e.Size)
	})
	if err == nil && !found {
		err = errNoKernel
	}
	return err
}

// writeMember makes a file with its folders.
func writeMember(to string, content io.Reader, size int64) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%w: %s", errTwice, filepath.Base(to))
	}
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, content, size)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return early(err)
}

// debugRoot is where distributions put unstripped files, below which they are
// called as they are without it.
const debugRoot = "usr/lib/debug/"

// kernelFile returns where a member of a package goes, "" for one that tells
// nothing about a kernel.
func kernelFile(name string) string {
	name, debug := strings.CutPrefix(name, debugRoot)
	base := path.Base(name)
	image := hasPrefix(base, "vmlinux", "System.map")
	switch top, rest, _ := strings.Cut(name, "/"); {
	case top == "boot" && (image || !debug && hasPrefix(base, "vmlinuz", "Image", "config", "symvers")):
		return name
	case top == "lib", top == "usr" && strings.HasPrefix(rest, "lib/modules/"):
		if !strings.HasPrefix(strings.TrimPrefix(name, "usr/"), "lib/modules/") {
			return ""
		}
		if image || !debug && (IsModuleName(base) || hasPrefix(base, "vmlinuz", "modules.", "config", "symvers")) {
			return name
		}
	case !debug && strings.HasPrefix(name, "usr/src/"):
		// usr/src/linux-headers-REL/...: what a build tree is read for.
		_, inTree, _ := strings.Cut(strings.TrimPrefix(name, "usr/src/"), "/")
		switch inTree {
		case "Module.symvers", ".config", "System.map", "vmlinux", "include/config/kernel.release", "include/generated/utsrelease.h":
			return name
		}
	}
	return ""
}

func hasPrefix(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
