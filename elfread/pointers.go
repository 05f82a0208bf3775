package elfread

import (
	"bytes"
	"debug/elf"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/klp"
)

// pointer is one pointer field of a table: what its relocation leads to.
type pointer struct {
	null   bool
	at     place  // where the field stands
	to     place  // where it points; Section 0 for an undefined symbol
	sym    uint32 // the relocation's symbol
	undef  bool   // the symbol is undefined
	direct bool   // the symbol is a named one, not a section's
}

// bytesAt returns the n bytes at a place, and false when the section is
// shorter. Sections without bytes (SHT_NOBITS) read as zeros.
func (p *parser) bytesAt(at place, n uint64) ([]byte, bool) {
	if at.Section <= 0 || at.Section >= len(p.f.Sections) {
		return nil, false
	}
	if data := p.bytes[at.Section]; data != nil && at.Offset <= uint64(len(data)) && n <= uint64(len(data))-at.Offset {
		return data[at.Offset : at.Offset+n], true
	}
	s := p.f.Sections[at.Section]
	if at.Offset > s.FileSize || n > s.FileSize-at.Offset || s.Flags&elf.SHF_COMPRESSED != 0 {
		return nil, false
	}
	if s.Type == elf.SHT_NOBITS {
		return zeros[:min(n, uint64(len(zeros)))], n <= uint64(len(zeros))
	}
	data, err := p.f.Data(at.Section)
	if err != nil || uint64(len(data)) < at.Offset+n {
		return nil, false
	}
	p.bytes[at.Section] = data
	return data[at.Offset : at.Offset+n], true
}

// zeros are the bytes of SHT_NOBITS sections, for the author's part of any struct.
var zeros [128]byte

// pointerAt reads the pointer field at a place. Bytes of a pointer are zero in
// the file; its relocation says where it leads.
func (p *parser) pointerAt(at place) (pointer, error) {
	b, ok := p.bytesAt(at, 8)
	if !ok {
		return pointer{}, p.fail(at, "pointer extends past the end of the section")
	}
	rs, err := p.relocsIn(at.Section, at.Offset, at.Offset+8)
	if err != nil {
		return pointer{}, err
	}
	ptr := pointer{null: true, at: at}
	for _, r := range rs {
		if r.Type == none {
			continue
		}
		if r.Type != p.arch.pointer || r.Offset != at.Offset {
			return pointer{}, p.fail(place{Section: at.Section, Offset: r.Offset},
				"relocation of type %d where a pointer (type %d) is expected", r.Type, p.arch.pointer)
		}
		if !ptr.null {
			return pointer{}, p.fail(at, "two relocations for one pointer")
		}
		if ptr, err = p.target(at, r); err != nil {
			return pointer{}, err
		}
	}
	if ptr.null && p.f.Uint64(b) != 0 {
		return pointer{}, p.fail(at, "pointer 0x%x without a relocation", p.f.Uint64(b))
	}
	return ptr, nil
}

// target follows a relocation of a pointer at a place.
func (p *parser) target(at place, r ir.Reloc) (pointer, error) {
	if int64(r.Sym) >= int64(p.syms.tab.Len()) {
		return pointer{}, p.fail(at, "relocation refers to symbol %d, the table has %d", r.Sym, p.syms.tab.Len())
	}
	_, info, shndx := p.syms.tab.Head(int(r.Sym))
	ptr := pointer{at: at, sym: r.Sym, direct: elf.ST_TYPE(info) != elf.STT_SECTION}
	switch {
	case shndx == uint16(elf.SHN_UNDEF), shndx == klp.SHNLivepatch:
		// The null symbol, which is never looked up, has the value 0.
		ptr.undef, ptr.null = true, r.Sym == 0 && r.Addend == 0
		return ptr, nil
	case int(shndx) >= len(p.f.Sections):
		return pointer{}, p.fail(at, "relocation refers to %s, which is in no section (index 0x%x)", p.locateTarget(r), shndx)
	}
	value, _ := p.syms.tab.Extent(int(r.Sym))
	ptr.to = place{Section: int(shndx), Offset: value + uint64(r.Addend)}
	if size := p.f.Sections[ptr.to.Section].FileSize; ptr.to.Offset > size {
		return pointer{}, p.fail(at, "relocation points to %s, past the end of the section (0x%x bytes)", p.locateTarget(r), size)
	}
	return ptr, nil
}

// uint reads a number of 4 or 8 bytes, which no relocation may touch.
func (p *parser) uint(at place, n uint64) (uint64, error) {
	b, ok := p.bytesAt(at, n)
	if !ok {
		return 0, p.fail(at, "number extends past the end of the section")
	}
	rs, err := p.relocsIn(at.Section, at.Offset, at.Offset+n)
	if err != nil {
		return 0, err
	}
	for _, r := range rs {
		if r.Type != none {
			return 0, p.fail(at, "relocation of type %d where a number is expected", r.Type)
		}
	}
	if n == 4 {
		return uint64(p.f.Uint32(b)), nil
	}
	return p.f.Uint64(b), nil
}

// stringAt reads the NUL-terminated string that a pointer leads to.
func (p *parser) stringAt(ptr pointer) (string, error) {
	if ptr.undef {
		return "", p.fail(ptr.at, "name points to symbol %q of another module", p.symName(ptr.sym))
	}
	s := p.f.Sections[ptr.to.Section]
	if s.Flags&elf.SHF_COMPRESSED != 0 {
		return "", p.fail(ptr.to, "name in a compressed section")
	}
	if s.Type == elf.SHT_NOBITS {
		return "", nil // zeros
	}
	data, err := p.f.Data(ptr.to.Section)
	if err != nil {
		return "", err
	}
	if ptr.to.Offset >= uint64(len(data)) {
		return "", p.fail(ptr.to, "name starts at the end of the section")
	}
	b := data[ptr.to.Offset:min(ptr.to.Offset+safeelf.MaxName+1, uint64(len(data)))]
	n := bytes.IndexByte(b, 0)
	if n < 0 {
		return "", p.fail(ptr.to, "unterminated name, or longer than %d bytes", safeelf.MaxName)
	}
	return string(b[:n]), nil
}

// codeOf describes in c, which is zero, the function that a pointer leads to.
func (p *parser) codeOf(c *klp.Code, ptr pointer) {
	if ptr.null {
		c.Null = true
		return
	}
	if ptr.undef {
		c.Symbol, c.Import, c.Nameless = p.symName(ptr.sym), true, ptr.sym == 0
		return
	}
	s := p.f.Sections[ptr.to.Section]
	c.At, c.Exec, c.Init = p.at(ptr.to), s.Flags&elf.SHF_EXECINSTR != 0, initSection(s.Name)
	y, ok := symPlace{}, false
	if ptr.direct { // the relocation's own symbol is the better name among aliases
		d, _ := p.sym(ptr.sym)
		if d.Type() == elf.STT_FUNC && d.Value == ptr.to.Offset {
			y, ok = symPlace{uint16(ptr.to.Section), elf.STT_FUNC, ptr.sym, d.Value, d.Size}, true
		}
	}
	if !ok {
		y, ok = p.syms.startAt(ptr.to, elf.STT_FUNC)
	}
	if !ok && c.Exec { // assembler code is often left without a type
		y, ok = p.syms.startAt(ptr.to, elf.STT_NOTYPE)
	}
	if ok {
		c.Start, c.Symbols = true, true
	} else {
		y, ok = p.syms.covering(ptr.to, elf.STT_FUNC)
		c.Symbols = p.syms.hasFunc[ptr.to.Section]
	}
	if ok {
		c.Symbol, c.Size = p.symName(y.index), y.size
		c.At.Symbol = c.Symbol
	}
}
