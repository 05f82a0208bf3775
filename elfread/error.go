package elfread

import (
	"errors"
	"fmt"
	"strings"

	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/internal/unpack"
)

// Errors that callers tell apart with errors.Is: what a file is that is not an
// ELF file.
var (
	ErrEmpty      = errors.New("empty file")
	ErrLFSPointer = errors.New("Git LFS pointer, not the module itself (run git lfs pull)") //nolint:staticcheck // ST1005: Git is a name
	ErrSquashfs   = unpack.ErrSquashfs
	ErrHTML       = errors.New("HTML page, not a module (a failed download?)")
	ErrText       = errors.New("text file, not a module")
	ErrNotELF     = errors.New("not an ELF file")
	ErrDirectory  = errors.New("not a regular file")
)

// Error says which file could not be read, and where it breaks.
type Error struct {
	Path    string // as given by the caller
	Section string // section name, "" for the file as a whole
	Offset  int64  // bytes from the start of the (unpacked) file
	Err     error
}

// Error returns path, section, offset and cause. The path is given as it is:
// whoever prints it to a terminal escapes it.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Path)
	if e.Section != "" {
		fmt.Fprintf(&b, ": section %s", e.Section)
	}
	if e.Offset != 0 || e.Section != "" {
		fmt.Fprintf(&b, ": offset 0x%x", e.Offset)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// pathError makes err the *Error of a file. A place that err itself names is
// taken over.
func pathError(path string, err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		own.Path = path
		return own
	}
	var se *safeelf.Error
	if errors.As(err, &se) {
		return &Error{Path: path, Section: se.Section, Offset: se.Offset, Err: se.Err}
	}
	return &Error{Path: path, Err: err}
}
