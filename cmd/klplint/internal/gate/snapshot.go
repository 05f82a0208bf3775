package gate

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/klplint/klplint/lint"
)

// snapshot is a private copy of files: what is judged, hashed and attested are
// the same bytes, whatever happens to the files meanwhile.
type snapshot struct {
	memory int64    // bytes held in memory
	spill  *os.File // the rest, in a file without a name
	end    int64
}

const (
	maxMemory = 64 << 20
	maxFile   = 1 << 30 // elfread reads no larger file
)

// source copies the file of one source. A file that cannot be read is left to
// the reader, which says why.
func (s *snapshot) source(in lint.Source) (lint.Source, error) {
	if in.Content != nil {
		return in, nil // the caller's own copy
	}
	f, err := os.Open(in.Path)
	if err != nil {
		return in, nil // the reader reports it for this source
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxFile {
		return in, nil // as above
	}
	if s.memory+info.Size() <= maxMemory {
		b, err := io.ReadAll(io.LimitReader(f, info.Size()))
		if err != nil {
			return in, nil // as above
		}
		s.memory += int64(len(b))
		in.Content, in.Size = bytes.NewReader(b), int64(len(b))
		return in, nil
	}
	if s.spill == nil {
		if s.spill, err = os.CreateTemp("", "klplint-gate-"); err != nil {
			return in, fmt.Errorf("copy of %s: %w", in.Path, err)
		}
		if err := os.Remove(s.spill.Name()); err != nil {
			return in, fmt.Errorf("copy of %s: %w", in.Path, err)
		}
	}
	n, err := io.Copy(io.NewOffsetWriter(s.spill, s.end), io.LimitReader(f, info.Size()))
	if err != nil {
		return in, fmt.Errorf("copy of %s: %w", in.Path, err)
	}
	in.Content, in.Size = io.NewSectionReader(s.spill, s.end, n), n
	s.end += n
	return in, nil
}

func (s *snapshot) close() {
	if s.spill != nil {
		s.spill.Close()
	}
}
