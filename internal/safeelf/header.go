package safeelf

import (
	"debug/elf"
	"fmt"
	"strings"
)

// Sizes of the ELF64 structures, in bytes.
const (
	ehdrSize = 64
	shdrSize = 64
	phdrSize = 56
)

// readHeader reads the ELF header and, where there is one, the section header
// table.
func (f *File) readHeader() error {
	s := f.src
	if s.size > MaxFile {
		return at(0, "%w: %d bytes, the limit is %d", ErrTooLarge, s.size, int64(MaxFile))
	}
	ident, err := s.Slice(0, min(s.size, elf.EI_NIDENT))
	if err != nil {
		return err
	}
	if len(ident) < 4 || string(ident[:4]) != elf.ELFMAG {
		return at(0, "%w", ErrNotELF)
	}
	if len(ident) < elf.EI_NIDENT {
		return at(s.size, "%w: the ELF identification ends early", ErrTruncated)
	}
	if elf.Class(ident[elf.EI_CLASS]) != elf.ELFCLASS64 {
		return at(elf.EI_CLASS, "%w", Err32Bit)
	}
	data := elf.Data(ident[elf.EI_DATA])
	if data != elf.ELFDATA2LSB && data != elf.ELFDATA2MSB {
		return at(elf.EI_DATA, "unknown byte order %v", data)
	}
	f.BigEndian = data == elf.ELFDATA2MSB
	o := order(f.BigEndian)
	h, err := s.Slice(0, ehdrSize)
	if err != nil {
		return at(s.size, "%w: the ELF header ends early", ErrTruncated)
	}
	if v := elf.Version(o.u32(h[20:])); v != elf.EV_CURRENT || elf.Version(ident[elf.EI_VERSION]) != v {
		return at(20, "ELF version %d, want %d", uint32(v), uint32(elf.EV_CURRENT))
	}
	f.Type, f.Machine, f.OSABI = elf.Type(o.u16(h[16:])), elf.Machine(o.u16(h[18:])), elf.OSABI(ident[elf.EI_OSABI])
	f.End = ehdrSize
	phoff, phnum := o.u64(h[32:]), int64(o.u16(h[56:]))
	if phnum > 0 {
		if n := o.u16(h[54:]); n != phdrSize {
			return at(54, "program headers of %d bytes, not %d", n, phdrSize)
		}
		if !fits(phoff, uint64(phnum)*phdrSize, s.size) {
			return at(32, "%w: %d program headers at 0x%x", ErrTruncated, phnum, phoff)
		}
		f.End = max(f.End, int64(phoff)+phnum*phdrSize)
	}
	shoff := o.u64(h[40:])
	if shoff == 0 {
		return nil
	}
	if n := o.u16(h[58:]); n != shdrSize {
		return at(58, "section headers of %d bytes, not %d", n, shdrSize)
	}
	return f.readSections(shoff, uint64(o.u16(h[60:])), uint64(o.u16(h[62:])))
}

// readSections reads the section header table, which starts at offset shoff of
// the file; shnum and shstrndx are what the ELF header says of it.
func (f *File) readSections(shoff, shnum, shstrndx uint64) error {
	s, o := f.src, order(f.BigEndian)
	if !fits(shoff, shdrSize, s.size) {
		return at(40, "%w: section headers at 0x%x, the file has %d bytes", ErrTruncated, shoff, s.size)
	}
	if shnum == 0 { // extended numbering: the first header holds the numbers
		first, err := s.Slice(int64(shoff), shdrSize)
		if err != nil {
			return err
		}
		shnum = o.u64(first[32:])
		if shstrndx == uint64(elf.SHN_XINDEX) {
			shstrndx = uint64(o.u32(first[40:]))
		}
	}
	if shnum > MaxSections {
		return at(int64(shoff), "%w: %d sections, the limit is %d", ErrTooLarge, shnum, MaxSections)
	}
	if !fits(shoff, shnum*shdrSize, s.size) {
		return at(40, "%w: %d section headers at 0x%x, the file has %d bytes", ErrTruncated, shnum, shoff, s.size)
	}
	f.End = max(f.End, int64(shoff+shnum*shdrSize))
	if shnum == 0 {
		return nil
	}
	if shstrndx >= shnum {
		return at(62, "e_shstrndx is %d, the file has %d sections", shstrndx, shnum)
	}
	table, err := s.Slice(int64(shoff), int64(shnum*shdrSize))
	if err != nil {
		return err
	}
	names := ""
	if shstrndx != 0 {
		h := o.sectionHeader(table[shstrndx*shdrSize:])
		if names, err = f.sectionNames(&h, int64(shoff+shstrndx*shdrSize)); err != nil {
			return err
		}
	}
	f.Sections = s.headersFor(int(shnum))
	total := 0
	for i, h := range f.Sections {
		raw, place := table[i*shdrSize:(i+1)*shdrSize], int64(shoff)+int64(i)*shdrSize
		*h = o.sectionHeader(raw)
		if shstrndx != 0 {
			if h.Name, err = nameAt(names, o.u32(raw)); err != nil {
				return at(place, "section %d: %w", i, err)
			}
			if total += len(h.Name); total > maxNames {
				return at(place, "%w: section names of more than %d bytes", ErrTooLarge, maxNames)
			}
		}
		switch {
		case h.Type == elf.SHT_NULL || h.Type == elf.SHT_NOBITS:
			if int64(h.Offset) < 0 || int64(h.FileSize) < 0 {
				return at(place, "section %d: %d bytes at 0x%x", i, h.FileSize, h.Offset)
			}
		case !fits(h.Offset, h.FileSize, s.size):
			return &Error{Section: h.Name, Offset: place, Err: errBeyond(h.Offset, h.FileSize, s.size)}
		default:
			f.End = max(f.End, int64(h.Offset+h.FileSize))
		}
	}
	return nil
}

// sectionNames returns the section name table whose header is h, at a place of
// the file. It is copied as one string, of which the names are parts.
func (f *File) sectionNames(h *elf.SectionHeader, place int64) (string, error) {
	switch {
	case h.Type != elf.SHT_STRTAB:
		return "", at(place, "section name table has type %v", h.Type)
	case h.Flags&elf.SHF_COMPRESSED != 0:
		return "", at(place, "section name table is compressed")
	case h.FileSize > maxNames:
		return "", at(place, "%w: section name table of %d bytes", ErrTooLarge, h.FileSize)
	case !fits(h.Offset, h.FileSize, f.src.size):
		return "", at(place, "%w: section name table of %d bytes at 0x%x, the file has %d bytes", ErrTruncated, h.FileSize, h.Offset, f.src.size)
	}
	b, err := f.src.Slice(int64(h.Offset), int64(h.FileSize))
	return string(b), err
}

// nameAt returns the name at an offset of the section name table.
func nameAt(names string, off uint32) (string, error) {
	if uint64(off) >= uint64(len(names)) {
		return "", fmt.Errorf("name at 0x%x of %d bytes of names", off, len(names))
	}
	rest := names[off:]
	n := strings.IndexByte(rest[:min(MaxName+1, len(rest))], 0)
	if n < 0 {
		return "", fmt.Errorf("unterminated name, or longer than %d bytes", MaxName)
	}
	return rest[:n], nil
}

// sectionHeader decodes an Elf64_Shdr, but for its name. Size is FileSize: what
// a compressed section unpacks to is not looked at.
func (o order) sectionHeader(b []byte) elf.SectionHeader {
	_ = b[:shdrSize]
	size := o.u64(b[32:])
	return elf.SectionHeader{
		Type: elf.SectionType(o.u32(b[4:])), Flags: elf.SectionFlag(o.u64(b[8:])),
		Addr: o.u64(b[16:]), Offset: o.u64(b[24:]), Size: size, FileSize: size,
		Link: o.u32(b[40:]), Info: o.u32(b[44:]), Addralign: o.u64(b[48:]), Entsize: o.u64(b[56:]),
	}
}

// fits reports whether size bytes at off lie within a file of length bytes.
func fits(off, size uint64, length int64) bool {
	return off <= uint64(length) && size <= uint64(length)-off
}
