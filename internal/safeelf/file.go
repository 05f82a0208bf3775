package safeelf

import (
	"debug/elf"
	"io"
)

// File is one 64-bit ELF file whose section table is known to be sane: at most
// MaxSections sections, every one that has bytes lies within the file, and
// no name is longer than MaxName.
type File struct {
	Type      elf.Type
	Machine   elf.Machine
	OSABI     elf.OSABI
	BigEndian bool
	Size      int64 // bytes of the file
	// End is where the ELF image ends: behind its last section and header. A
	// module signature follows there.
	End      int64
	Sections []*elf.Section // by index; [0] is the null section

	src *Source
}

// New reads the headers of the file of size bytes in r. At most DefaultBudget
// bytes of it are kept in memory.
func New(r io.ReaderAt, size int64) (*File, error) {
	return NewBudget(r, size, DefaultBudget)
}

// NewBudget is New with the caller's own bound, in bytes, for what is kept in
// memory: a vmlinux has larger symbol tables than a module.
func NewBudget(r io.ReaderAt, size, budget int64) (*File, error) {
	s := new(Source)
	s.Reset(r, size, budget)
	return NewFile(s)
}

// NewFile reads the headers of the file in s. The File is valid until s is
// reset.
func NewFile(s *Source) (*File, error) {
	h, err := s.precheck()
	if err != nil {
		return nil, err
	}
	ef, err := s.parse(&h)
	if err != nil {
		return nil, err
	}
	f := &File{
		Type: ef.Type, Machine: ef.Machine, OSABI: ef.OSABI, BigEndian: ef.Data == elf.ELFDATA2MSB,
		Size: s.size, End: h.end(), Sections: ef.Sections, src: s,
	}
	if err := f.checkSections(&h); err != nil {
		return nil, err
	}
	return f, nil
}

// Source returns where the file's bytes come from.
func (f *File) Source() *Source { return f.src }

// Index returns the index of the first section with the name, or 0.
func (f *File) Index(name string) int {
	for i, s := range f.Sections {
		if s.Name == name {
			return i
		}
	}
	return 0
}

// Uint16 reads a number in the file's byte order.
func (f *File) Uint16(b []byte) uint16 { return order(f.BigEndian).u16(b) }

// Uint32 reads a number in the file's byte order.
func (f *File) Uint32(b []byte) uint32 { return order(f.BigEndian).u32(b) }

// Uint64 reads a number in the file's byte order.
func (f *File) Uint64(b []byte) uint64 { return order(f.BigEndian).u64(b) }
