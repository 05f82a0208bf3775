package kernel

import (
	"debug/elf"
	"encoding/binary"
	"fmt"

	"github.com/klplint/klplint/internal/modfile"
	"github.com/klplint/klplint/internal/safeelf"
)

// maxAllocated bounds the loaded bytes of a vmlinux: a distribution's kernel
// has about 60 MiB.
const maxAllocated = 160 << 20

// openELFBytes reads a vmlinux in memory, which is not copied.
func openELFBytes(data []byte) (*image, error) {
	s := new(safeelf.Source)
	s.ResetBytes(data)
	f, err := safeelf.NewFile(s)
	if err != nil {
		return nil, err
	}
	return imageOf(f)
}

// imageOf takes every section that the kernel keeps in memory, and the symbol
// table where there is one.
func imageOf(f *safeelf.File) (*image, error) {
	m := &image{arch: modfile.Arch(f), order: binary.LittleEndian}
	if f.BigEndian {
		m.order = binary.BigEndian
	}
	var total uint64
	for i, s := range f.Sections {
		if s.Type == elf.SHT_NOBITS || s.Type == elf.SHT_NULL || s.FileSize == 0 {
			continue
		}
		// Debian's headers hold a vmlinux of .BTF and little else, not allocated.
		if s.Name != ".BTF" && (s.Flags&elf.SHF_ALLOC == 0 || s.Addr == 0) {
			continue // debugging data, and the per-CPU section at address 0
		}
		if total += s.FileSize; total > maxAllocated {
			return nil, fmt.Errorf("section %s: more than %d MiB of loaded sections", s.Name, maxAllocated>>20)
		}
		data, err := f.Data(i)
		if err != nil {
			return nil, err
		}
		m.segments = append(m.segments, segment{s.Addr, data})
		if s.Name == ".BTF" {
			m.btf = data
		}
	}
	if len(m.segments) == 0 {
		return nil, fmt.Errorf("no loaded sections")
	}
	if err := m.relocateELF(f); err != nil {
		return nil, err
	}
	var err error
	m.symtab, err = elfSymbols(f)
	return m, err
}

// elfSymbols reads the symbol table of an unstripped vmlinux in kallsyms'
// order. It is nil when there is none, or when it is not that of a kernel.
func elfSymbols(f *safeelf.File) (*symbolTable, error) {
	syms, err := f.Symbols()
	if err != nil {
		return nil, nil // a stripped kernel is none the worse: it has kallsyms
	}
	t := &symbolTable{sizes: []uint64{}, files: []uint32{}}
	file := uint32(0)
	kernelText := false
	for _, y := range syms.All() {
		name := syms.Name(y)
		if y.Type() == elf.STT_FILE {
			file = t.addFile(name)
			continue
		}
		switch {
		case len(name) == 0, y.Shndx == uint16(elf.SHN_UNDEF), y.Type() == elf.STT_SECTION:
			continue
		case name[0] == '$', len(name) > 2 && name[0] == '.' && name[1] == 'L':
			continue // mapping symbols and local labels: not in kallsyms
		}
		if !t.add(name, y.Value, symbolKind(f, y)) {
			return nil, fmt.Errorf("symbol table: more than %d symbols or %d bytes of names", maxSymbols, maxNameBytes)
		}
		t.sizes = append(t.sizes, y.Size)
		t.files = append(t.files, localFile(y, file))
		kernelText = kernelText || string(name) == "_stext" || string(name) == "_text"
	}
	if !kernelText {
		return nil, nil
	}
	return t.sortByAddress(), nil
}

// maxFiles bounds the source files that a symbol table may name.
const maxFiles = 1 << 17

// addFile notes the file that the following local symbols come from, and
// returns its 1-based index.
func (t *symbolTable) addFile(name []byte) uint32 {
	if len(name) == 0 || len(t.fileNames) >= maxFiles {
		return 0
	}
	t.fileNames = append(t.fileNames, string(name))
	return uint32(len(t.fileNames))
}

// localFile: an STT_FILE symbol speaks for the local symbols behind it.
func localFile(y safeelf.Sym, file uint32) uint32 {
	if y.Bind() == elf.STB_LOCAL {
		return file
	}
	return 0
}

// symbolKind returns nm's letter for the section kinds that matter here.
func symbolKind(f *safeelf.File, y safeelf.Sym) byte {
	kind := byte('a')
	if int(y.Shndx) < len(f.Sections) {
		switch s := f.Sections[y.Shndx]; {
		case s.Flags&elf.SHF_EXECINSTR != 0:
			kind = 't'
		case s.Type == elf.SHT_NOBITS:
			kind = 'b'
		case s.Flags&elf.SHF_WRITE != 0:
			kind = 'd'
		default:
			kind = 'r'
		}
	}
	switch {
	case y.Bind() == elf.STB_WEAK:
		return 'W'
	case y.Bind() == elf.STB_GLOBAL:
		return kind - 'a' + 'A'
	}
	return kind
}
