package safeelf

import (
	"debug/elf"
	"fmt"
)

// Data returns the stored bytes of section i: none for SHT_NOBITS and
// SHT_NULL, the packed ones for a compressed section. The slice may not be
// changed and is valid until the Source is reset.
func (f *File) Data(i int) ([]byte, error) {
	s, err := f.section(i)
	if err != nil {
		return nil, err
	}
	if s.Type == elf.SHT_NOBITS || s.Type == elf.SHT_NULL {
		return nil, nil
	}
	b, err := f.src.Slice(int64(s.Offset), int64(s.FileSize))
	if err != nil {
		return nil, f.wrap(i, 0, err)
	}
	return b, nil
}

// Unpacked returns the bytes of section i, decompressed where SHF_COMPRESSED
// asks for it. More than limit bytes are an error.
func (f *File) Unpacked(i int, limit uint64) (b []byte, err error) {
	s, err := f.section(i)
	if err != nil {
		return nil, err
	}
	if s.FileSize > limit {
		return nil, f.tooLarge(i, s.FileSize, limit)
	}
	if s.Flags&elf.SHF_COMPRESSED == 0 {
		return f.Data(i)
	}
	defer func() {
		if r := recover(); r != nil {
			b, err = nil, f.wrap(i, 0, fmt.Errorf("decompress: %v", r))
		}
	}()
	if s.Size > limit {
		return nil, f.tooLarge(i, s.Size, limit)
	}
	if b, err = s.Data(); err != nil {
		return nil, f.wrap(i, 0, fmt.Errorf("decompress: %w", err))
	}
	return b, nil
}

func (f *File) tooLarge(i int, size, limit uint64) error {
	return f.wrap(i, 0, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, size, limit))
}

func (f *File) section(i int) (*elf.Section, error) {
	if i < 0 || i >= len(f.Sections) {
		return nil, fmt.Errorf("section index %d, the file has %d sections", i, len(f.Sections))
	}
	return f.Sections[i], nil
}

// wrap says in which section, and at which byte of it, err was met.
func (f *File) wrap(i int, off uint64, err error) error {
	s := f.Sections[i]
	return &Error{Section: s.Name, Offset: int64(s.Offset + off), Err: err}
}
