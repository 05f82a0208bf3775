package input

import (
	"bufio"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/klplint/klplint/cmd/klplint/internal/archive"
	"github.com/klplint/klplint/internal/unpack"
	"github.com/klplint/klplint/klp"
)

// Options say how arguments are read. The zero Options refuses lists on stdin.
type Options struct {
	// Stdin is where the argument "-" reads a module or a list from; nil refuses it.
	Stdin io.Reader
	// NUL: the paths in lists end with a NUL byte instead of a line break.
	NUL bool
	// AllowEmpty: a folder or list without any module is no error.
	AllowEmpty bool
	// Literal takes every argument as a path that is spelled so: no list, no
	// pattern, and nothing on stdin.
	Literal bool
	// Repeats keeps a path that is given twice, for callers to whom the order
	// of the arguments is a sequence.
	Repeats bool
}

// File is one file to read.
type File struct {
	Path string // as given, or the folder as given and the rest of the path
	// Named: the user named this file, or a pattern or list did. Otherwise it
	// was met in a folder or a package.
	Named bool
	// Content is read instead of the file at Path when it is not nil: Path then
	// is PACKAGE!/PATH, or "-". Size is its length in bytes. It may be read by several
	// goroutines.
	Content io.ReaderAt
	Size    int64
}

// Error is an argument, or a file in a folder, that cannot be used.
type Error struct {
	Path string
	Err  error
}

// Error returns the path and the cause.
func (e *Error) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// The errors that are this package's own.
var (
	ErrNoMatch    = errors.New("no such file, and no file matches the pattern")
	ErrNoModules  = errors.New("no module (*.ko, *.ko.gz, *.ko.xz, *.ko.zst) in this directory")
	ErrEmptyList  = errors.New("the list names no path")
	ErrStdinTwice = errors.New("stdin can be read only once")
	ErrBinary     = errors.New("neither a module nor a list of paths on stdin (packages are read from a file that has the ending of its kind)")
	ErrNoStdin    = errors.New("neither a list nor a module on stdin here")
	ErrEmptyPath  = errors.New("an empty path")
	// ErrTwoOfOneName: of two that are called alike a verdict could not say which is meant.
	ErrTwoOfOneName = errors.New("a file, and one in a package or on stdin, are both called so: give them one by one")
)

// Expand returns the files that the arguments stand for, in the order of the
// arguments, those of a folder in the order of their names; and what could not
// be used. A path that occurs twice, but for its spelling, is kept once.
func Expand(args []string, o Options) ([]File, []Error) {
	e := expander{Options: o, files: make([]File, 0, len(args))}
	if !o.Repeats {
		e.seen = make(map[string]int, len(args))
	}
	for _, arg := range args {
		e.argument(arg)
	}
	return e.files, e.errors
}

type expander struct {
	Options
	files  []File
	errors []Error
	seen   map[string]int // cleaned path -> index in files; nil with Repeats
	taken  int            // calls of add: a folder given before is not empty
	stdin  bool           // was read
	store  store          // what packages held
}

func (e *expander) fail(path string, err error) {
	e.errors = append(e.errors, Error{path, err})
}

func (e *expander) add(path string, named bool) { e.addFile(File{Path: path, Named: named}) }

func (e *expander) addFile(f File) {
	e.taken++
	if e.seen != nil {
		key := filepath.Clean(f.Path)
		if i, ok := e.seen[key]; ok {
			if (e.files[i].Content == nil) != (f.Content == nil) {
				e.fail(f.Path, ErrTwoOfOneName)
				return
			}
			e.files[i].Named = e.files[i].Named || f.Named
			return
		}
		e.seen[key] = len(e.files)
	}
	e.files = append(e.files, f)
}

func (e *expander) argument(arg string) {
	switch {
	case e.Literal:
		if err := e.path(arg); err != nil {
			e.fail(arg, err)
		}
	case arg == "-":
		switch {
		case e.Stdin == nil:
			e.fail(arg, ErrNoStdin)
		case e.stdin:
			e.fail(arg, ErrStdinTwice)
		default:
			e.stdin = true
			e.standard(arg)
		}
	case len(arg) > 1 && arg[0] == '@':
		f, err := os.Open(arg[1:])
		if err != nil {
			e.fail(arg[1:], cause(err))
			return
		}
		defer f.Close()
		e.list(arg, f)
	default:
		if err := e.path(arg); err != nil {
			e.pattern(arg, err)
		}
	}
}

// listHead is how many bytes of stdin tell a list of paths from other things: a
// header of a tar archive has a NUL byte among them.
const listHead = 512

// standard takes what stdin has: a module, told by its first bytes as no list
// of paths begins with them, or a list.
func (e *expander) standard(arg string) {
	in := bufio.NewReader(e.Stdin)
	head, _ := in.Peek(listHead) // an error shows again when the list is read
	if unpack.IsSquashfs(head) {
		e.fail(arg, unpack.ErrSquashfs)
		return
	}
	if !bytes.HasPrefix(head, []byte(elf.ELFMAG)) && unpack.Detect(head) == klp.Uncompressed {
		if !e.NUL && bytes.IndexByte(head, 0) >= 0 {
			e.fail(arg, ErrBinary)
			return
		}
		e.list(arg, in)
		return
	}
	content, size, err := e.store.addAll(in)
	if err != nil {
		e.fail(arg, cause(err))
		return
	}
	e.addFile(File{Path: arg, Named: true, Content: content, Size: size})
}

// pattern expands what no file is called like. notFound is why.
func (e *expander) pattern(arg string, notFound error) {
	if !errors.Is(notFound, fs.ErrNotExist) || !strings.ContainsAny(arg, `*?[`) {
		e.fail(arg, notFound)
		return
	}
	matches, err := filepath.Glob(arg)
	if err != nil || len(matches) == 0 {
		e.fail(arg, ErrNoMatch)
		return
	}
	for _, m := range matches {
		if err := e.path(m); err != nil {
			e.fail(m, err)
		}
	}
}

// path takes one path as it is spelled: a file, a folder, a package, or a file
// in a package.
func (e *expander) path(path string) error {
	if path == "" {
		return ErrEmptyPath
	}
	mode, err := fileType(path)
	if err != nil {
		if pkg, kind, name, ok := splitMember(path); ok {
			e.archive(pkg, kind, name)
			return nil
		}
		return err
	}
	if mode == unix.S_IFDIR {
		e.folder(path)
		return nil
	}
	if err := usable(mode); err != nil {
		return err
	}
	if kind := archive.KindOf(path); kind != "" {
		e.archive(path, kind, "")
		return nil
	}
	e.add(path, true)
	return nil
}

// fileType returns the S_IFMT bits of the file that path leads to. It asks the
// kernel without the allocations of os.Stat: with ten thousand small modules
// they would show.
func fileType(path string) (uint32, error) {
	var st unix.Stat_t
	for {
		switch err := unix.Stat(path, &st); err {
		case nil:
			return uint32(st.Mode) & unix.S_IFMT, nil
		case unix.EINTR:
		default:
			return 0, err
		}
	}
}

// usable refuses what is no regular file. Opening a named pipe would wait for
// a writer, reading a device can have effects.
func usable(mode uint32) error {
	switch mode {
	case unix.S_IFREG:
		return nil
	case unix.S_IFDIR:
		return errors.New("a directory")
	case unix.S_IFIFO:
		return errors.New("a named pipe, not a regular file")
	case unix.S_IFSOCK:
		return errors.New("a socket, not a regular file")
	case unix.S_IFCHR, unix.S_IFBLK:
		return errors.New("a device, not a regular file")
	}
	return fmt.Errorf("not a regular file (type 0%o)", mode)
}

// cause strips what package os wraps around an errno: operation and path,
// which Error has anyway.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
