package mutant

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

var le = binary.LittleEndian

// layout is where the tables of a good x86_64 module lie.
type layout struct {
	file   *elf.File
	shoff  uint64
	shnum  int
	symtab *elf.Section
}

func parse(data []byte) (layout, error) {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return layout{}, err
	}
	l := layout{file: f, shoff: le.Uint64(data[40:]), shnum: len(f.Sections)}
	for _, s := range f.Sections {
		if s.Type == elf.SHT_SYMTAB {
			l.symtab = s
		}
	}
	return l, nil
}

// place is a number in a file.
type place struct {
	name string
	at   uint64
	size int
}

// set writes an odd value over a number, and says which.
func (p place) set(r *rand.Rand, data []byte) string {
	var old uint64
	b := data[p.at : p.at+uint64(p.size)]
	for i := range b {
		old |= uint64(b[i]) << (8 * i)
	}
	top := uint64(1)<<(8*p.size-1)<<1 - 1
	choices := []uint64{0, 1, old + 1, old - 1, old ^ 1<<r.IntN(8*p.size), top, top >> 1, old + 8, old * 2}
	v := pick(r, choices) & top
	if v == old {
		v ^= 1
	}
	for i := range b {
		b[i] = byte(v >> (8 * i))
	}
	return fmt.Sprintf("%s %#x to %#x", p.name, old, v)
}

var headerFields = []place{
	{"ei_class", 4, 1},
	{"ei_data", 5, 1},
	{"ei_version", 6, 1},
	{"ei_osabi", 7, 1},
	{"ei_abiversion", 8, 1},
	{"ei_pad", 12, 1},
	{"e_type", 16, 2},
	{"e_machine", 18, 2},
	{"e_version", 20, 4},
	{"e_entry", 24, 8},
	{"e_phoff", 32, 8},
	{"e_shoff", 40, 8},
	{"e_flags", 48, 4},
	{"e_ehsize", 52, 2},
	{"e_phentsize", 54, 2},
	{"e_phnum", 56, 2},
	{"e_shentsize", 58, 2},
	{"e_shnum", 60, 2},
	{"e_shstrndx", 62, 2},
}

func elfHeader(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	return data, pick(r, headerFields).set(r, data), nil
}

var sectionFields = []place{
	{"sh_name", 0, 4},
	{"sh_type", 4, 4},
	{"sh_flags", 8, 8},
	{"sh_addr", 16, 8},
	{"sh_offset", 24, 8},
	{"sh_size", 32, 8},
	{"sh_link", 40, 4},
	{"sh_info", 44, 4},
	{"sh_addralign", 48, 8},
	{"sh_entsize", 56, 8},
}

func sectionHeader(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	l, err := parse(data)
	if err != nil {
		return nil, "", err
	}
	i, f := r.IntN(l.shnum), pick(r, sectionFields)
	f.at += l.shoff + uint64(i)*64
	return data, fmt.Sprintf("[%d] %s ", i, l.file.Sections[i].Name) + f.set(r, data), nil
}

func sectionFlags(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	l, err := parse(data)
	if err != nil {
		return nil, "", err
	}
	i := 1 + r.IntN(l.shnum-1)
	flag := pick(r, []uint64{1, 2, 4, 0x10, 0x20, 0x40, 0x80, 0x200, 0x400, 0x800, 0x00100000, 0x00200000})
	at := l.shoff + uint64(i)*64 + 8
	le.PutUint64(data[at:], le.Uint64(data[at:])^flag)
	return data, fmt.Sprintf("[%d] %s %#x toggled", i, l.file.Sections[i].Name, flag), nil
}

// symbolAt draws a symbol: where it lies, and what to call it.
func symbolAt(r *rand.Rand, l layout, data []byte) (at uint64, name string, err error) {
	if l.symtab == nil || l.symtab.Size < 48 {
		return 0, "", errNothing
	}
	i := 1 + r.IntN(int(l.symtab.Size/24)-1)
	at = l.symtab.Offset + uint64(i)*24
	table := l.file.Sections[l.symtab.Link]
	text := data[table.Offset+uint64(le.Uint32(data[at:])):]
	return at, fmt.Sprintf("[%d] %s", i, text[:bytes.IndexByte(text, 0)]), nil
}

var symbolFields = []place{{"st_name", 0, 4}, {"st_info", 4, 1}, {"st_other", 5, 1}, {"st_shndx", 6, 2}, {"st_value", 8, 8}, {"st_size", 16, 8}}

func symbol(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	l, err := parse(data)
	if err != nil {
		return nil, "", err
	}
	at, name, err := symbolAt(r, l, data)
	if err != nil {
		return nil, "", err
	}
	f := pick(r, symbolFields)
	f.at += at
	return data, name + " " + f.set(r, data), nil
}

func symbolIndex(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	l, err := parse(data)
	if err != nil {
		return nil, "", err
	}
	at, name, err := symbolAt(r, l, data)
	if err != nil {
		return nil, "", err
	}
	old := le.Uint16(data[at+6:])
	shndx := pick(r, []uint16{0, 0xfff1, 0xfff2, 0xff20, 0xff00, 200, uint16(1 + r.IntN(l.shnum-1))})
	if shndx == old {
		return nil, "", errNothing
	}
	le.PutUint16(data[at+6:], shndx)
	return data, fmt.Sprintf("%s st_shndx %#x to %#x", name, old, shndx), nil
}

const relaLivepatch = 0x00100000

// relaAt draws a relocation of a section that is loaded.
func relaAt(r *rand.Rand, l layout, livepatch bool) (at uint64, name string, err error) {
	var list []*elf.Section
	for _, s := range l.file.Sections {
		if s.Type == elf.SHT_RELA && s.Size >= 24 && (s.Flags&relaLivepatch != 0) == livepatch && l.file.Sections[s.Info].Flags&elf.SHF_ALLOC != 0 {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return 0, "", errNothing
	}
	s := pick(r, list)
	i := r.IntN(int(s.Size / 24))
	return s.Offset + uint64(i)*24, fmt.Sprintf("%s[%d]", s.Name, i), nil
}

var relaFields = []place{{"r_offset", 0, 8}, {"r_type", 8, 4}, {"r_sym", 12, 4}, {"r_addend", 16, 8}}

func relocation(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	return changeRela(r, data, false)
}

func klpRelocation(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	return changeRela(r, data, true)
}

func changeRela(r *rand.Rand, data []byte, livepatch bool) ([]byte, string, error) {
	l, err := parse(data)
	if err != nil {
		return nil, "", err
	}
	at, name, err := relaAt(r, l, livepatch)
	if err != nil {
		return nil, "", err
	}
	f := pick(r, relaFields)
	f.at += at
	return data, name + " " + f.set(r, data), nil
}

func relocationType(_ context.Context, r *rand.Rand, data []byte) ([]byte, string, error) {
	l, err := parse(data)
	if err != nil {
		return nil, "", err
	}
	at, name, err := relaAt(r, l, false)
	if err != nil {
		return nil, "", err
	}
	old, typ := le.Uint32(data[at+8:]), uint32(r.IntN(44))
	if typ == old {
		return nil, "", errNothing
	}
	le.PutUint32(data[at+8:], typ)
	return data, fmt.Sprintf("%s r_type %d to %d", name, old, typ), nil
}
