package hostile

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math"
)

// A family is one way to damage a file. Mutant i of n(image) changes b in place
// or returns a shorter or longer slice.
type family struct {
	name string
	n    func(*image) int
	make func(im *image, i int, b []byte) []byte
}

// image is what the mutators know of a sound file. A packed file has no
// sections.
type image struct {
	bytes    []byte
	order    binary.ByteOrder
	shoff    int
	sections []section
}

type section struct {
	typ          elf.SectionType
	offset, size int
}

const (
	shdrSize = 64
	symSize  = 24
	relaSize = 24
)

func newImage(b []byte) *image {
	im := &image{bytes: b}
	if len(b) < 64 || string(b[:5]) != "\x7fELF\x02" {
		return im
	}
	im.order = binary.LittleEndian
	if b[5] == 2 {
		im.order = binary.BigEndian
	}
	im.shoff = int(im.order.Uint64(b[40:]))
	n := int(im.order.Uint16(b[60:]))
	if im.shoff == 0 || im.shoff+n*shdrSize > len(b) {
		return im
	}
	for i := range n {
		h := b[im.shoff+i*shdrSize:]
		s := section{elf.SectionType(im.order.Uint32(h[4:])), int(im.order.Uint64(h[24:])), int(im.order.Uint64(h[32:]))}
		if s.typ == elf.SHT_NULL || s.typ == elf.SHT_NOBITS || s.offset+s.size > len(b) {
			s.size = 0
		}
		im.sections = append(im.sections, s)
	}
	return im
}

// extremes are the numbers that a count, offset or index is set to.
func (im *image) extremes() []uint64 {
	size := uint64(len(im.bytes))
	return []uint64{
		0, 1, 7, size - 1, size, size + 1, math.MaxUint16, math.MaxInt32, math.MaxUint32, 1 << 40,
		math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64 - 7, math.MaxUint64,
	}
}

// A field is one number of a header or table entry.
type field struct{ at, width int }

func (im *image) put(b []byte, f field, v uint64) []byte {
	switch f.width {
	case 2:
		im.order.PutUint16(b[f.at:], uint16(v))
	case 4:
		im.order.PutUint32(b[f.at:], uint32(v))
	default:
		im.order.PutUint64(b[f.at:], v)
	}
	return b
}

// fieldFamily sets each field of a list to each extreme.
func fieldFamily(name string, fields func(*image) []field) family {
	return family{
		name: name,
		n: func(im *image) int {
			if im.order == nil {
				return 0
			}
			return len(fields(im)) * len(im.extremes())
		},
		make: func(im *image, i int, b []byte) []byte {
			all, values := fields(im), im.extremes()
			return im.put(b, all[i/len(values)], values[i%len(values)])
		},
	}
}

// entries lists fields at fixed places within the entries of the tables of one
// type.
func entries(typ elf.SectionType, size int, within ...field) func(*image) []field {
	return func(im *image) []field {
		var all []field
		for _, s := range im.sections {
			if s.typ != typ {
				continue
			}
			for at := s.offset; at+size <= s.offset+s.size; at += size {
				for _, f := range within {
					all = append(all, field{at + f.at, f.width})
				}
			}
		}
		return all
	}
}

// withBytes are the indices of the sections that have any.
func (im *image) withBytes() []int {
	var all []int
	for i, s := range im.sections {
		if s.size > 0 {
			all = append(all, i)
		}
	}
	return all
}

// perSection makes one mutant of each section that has bytes.
func perSection(name string, change func(im *image, s section, b []byte)) family {
	return family{
		name: name,
		n:    func(im *image) int { return len(im.withBytes()) },
		make: func(im *image, i int, b []byte) []byte {
			change(im, im.sections[im.withBytes()[i]], b)
			return b
		},
	}
}

var families = []family{
	{"inverted byte", func(im *image) int { return len(im.bytes) }, func(_ *image, i int, b []byte) []byte {
		b[i] = ^b[i]
		return b
	}},
	{"flipped bit", func(im *image) int { return 8 * len(im.bytes) }, func(_ *image, i int, b []byte) []byte {
		b[i/8] ^= 1 << (i % 8)
		return b
	}},
	{"truncated", func(im *image) int { return len(im.bytes) }, func(_ *image, i int, b []byte) []byte { return b[:i] }},
	{"cut out in the middle", func(im *image) int { return len(im.bytes) / 8 }, func(_ *image, i int, b []byte) []byte {
		return append(b[:8*i], b[min(8*i+8, len(b)):]...)
	}},
	{"told twice", func(im *image) int { return min(len(im.bytes), 1) }, func(_ *image, _ int, b []byte) []byte { return append(b, b...) }},
	fieldFamily("file header", func(*image) []field {
		return []field{{16, 2}, {18, 2}, {20, 4}, {32, 8}, {40, 8}, {48, 4}, {52, 2}, {54, 2}, {56, 2}, {58, 2}, {60, 2}, {62, 2}}
	}),
	fieldFamily("section header", func(im *image) []field {
		var all []field
		for i := range im.sections {
			h := im.shoff + i*shdrSize
			for _, f := range []field{{0, 4}, {4, 4}, {8, 8}, {16, 8}, {24, 8}, {32, 8}, {40, 4}, {44, 4}, {48, 8}, {56, 8}} {
				all = append(all, field{h + f.at, f.width})
			}
		}
		return all
	}),
	fieldFamily("symbol", entries(elf.SHT_SYMTAB, symSize, field{0, 4}, field{4, 2}, field{6, 2}, field{8, 8}, field{16, 8})),
	fieldFamily("relocation", entries(elf.SHT_RELA, relaSize, field{0, 8}, field{8, 4}, field{12, 4}, field{16, 8})),
	perSection("zeroed section", func(_ *image, s section, b []byte) { clear(b[s.offset : s.offset+s.size]) }),
	perSection("section of ones", func(_ *image, s section, b []byte) {
		for i := range s.size {
			b[s.offset+i] = 0xff
		}
	}),
	perSection("section without ends of strings", func(_ *image, s section, b []byte) {
		for i := range s.size {
			b[s.offset+i] |= 1
		}
	}),
	{"swapped sections", func(im *image) int { return len(im.sections) * len(im.sections) }, func(im *image, i int, b []byte) []byte {
		// Where the bytes are, and how many: every table is read for another.
		x, y := im.shoff+i/len(im.sections)*shdrSize+24, im.shoff+i%len(im.sections)*shdrSize+24
		for k := range 16 {
			b[x+k], b[y+k] = b[y+k], b[x+k]
		}
		return b
	}},
	{"all sections in one place", func(im *image) int { return len(im.withBytes()) }, func(im *image, i int, b []byte) []byte {
		s := im.sections[im.withBytes()[i]]
		for k := range im.sections {
			im.put(b, field{im.shoff + k*shdrSize + 24, 8}, uint64(s.offset))
			im.put(b, field{im.shoff + k*shdrSize + 32, 8}, uint64(s.size))
		}
		return b
	}},
}

// mutants calls f with up to perFamily mutants of each family, spread evenly;
// 0 means all. Where in each stride they lie differs from seed to seed, so that
// many files of the same toolchain are not all damaged in the same places. The
// bytes belong to f.
func mutants(b []byte, perFamily, seed int, f func(name string, mutant []byte)) {
	im := newImage(b)
	for _, fam := range families {
		n := fam.n(im)
		stride := 1
		if perFamily > 0 {
			stride = (n + perFamily - 1) / perFamily
		}
		if stride == 0 {
			continue
		}
		for i := seed % stride; i < n; i += stride {
			mutant := append(make([]byte, 0, len(b)), b...)
			f(fmt.Sprintf("%s %d of %d", fam.name, i, n), fam.make(im, i, mutant))
		}
	}
}
