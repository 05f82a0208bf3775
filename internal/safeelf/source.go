package safeelf

import (
	"errors"
	"fmt"
	"io"
)

// Limits of every file, whatever the caller allows.
const (
	MaxFile     = 1 << 30  // bytes of a file
	MaxSections = 65535    // entries of the section header table
	MaxName     = 4096     // bytes of one symbol or section name, without its NUL
	maxNames    = 16 << 20 // bytes of all section names together
	maxSegments = 1 << 12  // program headers; a vmlinux has a handful
)

// DefaultBudget is how many bytes of one file are kept in memory at a time
// where the caller names no number.
const DefaultBudget = 32 << 20

// Short reads are widened to readAhead bytes, so that the neighbours of a small
// section cost no further system call: a module's code, data and modinfo stand
// in front of its debug data, symbols and headers behind.
const (
	pageSize  = 4 << 10
	readAhead = 16 << 10
	readTail  = 4 << 10  // at the file's end: section headers and their names
	shortRead = 64 << 10 // reads from this size on are taken as they are
)

// The memory of the pieces: as much as an ordinary module with debug data
// needs, and what is kept from one file to the next at most.
const (
	arenaSize = 128 << 10
	maxArena  = 1 << 20
)

// Source is the bytes of one file. It is either whole in memory, or read in
// pieces which are kept, up to a budget, until Reset. A Source can be reset
// and used again for the next file; slices handed out before are then invalid.
type Source struct {
	r      io.ReaderAt
	size   int64
	whole  []byte // the file, when it is in memory
	pieces []piece
	arena  []byte // memory of the pieces; reused
	used   int    // bytes of arena in use
	budget int64
	loaded int64

	ranges []fileRange // scratch space of Preload
}

type piece struct {
	off  int64
	data []byte
}

// ResetBytes makes b the file.
func (s *Source) ResetBytes(b []byte) {
	s.r, s.size, s.whole = nil, int64(len(b)), b
	s.pieces, s.used, s.loaded = s.pieces[:0], 0, 0
}

// Reset makes the first size bytes of r the file. At most budget bytes of it
// are kept in memory; 0 means DefaultBudget.
func (s *Source) Reset(r io.ReaderAt, size, budget int64) {
	if budget <= 0 {
		budget = DefaultBudget
	}
	s.r, s.size, s.whole, s.budget = r, size, nil, budget
	if int64(len(s.arena)) < s.loaded && s.loaded <= maxArena {
		s.arena = make([]byte, s.loaded) // the next file is probably like the last
	}
	s.pieces, s.used, s.loaded = s.pieces[:0], 0, 0
}

// Size returns the number of bytes in the file.
func (s *Source) Size() int64 { return s.size }

// Slice returns the n bytes at off. The caller may not change them.
func (s *Source) Slice(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || off > s.size || n > s.size-off {
		return nil, at(off, "%w: %d bytes wanted, the file has %d", ErrTruncated, n, s.size)
	}
	if s.r == nil {
		return s.whole[off : off+n : off+n], nil
	}
	if b, ok := s.held(off, n); ok {
		return b, nil
	}
	return s.load(off, n)
}

// held returns the n bytes at off if a piece holds them.
func (s *Source) held(off, n int64) ([]byte, bool) {
	for i := range s.pieces {
		p := &s.pieces[i]
		if d := off - p.off; d >= 0 && d <= int64(len(p.data)) && n <= int64(len(p.data))-d {
			return p.data[d : d+n : d+n], true
		}
	}
	return nil, false
}

// load reads a piece that holds n bytes at off, which no piece holds.
func (s *Source) load(off, n int64) ([]byte, error) {
	first, last := off, off+n
	if n < shortRead {
		first = off &^ (pageSize - 1)
		last = min(max(last, first+readAhead), s.size)
		if last == s.size {
			first = min(first, max(0, s.size-readTail)&^(pageSize-1))
		}
	}
	b, err := s.read(first, last-first)
	if err != nil {
		return nil, err
	}
	d := off - first
	return b[d : d+n : d+n], nil
}

// read makes the want bytes at off a piece.
func (s *Source) read(off, want int64) ([]byte, error) {
	if s.loaded+want > s.budget {
		return nil, at(off, "%w: more than %d bytes of the file are needed at once", ErrTooLarge, s.budget)
	}
	var data []byte
	if s.arena == nil && want <= arenaSize {
		s.arena = make([]byte, arenaSize)
	}
	if want <= int64(len(s.arena)-s.used) {
		data = s.arena[s.used : s.used+int(want) : s.used+int(want)]
		s.used += int(want)
	} else {
		data = make([]byte, want)
	}
	if m, err := s.r.ReadAt(data, off); m < len(data) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, at(off+int64(m), "read: %w", err)
	}
	s.loaded += want
	s.pieces = append(s.pieces, piece{off, data})
	return data, nil
}

// ReadAt reads like io.ReaderAt, from the pieces where they hold the bytes.
func (s *Source) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read at negative offset %d", off)
	}
	if off >= s.size {
		return 0, io.EOF
	}
	n := min(int64(len(p)), s.size-off)
	var err error
	if n < int64(len(p)) {
		err = io.EOF
	}
	b, serr := s.Slice(off, n)
	if serr != nil {
		return 0, serr
	}
	return copy(p, b), err
}
