package safeelf

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"strings"
)

// Bounds of the debug information. Package debug/dwarf reads the abbreviations
// of every unit beforehand, into ten times their bytes; copies a string each
// time an entry names it; and takes any number of attributes. A compiler stays
// far below these.
const (
	maxUnits      = 4096
	maxAbbrevs    = 512 << 10 // bytes of all units' abbreviations together
	maxAttributes = 64        // of one entry
	maxString     = 8 << 10   // bytes of one string
)

// debugSections are the sections that types, their names and sizes need, in the
// order in which they are read; those behind them only package debug/dwarf asks for.
var debugSections = [...]struct {
	name      string
	relocated bool // it holds references that relocations fill in
	addresses bool // it tells nothing of types
}{
	{".debug_info", true, false},
	{".debug_abbrev", false, false},
	{".debug_str", false, false},
	{".debug_line_str", false, false},
	{".debug_str_offsets", true, false},
	{".debug_addr", true, true},
	{".debug_rnglists", true, true},
}

// DebugSections returns the sections of the debug information that tell types, by
// name, with relocations applied. Debug sections of more than limit bytes together,
// stored or unpacked, are an error.
func (f *File) DebugSections(limit uint64) (map[string][]byte, error) {
	return f.debugSections(limit, false)
}

func (f *File) debugSections(limit uint64, addresses bool) (map[string][]byte, error) {
	if err := f.checkDebugSize(limit); err != nil {
		return nil, fmt.Errorf("debug info: %w", err)
	}
	data := make(map[string][]byte, len(debugSections))
	for _, s := range debugSections {
		i := f.Index(s.name)
		if i == 0 || s.addresses && !addresses {
			continue
		}
		b, err := f.Unpacked(i, limit)
		if err != nil {
			return nil, fmt.Errorf("debug info: %w", err)
		}
		limit -= uint64(len(b))
		if s.relocated {
			if b, err = f.relocated(i, b); err != nil {
				return nil, fmt.Errorf("debug info: %w", err)
			}
		}
		data[s.name] = b
	}
	return data, nil
}

// DWARF returns the debug information about types, with relocations applied.
// Debug sections of more than limit bytes together, stored or unpacked, are an
// error. The reader's
// SkipChildren may not be used: it calls itself once for every level of nesting.
func (f *File) DWARF(limit uint64) (d *dwarf.Data, err error) {
	defer func() {
		if r := recover(); r != nil {
			d, err = nil, fmt.Errorf("debug info: %v", r)
		}
	}()
	data, err := f.debugSections(limit, true)
	if err != nil {
		return nil, err
	}
	if err := f.checkDWARF(data); err != nil {
		return nil, fmt.Errorf("debug info: %w", err)
	}
	d, err = dwarf.New(data[".debug_abbrev"], nil, nil, data[".debug_info"], nil, nil, nil, data[".debug_str"])
	if err != nil {
		return nil, fmt.Errorf("debug info: %w", err)
	}
	for _, name := range []string{".debug_line_str", ".debug_str_offsets", ".debug_addr", ".debug_rnglists"} {
		if err := d.AddSection(name, data[name]); err != nil {
			return nil, fmt.Errorf("debug info: %w", err)
		}
	}
	return d, nil
}

// aboutDebug reports whether a section is about debugging, or relocates one that is.
func aboutDebug(s *elf.Section) bool {
	return strings.HasPrefix(s.Name, ".debug_") || strings.HasPrefix(s.Name, ".rela.debug_")
}

// checkDebugSize adds up the sections about debugging, their relocations and
// the symbols.
func (f *File) checkDebugSize(limit uint64) error {
	var total uint64
	for _, s := range f.Sections {
		if aboutDebug(s) || s.Type == elf.SHT_SYMTAB {
			if s.FileSize > limit-total {
				return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
			}
			total += s.FileSize
		}
	}
	return nil
}

// absolute are the relocation types of a 32-bit and a 64-bit absolute address,
// which are all that a reference within debug information is made of.
var absolute = map[elf.Machine][2]uint32{
	elf.EM_X86_64:    {uint32(elf.R_X86_64_32), uint32(elf.R_X86_64_64)},
	elf.EM_AARCH64:   {uint32(elf.R_AARCH64_ABS32), uint32(elf.R_AARCH64_ABS64)},
	elf.EM_PPC64:     {uint32(elf.R_PPC64_ADDR32), uint32(elf.R_PPC64_ADDR64)},
	elf.EM_S390:      {uint32(elf.R_390_32), uint32(elf.R_390_64)},
	elf.EM_LOONGARCH: {uint32(elf.R_LARCH_32), uint32(elf.R_LARCH_64)},
}

// relocated returns a copy of section i, whose bytes are b, with the relocations
// of its first relocation section applied.
func (f *File) relocated(i int, b []byte) ([]byte, error) {
	types, known := absolute[f.Machine]
	if f.Type != elf.ET_REL || !known {
		return b, nil
	}
	for k, s := range f.Sections {
		if s.Type != elf.SHT_RELA || int(s.Info) != i || s.Name != ".rela"+f.Sections[i].Name {
			continue
		}
		relas, err := f.Relas(k)
		if err != nil {
			return nil, err
		}
		syms, err := f.Symbols()
		if err != nil {
			return nil, err
		}
		b = bytes.Clone(b)
		o := order(f.BigEndian)
		for n := range relas.Len() {
			r := relas.At(n)
			if uint64(r.Sym) >= uint64(syms.Len()) || r.Off > uint64(len(b)) {
				continue
			}
			v, at := syms.At(int(r.Sym)).Value+uint64(r.Addend), b[r.Off:]
			switch {
			case r.Type == types[0] && len(at) >= 4:
				o.put32(at, uint32(v))
			case r.Type == types[1] && len(at) >= 8:
				o.put64(at, v)
			}
		}
		return b, nil
	}
	return b, nil
}

// checkDWARF refuses what would cost debug/dwarf more than a multiple of the
// sections' sizes.
func (f *File) checkDWARF(data map[string][]byte) error {
	for _, name := range []string{".debug_str", ".debug_line_str"} {
		for b := data[name]; len(b) > 0; {
			n := bytes.IndexByte(b, 0)
			if n < 0 {
				n = len(b) - 1
			}
			if n > maxString {
				return fmt.Errorf("%w: a string of more than %d bytes in %s", ErrTooLarge, maxString, name)
			}
			b = b[n+1:]
		}
	}
	o := order(f.BigEndian)
	// debug/dwarf takes the byte order from the first unit's version.
	if b := data[".debug_info"]; len(b) >= 6 {
		version := b[4:]
		if o.u32(b) == 0xffffffff && len(b) >= 14 {
			version = b[12:]
		}
		if o.u16(version) > 0xff {
			return fmt.Errorf("version %d, or another byte order than the file's", o.u16(version))
		}
	}
	seen := make(map[uint64]bool)
	units, total := 0, 0
	for b := data[".debug_info"]; len(b) >= 4; {
		n, width := uint64(o.u32(b)), 4
		if b = b[4:]; n == 0xffffffff && len(b) >= 8 {
			n, width, b = o.u64(b), 8, b[8:]
		}
		// debug/dwarf reads the header behind the length, however short the unit.
		header := b
		b = b[min(n, uint64(len(b))):]
		if n == 0 || len(header) < 2 {
			continue
		}
		if units++; units > maxUnits {
			return fmt.Errorf("%w: more than %d units", ErrTooLarge, maxUnits)
		}
		at := 2
		if o.u16(header) >= 5 {
			at = 4
		}
		if len(header) < at+width {
			continue // an error of debug/dwarf's
		}
		off := uint64(o.u32(header[at:]))
		if width == 8 {
			off = o.u64(header[at:])
		}
		if seen[off] || off > uint64(len(data[".debug_abbrev"])) {
			continue
		}
		seen[off] = true
		size, err := checkAbbrevs(data[".debug_abbrev"][off:])
		if err != nil {
			return err
		}
		if total += size; total > maxAbbrevs {
			return fmt.Errorf("%w: abbreviations of more than %d bytes", ErrTooLarge, maxAbbrevs)
		}
	}
	return nil
}

// checkAbbrevs returns the size in bytes of the table of abbreviations that
// starts b.
func checkAbbrevs(b []byte) (size int, err error) {
	whole := len(b)
	number := func() uint64 { // LEB128; 0 behind the end
		var v uint64
		for shift := 0; len(b) > 0; shift += 7 {
			c := b[0]
			b = b[1:]
			if v |= uint64(c&0x7f) << min(shift, 63); c < 0x80 {
				break
			}
		}
		return v
	}
	const implicitConst = 0x21
	for uint32(number()) != 0 {
		number() // tag
		b = b[min(1, len(b)):]
		for n := 0; ; n++ {
			attribute, form := number(), number()
			if attribute == 0 && form == 0 {
				break
			}
			if n == maxAttributes {
				return 0, fmt.Errorf("%w: an abbreviation of more than %d attributes", ErrTooLarge, maxAttributes)
			}
			if form == implicitConst {
				number()
			}
		}
		if whole-len(b) > maxAbbrevs {
			break
		}
	}
	return whole - len(b), nil
}
