package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// written is a file that the command line says to write.
type written struct {
	flag string // for messages
	path string
	over string // an input that it may replace; "" for none
}

// destinations are the files of --format, and those of flags of the command's
// own (a.writes).
func (a *app) destinations() []written {
	list := a.writes
	for _, spec := range a.common.formats {
		if _, file, _ := strings.Cut(spec, "="); file != "" && file != "-" {
			list = append(list, written{flag: "--format " + spec, path: file})
		}
	}
	return list
}

// guard refuses to write over what the command reads, and to devices. It is
// asked with whatever turns out to be an input, before that is worked on.
func (a *app) guard(reads ...string) error {
	for i, w := range a.destinations() {
		info, err := os.Stat(w.path)
		if err == nil && isDevice(w.path, info) {
			return usageErrorf("%s: %s is a device", w.flag, w.path)
		}
		for _, other := range a.destinations()[:i] {
			if sameFile(w.path, info, other.path) {
				return usageErrorf("%s and %s write to the same file", other.flag, w.flag)
			}
		}
		for _, path := range reads {
			path, _, _ = strings.Cut(path, "!/")
			if path != "" && (w.over == "" || path != w.over) && sameFile(w.path, info, path) {
				return usageErrorf("%s: it would replace %s, which is read", w.flag, path)
			}
		}
	}
	return nil
}

// guardBelow refuses to write into folders of which a record says what they hold.
func (a *app) guardBelow(folders ...string) error {
	for _, w := range a.destinations() {
		into, err := filepath.EvalSymlinks(filepath.Dir(w.path))
		if err != nil {
			continue // it cannot be written
		}
		if into, err = filepath.Abs(into); err != nil {
			return err
		}
		for _, folder := range folders {
			if info, err := os.Stat(folder); err != nil || !info.IsDir() {
				continue
			}
			real, err := filepath.EvalSymlinks(folder)
			if err != nil {
				continue
			}
			if real, err = filepath.Abs(real); err != nil {
				return err
			}
			if into == real || strings.HasPrefix(into, real+string(filepath.Separator)) {
				return usageErrorf("%s: %s is in %s, which is read", w.flag, w.path, folder)
			}
		}
	}
	return nil
}

// sameFile reports whether two paths lead to one file, whose info is nil where
// the first does not exist.
func sameFile(path string, info fs.FileInfo, other string) bool {
	if info != nil {
		if o, err := os.Stat(other); err == nil {
			return os.SameFile(info, o) && info.Mode().IsRegular()
		}
	}
	x, errX := filepath.Abs(path)
	y, errY := filepath.Abs(other)
	return errX == nil && errY == nil && x == y
}

// isDevice reports whether the path is that of a device that a report would harm,
// or be lost in. What the shell has opened is its business.
func isDevice(path string, info fs.FileInfo) bool {
	if info.Mode()&fs.ModeDevice == 0 {
		return false
	}
	switch path {
	case os.DevNull, "/dev/tty", "/dev/stdout", "/dev/stderr":
		return false
	}
	return !strings.HasPrefix(path, "/dev/fd/") && !strings.HasPrefix(path, "/proc/self/fd/")
}
