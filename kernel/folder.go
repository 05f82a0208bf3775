package kernel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klplint/klplint/internal/release"
)

// folder reads a folder: an unpacked distribution package, a build tree or its
// headers, a folder of modules, or any folder with some of the files that Load
// knows.
func (l *loader) folder(dir string) error {
	before := len(l.parts)
	found := false
	for _, sub := range []string{"boot", "lib/modules", "usr/lib/modules", "usr/src"} {
		if isFolder(filepath.Join(dir, sub)) {
			found = true
		}
	}
	var err error
	switch {
	case found:
		err = l.packageTree(dir)
	case isFile(filepath.Join(dir, "include/config/kernel.release")):
		err = l.buildTree(dir)
	default:
		err = l.plainFolder(dir)
	}
	if err != nil {
		return err
	}
	for _, p := range l.parts[before:] {
		if p.source.Kind != Unread {
			return nil
		}
	}
	if len(l.parts) > before {
		return fmt.Errorf("nothing usable in it: %s: %s", l.spell(l.parts[before].source.Path), l.parts[before].source.Note)
	}
	return errors.New("nothing usable in it")
}

// packageTree reads an unpacked linux-image or linux-headers package, or a
// system's root.
func (l *loader) packageTree(dir string) error {
	if boot := filepath.Join(dir, "boot"); isFolder(boot) {
		if err := l.plainFolder(boot); err != nil {
			return err
		}
	}
	for _, sub := range []string{"lib/modules", "usr/lib/modules"} {
		for _, release := range folders(filepath.Join(dir, sub)) {
			if err := l.plainFolder(filepath.Join(dir, sub, release)); err != nil {
				return err
			}
		}
		if len(folders(filepath.Join(dir, sub))) > 0 {
			break // a merged /usr: the same folder under two names
		}
	}
	for _, headers := range folders(filepath.Join(dir, "usr/src")) {
		tree := filepath.Join(dir, "usr/src", headers)
		if isFile(filepath.Join(tree, "include/config/kernel.release")) {
			if err := l.buildTree(tree); err != nil {
				return err
			}
		}
	}
	return nil
}

// buildTree reads a kernel's build folder or the part of it that is packaged
// for building modules.
func (l *loader) buildTree(dir string) error {
	release := buildRelease(dir)
	for _, name := range []string{"Module.symvers", ".config", "System.map"} {
		l.tryFile(filepath.Join(dir, name), release)
	}
	if path := filepath.Join(dir, "vmlinux"); isFile(path) {
		l.tryFile(path, release)
	} else {
		for _, pattern := range []string{"bzImage", "Image", "Image.gz", "vmlinuz.efi"} {
			images, _ := filepath.Glob(filepath.Join(dir, "arch", "*", "boot", pattern))
			for _, path := range images {
				l.tryFile(path, release)
			}
		}
	}
	if isFile(filepath.Join(dir, "modules.order")) {
		return l.moduleFolder(dir, release)
	}
	return nil
}

// buildRelease returns the release that a kernel built here has. The two files
// differ in Debian's 6.1 packages, whose kernels call themselves by the ABI
// name that only utsrelease.h has; without either it is unknown.
func buildRelease(dir string) string {
	if raw, err := os.ReadFile(filepath.Join(dir, "include/generated/utsrelease.h")); err == nil {
		for line := range strings.Lines(string(raw)) {
			if value, ok := strings.CutPrefix(line, "#define UTS_RELEASE "); ok {
				return strings.Trim(strings.TrimSpace(value), `"`)
			}
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, "include/config/kernel.release"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}

// interesting are the beginnings of names of files that are worth opening in a
// folder; what they are is still told by their content.
var interesting = []string{
	"vmlinu", "bzImage", "Image", "System.map", "config", ".config", "Module.symvers", "symvers",
	"kallsyms", "available_filter_functions", "btf", "vmlinux.btf",
}

// plainFolder reads the known files of a folder and the modules below it.
func (l *loader) plainFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	folderRelease := ""
	if base := filepath.Base(dir); strings.Contains(base, ".") {
		if v, ok := release.Parse(base); ok && v.Known {
			folderRelease = base
		}
	}
	modules, below := false, ""
	for _, e := range entries {
		name := e.Name()
		path := filepath.Join(dir, name)
		switch {
		case strings.HasPrefix(name, "modules."), moduleName(name) != "":
			modules = true
		case e.IsDir() && name == "modules":
			below = path
		case e.IsDir():
			modules = modules || name == "kernel"
		case slices.ContainsFunc(interesting, func(prefix string) bool { return strings.HasPrefix(name, prefix) }):
			hint := folderRelease
			if _, suffix, ok := strings.Cut(name, "-"); ok && hint == "" {
				if v, ok := release.Parse(suffix); ok && v.Known {
					hint = suffix
				}
			}
			l.tryFile(path, hint)
		}
	}
	switch {
	case modules:
		return l.moduleFolder(dir, folderRelease)
	case below != "":
		return l.moduleFolder(below, folderRelease)
	}
	return nil
}

// tryFile reads a file that a folder happens to hold; failure becomes a note.
func (l *loader) tryFile(path, hint string) {
	if !isFile(path) {
		return
	}
	if err := l.file(path, hint); err != nil {
		l.parts = append(l.parts, part{source: Source{Path: path, Kind: Unread, Note: err.Error()}, release: hint})
	}
}

func (l *loader) moduleFolder(dir, release string) error {
	t, err := openModuleTree(dir, l.cache, l.spell)
	if err != nil {
		return err
	}
	if len(t.names) == 0 && len(t.builtin) == 0 {
		return nil // the folder of a kernel of which only headers are installed
	}
	if release == "" {
		release = t.release
	}
	l.parts = append(l.parts, part{source: Source{Path: dir, Kind: ModuleFolder}, release: release, modules: t})
	return nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// folders lists the subfolders, links to folders too, sorted.
func folders(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if isFolder(filepath.Join(dir, e.Name())) {
			names = append(names, e.Name())
		}
	}
	return names
}
