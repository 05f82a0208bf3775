package elfread

import (
	"io"

	"github.com/klplint/klplint/klp"
)

// Open reads the module at path. Errors are of type *Error.
func Open(path string, o Options) (*klp.Module, error) { return NewReader(o).Open(path) }

// Read reads the module of size bytes in r; path is what it is called in the
// result. Errors are of type *Error.
func Read(r io.ReaderAt, size int64, path string, o Options) (*klp.Module, error) {
	return NewReader(o).Read(r, size, path)
}
