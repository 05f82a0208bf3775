package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/input"
	"github.com/klplint/klplint/kernel"
)

// loadKernels loads what --kernel, or the arguments of the kernel command, name:
// files and folders, packages, which are unpacked for the time of the run, and
// releases, of which this machine may have the files.
func (a *app) loadKernels(names []string) (kernel.Kernels, error) {
	o := a.common.kernels()
	var paths []string
	unpacked := "" // the folder of all packages
	spelled := make(map[string]string)
	for i, name := range names {
		info, err := os.Stat(name)
		switch {
		case err == nil && info.Mode().IsRegular() && input.IsPackage(name):
			if unpacked == "" {
				if unpacked, err = a.temps.folder(); err != nil {
					return nil, err
				}
			}
			dir := filepath.Join(unpacked, strconv.Itoa(i))
			if err := os.Mkdir(dir, 0o700); err != nil {
				return nil, err
			}
			if err := input.UnpackKernel(name, dir); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			spelled[dir] = name
			paths = append(paths, dir)
		case isRelease(name, err):
			found := kernel.Discover(a.root, name)
			if len(found) == 0 {
				return nil, fmt.Errorf("%s: no such file, and this machine has no kernel of that release under /lib/modules and /boot", name)
			}
			paths = append(paths, found...)
		default:
			paths = append(paths, name)
		}
	}
	if unpacked != "" {
		o.Spelled = func(path string) string { return spelledMember(spelled, unpacked, path) }
	}
	return o.Load(paths...)
}

// isRelease reports whether what --kernel names is a release of this machine, where err
// is what became of it as a file.
func isRelease(name string, err error) bool {
	return errors.Is(err, fs.ErrNotExist) && !strings.Contains(name, "/")
}

// spelledMember calls what was unpacked PACKAGE!/PATH.
func spelledMember(packages map[string]string, unpacked, path string) string {
	rest, below := strings.CutPrefix(path, unpacked+"/")
	if !below {
		return path
	}
	number, member, _ := strings.Cut(rest, "/")
	pkg := packages[filepath.Join(unpacked, number)]
	if member == "" {
		return pkg
	}
	return pkg + "!/" + member
}
