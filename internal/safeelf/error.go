package safeelf

import (
	"errors"
	"fmt"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrNotELF: the file does not start with the ELF magic.
	ErrNotELF = errors.New("not an ELF file")
	// Err32Bit: a 32-bit ELF file, or one of an unknown class.
	Err32Bit = errors.New("not a 64-bit ELF file")
	// ErrTruncated: the file ends before something that its headers promise.
	ErrTruncated = errors.New("truncated")
	// ErrTooLarge: a limit of this package or of the caller was passed.
	ErrTooLarge = errors.New("too large")
	// ErrNoSymbols: the file has no SHT_SYMTAB section.
	ErrNoSymbols = errors.New("no symbol table")
)

// Error says where in a file something is wrong.
type Error struct {
	Section string // section name, "" for the file as a whole
	Offset  int64  // bytes from the start of the file
	Err     error
}

// Error returns the section, the offset and the cause.
func (e *Error) Error() string {
	if e.Section == "" {
		return fmt.Sprintf("offset 0x%x: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("section %s: offset 0x%x: %v", e.Section, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func at(off int64, format string, args ...any) error {
	return &Error{Offset: off, Err: fmt.Errorf(format, args...)}
}

func errBeyond(off, size uint64, length int64) error {
	return fmt.Errorf("%w: %d bytes at 0x%x, the file has %d bytes", ErrTruncated, size, off, length)
}
