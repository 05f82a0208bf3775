package kernel

import (
	"debug/elf"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klplint/klplint/internal/modfile"
	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/klp"
)

// maxModuleBytes bounds what is kept of one module while it is read.
const maxModuleBytes = 96 << 20

// readModule takes the symbols of an ordinary module as its kernel would keep
// them.
func readModule(r io.ReaderAt, size int64) (*moduleFacts, error) {
	f, err := safeelf.NewBudget(r, size, maxModuleBytes)
	if err != nil {
		return nil, err
	}
	if f.Type != elf.ET_REL || f.Index(".gnu.linkonce.this_module") == 0 {
		return nil, fmt.Errorf("not a kernel module: ELF type %v without .gnu.linkonce.this_module", f.Type)
	}
	m := &moduleFacts{arch: modfile.Arch(f), thisModule: f.Sections[f.Index(".gnu.linkonce.this_module")].FileSize}
	info, err := modfile.Modinfo(f, f.Index(".modinfo"))
	if err != nil {
		return nil, err
	}
	m.name, _ = info.Get("name")
	m.srcversion, _ = info.Get("srcversion")
	m.vermagic, _ = info.Get("vermagic")
	if err := m.readSymbols(f); err != nil {
		return nil, err
	}
	return m, m.readLocations(f)
}

// readSymbols keeps what kernel/module/kallsyms.c: is_core_symbol() keeps on a
// kernel with CONFIG_KALLSYMS_ALL, which LIVEPATCH demands: named symbols of
// sections that are loaded and not freed after init.
func (m *moduleFacts) readSymbols(f *safeelf.File) error {
	m.symbols = &symbolTable{sizes: []uint64{}, sections: []uint32{}, files: []uint32{}}
	file := uint32(0)
	m.init = &symbolTable{sizes: []uint64{}, sections: []uint32{}}
	syms, err := f.Symbols()
	if err != nil {
		return err
	}
	for i, y := range syms.All() {
		name := syms.Name(y)
		if y.Type() == elf.STT_FILE {
			file = m.symbols.addFile(name)
			continue
		}
		if len(name) == 0 || y.Shndx == uint16(elf.SHN_UNDEF) || int(y.Shndx) >= len(f.Sections) {
			continue // absolute and common symbols too: beyond the section numbers
		}
		s := f.Sections[y.Shndx]
		if s.Flags&elf.SHF_ALLOC == 0 || s.Name == ".modinfo" || strings.HasPrefix(s.Name, "__version") {
			continue // the loader keeps neither (rewrite_section_headers)
		}
		to := m.symbols
		if strings.HasPrefix(s.Name, ".init") {
			to = m.init
		}
		if !to.add(name, y.Value, symbolKind(f, y)) {
			return fmt.Errorf("symbol %d: more than %d symbols or %d bytes of names", i, maxSymbols, maxNameBytes)
		}
		to.sizes = append(to.sizes, y.Size)
		if to == m.symbols {
			to.files = append(to.files, localFile(y, file))
		}
		to.sections = append(to.sections, uint32(y.Shndx))
	}
	return nil
}

// callSites names the section of ftrace's call sites (include/linux/module.h:
// FTRACE_CALLSITE_SECTION). x86 and s390 pad functions too, which fills
// __patchable_function_entries with other places.
func callSites(f *safeelf.File) string {
	if arch := modfile.Arch(f); arch == klp.X86_64 || arch == klp.S390X || f.Index("__mcount_loc") != 0 {
		return "__mcount_loc"
	}
	return "__patchable_function_entries"
}

// readLocations reads the relocations of the section in which the compiler
// lists the places that ftrace may patch.
func (m *moduleFacts) readLocations(f *safeelf.File) error {
	m.locations = map[uint32][]uint64{}
	callSites := callSites(f)
	syms, err := f.Symbols()
	if err != nil {
		return err
	}
	for i, s := range f.Sections {
		if s.Type != elf.SHT_RELA || int(s.Info) >= len(f.Sections) {
			continue
		}
		// -fpatchable-function-entry makes one such section a text section.
		if f.Sections[s.Info].Name != callSites {
			continue
		}
		relas, err := f.Relas(i)
		if err != nil {
			return err
		}
		for j := range relas.Len() {
			r := relas.At(j)
			if int(r.Sym) >= syms.Len() {
				return fmt.Errorf("section %s: relocation %d: symbol %d of %d", s.Name, j, r.Sym, syms.Len())
			}
			y := syms.At(int(r.Sym))
			section := uint32(y.Shndx)
			m.locations[section] = append(m.locations[section], y.Value+uint64(r.Addend))
		}
	}
	for _, l := range m.locations {
		slices.Sort(l)
	}
	if m.arch == klp.ARM64 {
		m.adjust()
	}
	return nil
}

// adjust moves call sites that precede their function to its start.
func (m *moduleFacts) adjust() {
	for section, sites := range m.locations {
		starts := map[uint64]bool{}
		for _, t := range []*symbolTable{m.symbols, m.init} {
			for i, s := range t.sections {
				if s == section && code(t.kinds[i]) && t.name(i)[0] != '$' {
					starts[t.addrs[i]] = true
				}
			}
		}
		if beforeEntry(sites, func(a uint64) bool { return starts[a] }) {
			for i := range sites {
				sites[i] += callOps
			}
		}
	}
}

// end returns where the i-th symbol's range ends in its section: at the next
// higher symbol (kernel/module/kallsyms.c: find_kallsyms_symbol).
func (t *symbolTable) end(i int) uint64 {
	end := uint64(1<<64 - 1)
	for j, section := range t.sections {
		if section == t.sections[i] && t.addrs[j] > t.addrs[i] && t.addrs[j] < end {
			end = t.addrs[j]
		}
	}
	return end
}
