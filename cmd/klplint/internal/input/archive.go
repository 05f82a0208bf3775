package input

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/klplint/klplint/cmd/klplint/internal/archive"
	"github.com/klplint/klplint/internal/unpack"
)

// A member of a package is called PACKAGE!/PATH, the way Java and KDE do:
// kernel-livepatch.rpm!/lib/modules/6.12.0/livepatch.ko.
const memberMark = "!/"

// maxMember is the largest module taken out of a package, in bytes as stored.
const maxMember = unpack.MaxModule

var (
	errNoMember   = errors.New("no such file in the package")
	errNoModule   = errors.New("no module (*.ko, *.ko.gz, *.ko.xz, *.ko.zst) in this package")
	errTwice      = errors.New("the package has two files of this name")
	errHardLink   = errors.New("a hard link, whose content is under another name of the package")
	errNotRegular = errors.New("not a regular file")
)

// member is one module met in a package.
type member struct {
	archive.Entry
	content io.ReaderAt
	err     error // why there is no content
}

// splitMember tells whether an argument that names no file names a file in a
// package.
func splitMember(arg string) (pkg string, kind archive.Kind, name string, ok bool) {
	for from := 0; ; {
		i := strings.Index(arg[from:], memberMark)
		if i < 0 {
			return "", "", "", false
		}
		i += from
		pkg = arg[:i]
		if kind = archive.KindOf(pkg); kind != "" {
			if mode, err := fileType(pkg); err == nil && mode == unix.S_IFREG {
				return pkg, kind, path.Clean(strings.TrimLeft(arg[i+len(memberMark):], "/")), true
			}
		}
		from = i + len(memberMark)
	}
}

// archive adds the modules of a package in the order of their names, as those
// of a folder; or only the one called only, which counts as named.
func (e *expander) archive(pkg string, kind archive.Kind, only string) {
	f, err := os.Open(pkg)
	if err != nil {
		e.fail(pkg, cause(err))
		return
	}
	defer f.Close()
	members, err := e.members(f, kind, only)
	if err != nil {
		// What stands before the damage is not judged either: half a package
		// could pass.
		e.fail(pkg, cause(err))
		return
	}
	if len(members) == 0 {
		switch {
		case only != "":
			e.fail(pkg+memberMark+only, errNoMember)
		case !e.AllowEmpty:
			e.fail(pkg, errNoModule)
		}
		return
	}
	slices.SortStableFunc(members, func(a, b member) int { return cmp.Compare(a.Name, b.Name) })
	for i, m := range members {
		path := pkg + memberMark + m.Name
		switch {
		case i > 0 && members[i-1].Name == m.Name:
			e.fail(path, errTwice)
		case m.err != nil:
			e.fail(path, m.err)
		case m.content != nil:
			e.addFile(File{Path: path, Named: only != "", Content: m.content, Size: m.Size})
		}
	}
}

// members reads the modules of a package, or the file called only, into the
// store.
func (e *expander) members(f *os.File, kind archive.Kind, only string) ([]member, error) {
	var members []member
	err := archive.Walk(f, kind, archive.Packages, func(entry archive.Entry, content io.Reader) error {
		wanted := IsModuleName(entry.Name)
		if only != "" {
			wanted = entry.Name == only
		}
		if !wanted || entry.Mode.IsDir() {
			return nil
		}
		m := member{Entry: entry}
		switch {
		case entry.Mode&fs.ModeSymlink != 0: // see links
		case entry.HardLink:
			m.err = errHardLink
		case entry.Mode.Type() != 0:
			m.err = errNotRegular
		case entry.Size > maxMember:
			m.err = fmt.Errorf("%d bytes, the limit for a module in a package is %d", entry.Size, int64(maxMember))
		default:
			var err error
			if m.content, err = e.store.add(content, entry.Size); err != nil {
				return err
			}
		}
		members = append(members, m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	links(members)
	return members, nil
}

// links settles the symbolic links. One to a module of the same package adds
// nothing to it, as that is judged under its own name; where any other leads
// only the system knows on which the package is installed.
func links(members []member) {
	files := make(map[string]bool, len(members))
	for _, m := range members {
		if m.content != nil {
			files[m.Name] = true
		}
	}
	for i := range members {
		m := &members[i]
		if m.Mode&fs.ModeSymlink == 0 {
			continue
		}
		to := strings.TrimLeft(m.Link, "/")
		if !path.IsAbs(m.Link) {
			to = path.Join(path.Dir(m.Name), m.Link)
		}
		if !files[path.Clean(to)] {
			m.err = fmt.Errorf("a symbolic link to %s, which is not a module of the package", m.Link)
		}
	}
}
