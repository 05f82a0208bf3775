package safeelf

import (
	"bytes"
	"debug/elf"
)

// Sizes of the ELF64 structures, in bytes.
const (
	ehdrSize = 64
	shdrSize = 64
	phdrSize = 56
)

// headers are the places and counts that the ELF header gives of the other
// headers, and the byte order in which it does.
type headers struct {
	order
	phoff, phnum           uint64
	shoff, shnum, shstrndx uint64
	fixes                  []fix
}

// precheck reads of the ELF header what could make debug/elf take much memory
// or time, and refuses that: the sizes of the two tables of headers, and of the
// section names, of each of which debug/elf makes a string. What else is wrong
// with the headers is for debug/elf to say.
func (s *Source) precheck() (headers, error) {
	var h headers
	if s.size > MaxFile {
		return h, at(0, "%w: %d bytes, the limit is %d", ErrTooLarge, s.size, int64(MaxFile))
	}
	ident, err := s.Slice(0, min(s.size, elf.EI_NIDENT))
	if err != nil {
		return h, err
	}
	if len(ident) < 4 || string(ident[:4]) != elf.ELFMAG {
		return h, at(0, "%w", ErrNotELF)
	}
	if len(ident) < elf.EI_NIDENT {
		return h, at(s.size, "%w: the ELF identification ends early", ErrTruncated)
	}
	own := [elf.EI_NIDENT]byte(ident)
	ident = own[:]
	whole, err := s.Slice(0, min(s.size, ehdrSize))
	if err != nil {
		return h, err
	}
	h.unread(ident, whole)
	if elf.Class(ident[elf.EI_CLASS]) != elf.ELFCLASS64 {
		return h, at(elf.EI_CLASS, "%w", Err32Bit)
	}
	if s.size < ehdrSize {
		return h, at(s.size, "%w: the ELF header ends early", ErrTruncated)
	}
	data := elf.Data(ident[elf.EI_DATA])
	if data != elf.ELFDATA2LSB && data != elf.ELFDATA2MSB {
		return h, nil // refused by debug/elf before it reads on
	}
	b := bytes.Clone(whole)
	for _, x := range h.fixes {
		b[x.at] = x.byte
	}
	o := order(data == elf.ELFDATA2MSB)
	h = headers{o, o.u64(b[32:]), uint64(o.u16(b[56:])), o.u64(b[40:]), uint64(o.u16(b[60:])), uint64(o.u16(b[62:])), h.fixes}
	if h.phnum > 0 {
		if n := o.u16(b[54:]); n != phdrSize {
			return h, at(54, "e_phentsize is %d, not %d", n, phdrSize)
		}
		if h.phnum > maxSegments {
			return h, at(56, "%w: %d program headers, the limit is %d", ErrTooLarge, h.phnum, maxSegments)
		}
		if !fits(h.phoff, h.phnum*phdrSize, s.size) {
			return h, at(32, "%w: %d program headers at 0x%x", ErrTruncated, h.phnum, h.phoff)
		}
	}
	if h.shoff == 0 {
		return h, nil
	}
	if n := o.u16(b[58:]); n != shdrSize {
		return h, at(58, "e_shentsize is %d, not %d", n, shdrSize)
	}
	if err := s.precheckSections(&h); err != nil {
		return h, err
	}
	return h, s.notCompressed(&h)
}

// precheckSections completes h with the counts that the first section header
// holds where there are too many sections for the ELF header.
func (s *Source) precheckSections(h *headers) error {
	if !fits(h.shoff, shdrSize, s.size) {
		return at(40, "%w: section headers at 0x%x, the file has %d bytes", ErrTruncated, h.shoff, s.size)
	}
	if h.shnum == 0 {
		first, err := s.Slice(int64(h.shoff), shdrSize)
		if err != nil {
			return err
		}
		h.shnum = h.u64(first[32:])
		if h.shstrndx == uint64(elf.SHN_XINDEX) {
			h.shstrndx = uint64(h.u32(first[40:]))
		}
	}
	if h.shnum > MaxSections {
		return at(int64(h.shoff), "%w: %d sections, the limit is %d", ErrTooLarge, h.shnum, MaxSections)
	}
	if !fits(h.shoff, h.shnum*shdrSize, s.size) {
		return at(40, "%w: %d section headers at 0x%x, the file has %d bytes", ErrTruncated, h.shnum, h.shoff, s.size)
	}
	if h.shnum == 0 || h.shstrndx == 0 {
		return nil
	}
	if h.shstrndx >= h.shnum {
		return at(62, "e_shstrndx is %d, the file has %d sections", h.shstrndx, h.shnum)
	}
	return s.precheckNames(h)
}

// precheckNames refuses a table of section names that is large, or of which the
// sections' names could come to more than maxNames bytes together.
func (s *Source) precheckNames(h *headers) error {
	place := h.place(int(h.shstrndx))
	b, err := s.Slice(place, shdrSize)
	if err != nil {
		return err
	}
	off, size := h.u64(b[24:]), h.u64(b[32:])
	switch {
	case size > maxNames:
		return at(place, "%w: section name table of %d bytes", ErrTooLarge, size)
	case !fits(off, size, s.size):
		return at(place, "%w: section name table of %d bytes at 0x%x, the file has %d bytes", ErrTruncated, size, off, s.size)
	case size*h.shnum <= maxNames:
		return nil
	}
	names, err := s.Slice(int64(off), int64(size))
	if err != nil {
		return err
	}
	longest := 0
	for len(names) > 0 {
		n := bytes.IndexByte(names, 0)
		if n < 0 {
			n = len(names) - 1
		}
		longest = max(longest, n)
		names = names[n+1:]
	}
	if uint64(longest)*h.shnum > maxNames {
		return at(place, "%w: %d section names of up to %d bytes, the limit is %d together", ErrTooLarge, h.shnum, longest, maxNames)
	}
	return nil
}

// place returns where in the file section header i is.
func (h *headers) place(i int) int64 { return int64(h.shoff) + int64(i)*shdrSize }

// end returns where the tables of headers end, in bytes from the start of the file.
func (h *headers) end() int64 {
	end := int64(ehdrSize)
	if h.phnum > 0 {
		end = max(end, int64(h.phoff+h.phnum*phdrSize))
	}
	return max(end, h.place(int(h.shnum)))
}

// parse has debug/elf read the headers. What it says of a damaged file has an
// offset of its own, but not in a form that could be asked for: the error is
// that of the section header table.
func (s *Source) parse(h *headers) (f *elf.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, err = nil, at(int64(h.shoff), "headers: %v", r)
		}
	}()
	if f, err = elf.NewFile(s.reader(h)); err != nil {
		return nil, at(int64(h.shoff), "headers: %w", err)
	}
	return f, nil
}

// checkSections checks what debug/elf takes as it is: that sections lie in the
// file, and that their names are of a sane length. It moves f.End behind them.
func (f *File) checkSections(h *headers) error {
	for i, s := range f.Sections {
		if len(s.Name) > MaxName {
			return at(h.place(i), "section %d: name of more than %d bytes", i, MaxName)
		}
		if s.Type == elf.SHT_NULL || s.Type == elf.SHT_NOBITS {
			continue
		}
		if !fits(s.Offset, s.FileSize, f.Size) {
			return &Error{Section: s.Name, Offset: h.place(i), Err: errBeyond(s.Offset, s.FileSize, f.Size)}
		}
		f.End = max(f.End, int64(s.Offset+s.FileSize))
	}
	return nil
}

// fits reports whether size bytes at off lie within a file of length bytes.
func fits(off, size uint64, length int64) bool {
	return off <= uint64(length) && size <= uint64(length)-off
}
