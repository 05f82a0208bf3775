package safeelf

import (
	"bytes"
	"debug/elf"
	"fmt"
	"iter"
)

// SymSize is the size of Elf64_Sym, in bytes.
const SymSize = 24

// Sym is one symbol-table entry.
type Sym struct {
	NameOff uint32 // bytes into the string table
	Info    uint8
	Other   uint8
	Shndx   uint16 // section index as it stands in the file; SHN_LIVEPATCH is 0xff20
	Value   uint64
	Size    uint64
}

// Type returns the symbol's type.
func (y Sym) Type() elf.SymType { return elf.SymType(y.Info & 0xf) }

// Bind returns the symbol's binding.
func (y Sym) Bind() elf.SymBind { return elf.SymBind(y.Info >> 4) }

// Symbols is a symbol table, read in place.
type Symbols struct {
	Section int // index of the symbol table's section
	Strings int // index of its string table's section
	data    []byte
	names   []byte
	o       order
}

// Symbols returns the first SHT_SYMTAB of the file, or ErrNoSymbols. It is
// valid until the Source is reset.
func (f *File) Symbols() (Symbols, error) {
	for i, s := range f.Sections {
		if s.Type == elf.SHT_SYMTAB {
			return f.symbols(i)
		}
	}
	return Symbols{}, ErrNoSymbols
}

func (f *File) symbols(i int) (Symbols, error) {
	s := f.Sections[i]
	if s.FileSize%SymSize != 0 {
		return Symbols{}, f.wrap(i, 0, fmt.Errorf("symbol table of %d bytes", s.FileSize))
	}
	link := int(s.Link)
	if link <= 0 || link >= len(f.Sections) || f.Sections[link].Type != elf.SHT_STRTAB {
		return Symbols{}, f.wrap(i, 0, fmt.Errorf("symbol table's sh_link %d is not a string table", s.Link))
	}
	data, err := f.Data(i)
	if err != nil {
		return Symbols{}, err
	}
	names, err := f.Data(link)
	if err != nil {
		return Symbols{}, err
	}
	return Symbols{Section: i, Strings: link, data: data, names: names, o: order(f.BigEndian)}, nil
}

// Len returns the number of symbols, the null symbol included.
func (t *Symbols) Len() int { return len(t.data) / SymSize }

// At returns symbol i, which must be in [0, Len).
func (t *Symbols) At(i int) Sym {
	b := t.data[i*SymSize : i*SymSize+SymSize]
	return Sym{
		NameOff: t.o.u32(b), Info: b[4], Other: b[5], Shndx: t.o.u16(b[6:]),
		Value: t.o.u64(b[8:]), Size: t.o.u64(b[16:]),
	}
}

// Head returns what tells symbol i's kind, without the rest: over a whole table
// that is several times faster than At.
func (t *Symbols) Head(i int) (nameOff uint32, info uint8, shndx uint16) {
	b := t.data[i*SymSize : i*SymSize+8]
	return t.o.u32(b), b[4], t.o.u16(b[6:])
}

// Extent returns the value and the size of symbol i.
func (t *Symbols) Extent(i int) (value, size uint64) {
	b := t.data[i*SymSize+8 : i*SymSize+SymSize]
	return t.o.u64(b), t.o.u64(b[8:])
}

// All goes through the symbols in the order of the table.
func (t *Symbols) All() iter.Seq2[int, Sym] {
	return func(yield func(int, Sym) bool) {
		for i := range t.Len() {
			if !yield(i, t.At(i)) {
				return
			}
		}
	}
}

// Name returns the bytes of the symbol's name within the string table, without
// a copy; nil when it starts outside the table, has no end, or is longer than
// MaxName.
func (t *Symbols) Name(y Sym) []byte { return cstring(t.names, uint64(y.NameOff)) }

// Names returns the whole string table as one string: the names that Name
// returns lie at the same offsets of it.
func (t *Symbols) Names() string { return string(t.names) }

// NamesSize returns the size of the string table in bytes.
func (t *Symbols) NamesSize() int { return len(t.names) }

// StringsDefect says what is wrong with the string table as such; "" where nothing is
// (kernel/module/main.c: elf_validity_cache_strtab).
func (t *Symbols) StringsDefect() string {
	switch n := len(t.names); {
	case n == 0:
		return "it is empty"
	case t.names[0] != 0:
		return "it does not begin with a NUL"
	case t.names[n-1] != 0:
		return "it does not end with a NUL"
	}
	return ""
}

// cstring returns the NUL-terminated bytes at off, without the NUL, or nil.
func cstring(b []byte, off uint64) []byte {
	if off >= uint64(len(b)) {
		return nil
	}
	b = b[off:min(off+MaxName+1, uint64(len(b)))]
	n := bytes.IndexByte(b, 0)
	if n < 0 {
		return nil
	}
	return b[:n:n]
}

// HasPrefix reports whether the symbol's name starts with prefix, without
// looking for its end.
func (t *Symbols) HasPrefix(y Sym, prefix string) bool { return t.PrefixAt(y.NameOff, prefix) }

// PrefixAt is HasPrefix for the name at an offset of the string table.
func (t *Symbols) PrefixAt(nameOff uint32, prefix string) bool {
	off := uint64(nameOff)
	if off >= uint64(len(t.names)) || prefix != "" && t.names[off] != prefix[0] {
		return false // most names differ in the first byte
	}
	return off+uint64(len(prefix)) <= uint64(len(t.names)) && string(t.names[off:off+uint64(len(prefix))]) == prefix
}
