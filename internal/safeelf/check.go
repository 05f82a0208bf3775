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

// check looks at the header and the section table before elf.NewFile does, and
// returns where the ELF image ends. After it elf.NewFile can neither be made to
// read a table that is not in the file nor to copy one name many times over.
func check(s *Source) (end int64, err error) {
	if s.size > MaxFile {
		return 0, at(0, "%w: %d bytes, the limit is %d", ErrTooLarge, s.size, int64(MaxFile))
	}
	ident, err := s.Slice(0, min(s.size, elf.EI_NIDENT))
	if err != nil {
		return 0, err
	}
	if len(ident) < 4 || string(ident[:4]) != elf.ELFMAG {
		return 0, at(0, "%w", ErrNotELF)
	}
	if len(ident) < elf.EI_NIDENT {
		return 0, at(s.size, "%w: the ELF identification ends early", ErrTruncated)
	}
	if elf.Class(ident[elf.EI_CLASS]) != elf.ELFCLASS64 {
		return 0, at(elf.EI_CLASS, "%w", Err32Bit)
	}
	o := order(elf.Data(ident[elf.EI_DATA]) == elf.ELFDATA2MSB)
	h, err := s.Slice(0, ehdrSize)
	if err != nil {
		return 0, at(s.size, "%w: the ELF header ends early", ErrTruncated)
	}
	end = ehdrSize
	s.names.raw = s.names.raw[:0]
	phoff, phnum := o.u64(h[32:]), int64(o.u16(h[56:]))
	if phnum > 0 {
		if n := o.u16(h[54:]); n != phdrSize {
			return 0, at(54, "program headers of %d bytes, not %d", n, phdrSize)
		}
		if !fits(phoff, uint64(phnum)*phdrSize, s.size) {
			return 0, at(32, "%w: %d program headers at 0x%x", ErrTruncated, phnum, phoff)
		}
		end = max(end, int64(phoff)+phnum*phdrSize)
	}
	shoff, shnum, shstrndx := o.u64(h[40:]), uint64(o.u16(h[60:])), uint64(o.u16(h[62:]))
	if shoff == 0 {
		return end, nil
	}
	if n := o.u16(h[58:]); n != shdrSize {
		return 0, at(58, "section headers of %d bytes, not %d", n, shdrSize)
	}
	if !fits(shoff, shdrSize, s.size) {
		return 0, at(40, "%w: section headers at 0x%x, the file has %d bytes", ErrTruncated, shoff, s.size)
	}
	if shnum == 0 { // extended numbering: the first header holds the numbers
		first, err := s.Slice(int64(shoff), shdrSize)
		if err != nil {
			return 0, err
		}
		shnum = o.u64(first[32:])
		if shstrndx == uint64(elf.SHN_XINDEX) {
			shstrndx = uint64(o.u32(first[40:]))
		}
	}
	if shnum > MaxSections {
		return 0, at(int64(shoff), "%w: %d sections, the limit is %d", ErrTooLarge, shnum, MaxSections)
	}
	if !fits(shoff, shnum*shdrSize, s.size) {
		return 0, at(40, "%w: %d section headers at 0x%x, the file has %d bytes", ErrTruncated, shnum, shoff, s.size)
	}
	end = max(end, int64(shoff+shnum*shdrSize))
	if shnum == 0 {
		return end, nil
	}
	if shstrndx >= shnum {
		return 0, at(62, "section name table has index %d of %d", shstrndx, shnum)
	}
	table, err := s.Slice(int64(shoff), int64(shnum*shdrSize))
	if err != nil {
		return 0, err
	}
	var names []byte
	if shstrndx != 0 {
		if names, err = nameTable(s, o, table[shstrndx*shdrSize:], int64(shoff+shstrndx*shdrSize)); err != nil {
			return 0, err
		}
	}
	last, err := checkSections(s, o, table, names, int64(shoff))
	return max(end, last), err
}

// nameTable returns the bytes of the section name table whose header is h, at
// offset off of the file.
func nameTable(s *Source, o order, h []byte, off int64) ([]byte, error) {
	if t := elf.SectionType(o.u32(h[4:])); t != elf.SHT_STRTAB {
		return nil, at(off, "section name table has type %v", t)
	}
	if elf.SectionFlag(o.u64(h[8:]))&elf.SHF_COMPRESSED != 0 {
		return nil, at(off, "section name table is compressed")
	}
	start, size := o.u64(h[24:]), o.u64(h[32:])
	if size > maxNames {
		return nil, at(off, "%w: section name table of %d bytes", ErrTooLarge, size)
	}
	if !fits(start, size, s.size) {
		return nil, at(off, "%w: section name table of %d bytes at 0x%x, the file has %d bytes", ErrTruncated, size, start, s.size)
	}
	return s.Slice(int64(start), int64(size))
}

// checkSections checks the place and the name of every section; table starts
// at offset shoff of the file. It returns where the last section ends.
func checkSections(s *Source, o order, table, names []byte, shoff int64) (end int64, err error) {
	total := 0
	for i := 0; i+shdrSize <= len(table); i += shdrSize {
		h := table[i : i+shdrSize]
		var name []byte
		if names != nil {
			n := uint64(o.u32(h))
			if n >= uint64(len(names)) {
				return 0, at(shoff+int64(i), "section %d: name at 0x%x of %d bytes of names", i/shdrSize, n, len(names))
			}
			length := bytes.IndexByte(names[n:min(n+MaxName+1, uint64(len(names)))], 0)
			if length < 0 {
				return 0, at(shoff+int64(i), "section %d: name without an end, or longer than %d bytes", i/shdrSize, MaxName)
			}
			name = names[n : n+uint64(length)]
			if total += length; total > maxNames {
				return 0, at(shoff+int64(i), "%w: section names of more than %d bytes", ErrTooLarge, maxNames)
			}
		}
		s.names.raw = append(s.names.raw, name)
		typ, off, size := elf.SectionType(o.u32(h[4:])), o.u64(h[24:]), o.u64(h[32:])
		if typ == elf.SHT_NULL || typ == elf.SHT_NOBITS {
			continue
		}
		if !fits(off, size, s.size) {
			return 0, &Error{Section: string(name), Offset: shoff + int64(i), Err: errBeyond(off, size, s.size)}
		}
		end = max(end, int64(off+size))
	}
	return end, nil
}

// fits reports whether size bytes at off lie within a file of length bytes.
func fits(off, size uint64, length int64) bool {
	return off <= uint64(length) && size <= uint64(length)-off
}
