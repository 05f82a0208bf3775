package safeelf

import (
	"debug/elf"
	"io"
	"slices"
)

// fix is a byte that debug/elf is to read in place of the file's.
type fix struct {
	at   int64
	byte byte
}

// fixed is a file with a few bytes replaced.
type fixed struct {
	*Source
	fixes []fix
}

// ReadAt reads like io.ReaderAt.
func (f *fixed) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.Source.ReadAt(p, off)
	for _, x := range f.fixes {
		if x.at >= off && x.at < off+int64(n) {
			p[x.at-off] = x.byte
		}
	}
	return n, err
}

// reader returns what debug/elf is to read the headers from.
func (s *Source) reader(h *headers) io.ReaderAt {
	if len(h.fixes) == 0 {
		return s
	}
	return &fixed{s, h.fixes}
}

// Places in the ELF header, in bytes.
const (
	atType      = 16
	atVersion   = 20
	atPhoff     = 32
	atPhentsize = 54
	atPhnum     = 56
	atShentsize = 58
)

// unread adds the fixes of what the ELF header of an object file says and no
// kernel looks at: load_module() goes by the magic, e_type, e_machine and
// e_shentsize (kernel/module/main.c: elf_validity_ehdr). It changes ident too.
func (h *headers) unread(ident, b []byte) {
	if len(b) < ehdrSize {
		return
	}
	little := b[atType] == byte(elf.ET_REL) && b[atType+1] == 0 && b[atShentsize] == shdrSize && b[atShentsize+1] == 0
	big := b[atType] == 0 && b[atType+1] == byte(elf.ET_REL) && b[atShentsize] == 0 && b[atShentsize+1] == shdrSize
	if !little && !big {
		return
	}
	data, version := byte(elf.ELFDATA2LSB), []byte{1, 0, 0, 0}
	if big {
		data = byte(elf.ELFDATA2MSB)
		slices.Reverse(version)
	}
	set := func(at int64, value byte) {
		if b[at] != value {
			h.fixes = append(h.fixes, fix{at, value})
		}
	}
	set(elf.EI_CLASS, byte(elf.ELFCLASS64))
	set(elf.EI_DATA, data)
	set(elf.EI_VERSION, byte(elf.EV_CURRENT))
	for i, v := range version {
		set(int64(atVersion+i), v)
	}
	for i := range int64(8) {
		set(atPhoff+i, 0)
	}
	for i := range int64(2) {
		set(atPhentsize+i, 0)
		set(atPhnum+i, 0)
	}
	for _, x := range h.fixes {
		if x.at < int64(len(ident)) {
			ident[x.at] = x.byte
		}
	}
}

// notCompressed adds fixes that take SHF_COMPRESSED off what the loader copies or
// reads as it is: sections with SHF_ALLOC, which may not have both, and all that hold
// no program's own data, such as symbols, names and relocations.
func (s *Source) notCompressed(h *headers) error {
	if h.shnum == 0 {
		return nil
	}
	table, err := s.Slice(int64(h.shoff), int64(h.shnum)*shdrSize)
	if err != nil {
		return err
	}
	for i := range int(h.shnum) {
		flags := elf.SectionFlag(h.u64(table[i*shdrSize+8:]))
		if flags&elf.SHF_COMPRESSED == 0 || flags&elf.SHF_ALLOC == 0 && elf.SectionType(h.u32(table[i*shdrSize+4:])) == elf.SHT_PROGBITS {
			continue
		}
		at := 1 // the byte of 0x800 in sh_flags
		if h.order {
			at = 6
		}
		b := table[i*shdrSize+8+at]
		h.fixes = append(h.fixes, fix{h.place(i) + 8 + int64(at), b &^ 8})
	}
	return nil
}
