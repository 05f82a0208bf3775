package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// Bounds of a store, in bytes.
const (
	storeInMemory = 8 << 20
	storeMax      = 4 << 30
)

// store keeps what was taken out of packages: little of it in memory, the rest
// in one temporary file, which has no name any more and goes with the process.
// The readers that it hands out may be used by several goroutines.
type store struct {
	memory int64
	file   *os.File
	size   int64 // of the file
}

// add keeps the size bytes that r has.
func (s *store) add(r io.Reader, size int64) (io.ReaderAt, error) {
	if size <= storeInMemory-s.memory {
		b := make([]byte, size)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, early(err)
		}
		s.memory += size
		return bytes.NewReader(b), nil
	}
	if size > storeMax-s.size {
		return nil, fmt.Errorf("more than %d bytes of modules in packages", int64(storeMax))
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	at := s.size
	n, err := io.CopyN(io.NewOffsetWriter(s.file, at), r, size)
	s.size += n
	if err != nil {
		return nil, early(err)
	}
	return io.NewSectionReader(s.file, at, size), nil
}

// addAll keeps all that r has, up to maxMember bytes.
func (s *store) addAll(r io.Reader) (content io.ReaderAt, size int64, err error) {
	head, err := io.ReadAll(io.LimitReader(r, storeInMemory-s.memory))
	if err != nil {
		return nil, 0, err
	}
	if s.memory += int64(len(head)); s.memory < storeInMemory {
		return bytes.NewReader(head), int64(len(head)), nil
	}
	s.memory -= int64(len(head))
	if err := s.open(); err != nil {
		return nil, 0, err
	}
	at := s.size
	size, err = io.Copy(io.NewOffsetWriter(s.file, at), io.LimitReader(io.MultiReader(bytes.NewReader(head), r), maxMember+1))
	s.size += size
	if err != nil {
		return nil, 0, err
	}
	if size > maxMember {
		return nil, 0, fmt.Errorf("more than %d bytes", int64(maxMember))
	}
	return io.NewSectionReader(s.file, at, size), size, nil
}

// open makes the file, once.
func (s *store) open() error {
	if s.file != nil {
		return nil
	}
	f, err := os.CreateTemp("", "klplint-*")
	if err != nil {
		return err
	}
	os.Remove(f.Name())
	s.file = f
	return nil
}

func early(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
