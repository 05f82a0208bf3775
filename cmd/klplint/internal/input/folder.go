package input

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// IsModuleName reports whether a file is called like a kernel module: .ko, or
// .ko packed as kmod knows it.
func IsModuleName(name string) bool {
	i := strings.LastIndex(name, ".ko")
	if i < 0 {
		return false
	}
	switch name[i+3:] {
	case "", ".gz", ".xz", ".zst":
		return true
	}
	return false
}

// batch is the number of entries read from a folder at a time: of a huge
// folder only the names of modules and subfolders are held.
const batch = 1024

// folder walks a folder. Links to files are followed, links to folders are
// not: /lib/modules/*/build leads to the whole kernel source, and a folder can
// link to one above it.
func (e *expander) folder(root string) {
	taken, errs := e.taken, len(e.errors)
	for pending := []string{root}; len(pending) > 0; {
		dir := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		folders, err := e.oneFolder(dir)
		if err != nil {
			e.fail(dir, cause(err))
		}
		for _, name := range slices.Backward(folders) {
			pending = append(pending, join(dir, name))
		}
	}
	if e.taken == taken && len(e.errors) == errs && !e.AllowEmpty {
		e.fail(root, ErrNoModules)
	}
}

// oneFolder adds the modules of one folder in the order of their names, and
// returns the names of its subfolders, sorted.
func (e *expander) oneFolder(dir string) (folders []string, err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var modules []fs.DirEntry
	for {
		entries, err := d.ReadDir(batch)
		for _, entry := range entries {
			switch {
			case entry.IsDir():
				folders = append(folders, entry.Name())
			case IsModuleName(entry.Name()):
				modules = append(modules, entry)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(folders)
	slices.SortFunc(modules, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, m := range modules {
		e.met(join(dir, m.Name()), m.Type())
	}
	return folders, nil
}

// met adds a file of a folder that has a module's name.
func (e *expander) met(path string, t fs.FileMode) {
	if !t.IsRegular() {
		mode, err := fileType(path)
		if err == nil && mode == unix.S_IFDIR {
			return // a link to a folder
		}
		if err == nil {
			err = usable(mode)
		}
		if err != nil {
			e.fail(path, err)
			return
		}
	}
	e.add(path, false)
}

// join keeps the folder as the user spelled it, which filepath.Join would not.
func join(dir, name string) string {
	if strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}
