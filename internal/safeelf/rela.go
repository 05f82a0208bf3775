package safeelf

import (
	"debug/elf"
	"fmt"
)

// RelaSize is the size of Elf64_Rela, in bytes.
const RelaSize = 24

// Rela is one relocation with an explicit addend.
type Rela struct {
	Off    uint64 // bytes from the start of the section that it changes
	Sym    uint32 // symbol-table index, not yet checked against the table
	Type   uint32 // R_*, a number of the architecture
	Addend int64
}

// Relas is a relocation section, read in place. The zero Relas is empty.
type Relas struct {
	data []byte
	o    order
}

// Relas returns the relocations in section i, which must be SHT_RELA. Bytes behind
// the last whole one are no part of them, as for the kernel
// (arch/x86/kernel/module.c: apply_relocate_add).
func (f *File) Relas(i int) (Relas, error) {
	s, err := f.section(i)
	if err != nil {
		return Relas{}, err
	}
	if s.Type != elf.SHT_RELA {
		return Relas{}, f.wrap(i, 0, fmt.Errorf("relocations in a section of type %v, flags %v, %d bytes", s.Type, s.Flags, s.FileSize))
	}
	data, err := f.Data(i)
	if err != nil {
		return Relas{}, err
	}
	return Relas{data, order(f.BigEndian)}, nil
}

// Len returns the number of relocations.
func (r Relas) Len() int { return len(r.data) / RelaSize }

// At returns relocation i, which must be in [0, Len).
func (r Relas) At(i int) Rela {
	b := r.data[i*RelaSize : i*RelaSize+RelaSize]
	info := r.o.u64(b[8:])
	return Rela{Off: r.o.u64(b), Sym: uint32(info >> 32), Type: uint32(info), Addend: int64(r.o.u64(b[16:]))}
}

// Sym returns the symbol of relocation i alone.
func (r Relas) Sym(i int) uint32 { return uint32(r.o.u64(r.data[i*RelaSize+8:]) >> 32) }

// Off returns the offset of relocation i alone, for searching.
func (r Relas) Off(i int) uint64 { return r.o.u64(r.data[i*RelaSize:]) }
