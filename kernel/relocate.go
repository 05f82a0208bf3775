package kernel

import (
	"bytes"
	"debug/elf"
	"slices"

	"github.com/klplint/klplint/internal/safeelf"
)

// runTimeTypes are the relocations of a vmlinux linked position independent
// (ET_DYN) that its start code applies: those of base and addend alone, and
// those of the address of a symbol of .dynsym.
var runTimeTypes = map[elf.Machine]struct{ relative, symbol []uint32 }{
	elf.EM_AARCH64:   {relative: []uint32{uint32(elf.R_AARCH64_RELATIVE)}},
	elf.EM_S390:      {relative: []uint32{rS390Relative}, symbol: []uint32{rS390Abs64, rS390GlobDat}},
	elf.EM_PPC64:     {relative: []uint32{uint32(elf.R_PPC64_RELATIVE)}, symbol: []uint32{uint32(elf.R_PPC64_ADDR64)}},
	elf.EM_LOONGARCH: {relative: []uint32{uint32(elf.R_LARCH_RELATIVE)}},
	elf.EM_X86_64:    {relative: []uint32{uint32(elf.R_X86_64_RELATIVE)}},
}

// relocateELF writes the run-time relocations of a vmlinux into its memory: the
// words that they stand for, such as those of __mcount_loc, may be zero in the
// file. Packed relative relocations (.relr.dyn) have theirs in place.
func (m *image) relocateELF(f *safeelf.File) error {
	types, known := runTimeTypes[f.Machine]
	if f.Type != elf.ET_DYN || !known {
		return nil
	}
	owned := make([]bool, len(m.segments)) // the file's bytes stay as they are
	for i, s := range f.Sections {
		if s.Type != elf.SHT_RELA || s.Flags&elf.SHF_ALLOC == 0 || s.FileSize == 0 {
			continue
		}
		relas, err := f.Relas(i)
		if err != nil {
			return err
		}
		var symbols []byte
		if link := int(s.Link); link < len(f.Sections) && f.Sections[link].Type == elf.SHT_DYNSYM {
			if symbols, err = f.Data(link); err != nil {
				return err
			}
		}
		last := 0
		for j := range relas.Len() {
			r := relas.At(j)
			value := uint64(r.Addend)
			switch {
			case slices.Contains(types.relative, r.Type):
			case slices.Contains(types.symbol, r.Type) && uint64(r.Sym) < uint64(len(symbols)/24):
				value += m.order.Uint64(symbols[24*int(r.Sym)+8:]) // st_value
			default:
				continue
			}
			if last = m.segmentOf(r.Off, last); last < 0 {
				last = 0
				continue
			}
			if !owned[last] {
				m.segments[last].data, owned[last] = bytes.Clone(m.segments[last].data), true
			}
			m.order.PutUint64(m.segments[last].data[r.Off-m.segments[last].addr:], value)
		}
	}
	return nil
}

// segmentOf returns the index of the segment that holds the 8 bytes at the
// address, -1 for none; near is tried first.
func (m *image) segmentOf(addr uint64, near int) int {
	holds := func(s segment) bool {
		return addr >= s.addr && addr-s.addr <= uint64(len(s.data)) && uint64(len(s.data))-(addr-s.addr) >= 8
	}
	if near < len(m.segments) && holds(m.segments[near]) {
		return near
	}
	for i, s := range m.segments {
		if holds(s) {
			return i
		}
	}
	return -1
}
