package ir

import "slices"

// PC is a byte of code, packed.
type PC struct {
	Section, Offset uint32 // section index, and bytes from the section's start
}

// Section is the content of one section.
type Section struct {
	Name  string
	Data  []byte // nil for SHT_NOBITS
	Exec  bool   // SHF_EXECINSTR
	Write bool   // SHF_WRITE
	// Relocs are the relocations that apply to this section, those of .klp.rela
	// sections too, sorted by offset.
	Relocs []Reloc
}

// Reloc is one SHT_RELA entry.
type Reloc struct {
	Offset uint64 // bytes from the start of the section that it applies to
	Type   uint32 // R_*, as the architecture numbers them
	Sym    uint32 // index in the symbol table
	Addend int64
}

// Symbol is what a relocation refers to.
type Symbol struct {
	Name    string // "" for a section symbol
	Section int    // index of the defining section; 0 when undefined, SHN_LIVEPATCH or not in a section
	Value   uint64 // bytes from the start of that section
}

// RelocsIn returns the relocations of the bytes from lo up to hi.
func RelocsIn(sec *Section, lo, hi uint64) []Reloc {
	i, _ := slices.BinarySearchFunc(sec.Relocs, lo, byOffset)
	j := i
	for j < len(sec.Relocs) && sec.Relocs[j].Offset >= lo && sec.Relocs[j].Offset < hi {
		j++
	}
	return sec.Relocs[i:j]
}

func byOffset(r Reloc, off uint64) int {
	switch {
	case r.Offset < off:
		return -1
	case r.Offset > off:
		return 1
	}
	return 0
}
