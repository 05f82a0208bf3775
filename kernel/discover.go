package kernel

import (
	"path/filepath"
	"strings"
)

// Discover returns the paths of this machine that tell of a release:
// /lib/modules/REL and its build folder, /boot/vmlinuz-REL, /boot/System.map-REL
// and /boot/config-REL, as far as they exist and are of use. root is "/" but
// for tests. A release that could name another folder finds nothing.
func Discover(root, release string) []string {
	if release == "" || strings.ContainsAny(release, "/\x00") || strings.HasPrefix(release, ".") {
		return nil
	}
	var paths []string
	modules := filepath.Join(root, "lib/modules", release)
	// Red Hat, SUSE and Debian since 7.2 keep the image and what belongs to it there too.
	if isFolder(filepath.Join(modules, "kernel")) || isFile(filepath.Join(modules, "modules.builtin")) || isFile(filepath.Join(modules, "vmlinuz")) {
		paths = append(paths, modules)
	}
	if build := filepath.Join(modules, "build"); isFile(filepath.Join(build, "include/config/kernel.release")) {
		paths = append(paths, build)
	}
	for _, name := range []string{"vmlinuz-", "System.map-", "config-"} {
		path := filepath.Join(root, "boot", name+release)
		if !isFile(path) || name == "System.map-" && stubFile(path) {
			continue
		}
		paths = append(paths, path)
	}
	return paths
}

// Releases lists the releases of which this machine has modules, sorted. root is
// "/" but for tests.
func Releases(root string) []string { return folders(filepath.Join(root, "lib/modules")) }
