package elfread

import (
	"debug/elf"
	"slices"

	branch "github.com/klplint/klplint/elfread/internal/initcode/x86"
	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/klp"
)

// distanceTables are the sections of x86_64 that are lists of distances, of four
// bytes each, to places that the loader and its notifiers change or follow at
// once (arch/x86/kernel/alternative.c, arch/x86/kernel/callthunks.c,
// kernel/static_call_inline.c).
var distanceTables = []string{
	".altinstructions", ".retpoline_sites", ".return_sites", ".call_sites", ".static_call_sites",
}

// addressTables are lists of addresses, or of structs with addresses and numbers,
// that the loader and its notifiers follow (kernel/params.c, kernel/rcu/srcutree.c,
// kernel/trace/trace_events.c).
var addressTables = []string{"__param", "___srcu_struct_ptrs", "_ftrace_events"}

// tableRela reports whether a relocation of x86_64 in a table of the loader fills
// its field as the loader reads it.
func (p *parser) tableRela(target int, e safeelf.Rela) bool {
	name := p.f.Sections[target].Name
	typ := elf.R_X86_64(e.Type)
	switch {
	case name == "__jump_table" && e.Off >= p.f.Sections[target].Size&^15:
		return true // behind the last whole entry
	case name == "__jump_table": // struct jump_entry: two distances of 4 bytes, one of 8
		if e.Off%16 == 8 {
			// The lowest two bits of the last are flags, the rest is a key's place.
			return typ == elf.R_X86_64_PC64 && e.Addend&4 == 0
		}
		return distance(typ) && p.mapped(e.Sym)
	case target == p.sec.thisModule: // its init and exit functions
		y, _ := p.sym(e.Sym)
		switch {
		case typ != elf.R_X86_64_64 || e.Off%8 != 0:
			return false
		case y.Shndx == uint16(elf.SHN_ABS):
			return false
		case y.Shndx == uint16(elf.SHN_UNDEF), int(y.Shndx) >= len(p.f.Sections):
			return true // said elsewhere
		}
		s := p.f.Sections[y.Shndx]
		return s.Flags&elf.SHF_EXECINSTR != 0 && y.Value+uint64(e.Addend) < s.Size
	case slices.Contains(distanceTables, name):
		return distance(typ) && p.mapped(e.Sym)
	case slices.Contains(addressTables, name):
		return typ == elf.R_X86_64_64
	}
	return true
}

// mapped reports whether a symbol of the module's own has its place in memory: the
// distance to one that has not is cut off and leads anywhere.
func (p *parser) mapped(symbol uint32) bool {
	y, _ := p.sym(symbol)
	return y.Shndx == uint16(elf.SHN_UNDEF) || int(y.Shndx) >= len(p.f.Sections) || p.flag(int(y.Shndx), elf.SHF_ALLOC)
}

// noKey reports whether a relocation in .static_call_sites, whose entries are the
// distances to a call and to a key, gives code of the module for a key.
func (p *parser) noKey(target int, e safeelf.Rela) bool {
	if p.f.Sections[target].Name != ".static_call_sites" || e.Off%8 != 4 {
		return false
	}
	y, _ := p.sym(e.Sym)
	return int(y.Shndx) < len(p.f.Sections) && p.flag(int(y.Shndx), elf.SHF_ALLOC|elf.SHF_EXECINSTR)
}

// distance reports whether the loader fills in the distance to a symbol, of four
// bytes.
func distance(typ elf.R_X86_64) bool { return typ == elf.R_X86_64_PC32 || typ == elf.R_X86_64_PLT32 }

// bareCall reports whether a field of four bytes is that of a call or a jump in
// code which leads nowhere as it stands.
func (p *parser) bareCall(target int, off uint64) bool {
	if !p.flag(target, elf.SHF_EXECINSTR) || off == 0 {
		return false
	}
	b, ok := p.bytesAt(place{Section: target, Offset: off - 1}, 5)
	return ok && branch.IsBareBranch(b)
}

// astray reports whether a relocation of x86_64 makes a call or jump lead to what
// nobody meant: an import has one entry, and its field ends four bytes behind its start.
func (p *parser) astray(target int, e safeelf.Rela) bool {
	if !distance(elf.R_X86_64(e.Type)) || !p.flag(target, elf.SHF_EXECINSTR) || e.Off == 0 {
		return false
	}
	before := min(e.Off, 2)
	b, ok := p.bytesAt(placeAt(target, e.Off-before), before)
	if !ok || !branch.TakesDistance(b) {
		return false
	}
	y, ok := p.sym(e.Sym)
	switch {
	case !ok || y.Shndx == uint16(elf.SHN_ABS) || y.Shndx == klp.SHNLivepatch:
		return false
	case y.Shndx == uint16(elf.SHN_UNDEF):
		return e.Addend != -4
	case int(y.Shndx) >= len(p.f.Sections):
		return false // said elsewhere
	}
	return !p.flag(int(y.Shndx), elf.SHF_ALLOC|elf.SHF_EXECINSTR) || y.Value+uint64(e.Addend)+4 > p.f.Sections[y.Shndx].Size
}

// maxBareCode bounds what is decoded of a section of code that has no relocations.
const maxBareCode = 64 << 10

// unrelocatedCode notes code of which all relocations are gone: seen are the
// sections that have some. Of a module whose init function is gone with them none runs.
func (p *parser) unrelocatedCode(seen []bool) {
	if !seen[p.sec.thisModule] {
		return
	}
	for i, s := range p.f.Sections {
		if seen[i] || s.Type != elf.SHT_PROGBITS || s.Size == 0 || !p.flag(i, elf.SHF_ALLOC|elf.SHF_EXECINSTR) {
			continue
		}
		code, ok := p.bytesAt(place{Section: i}, min(s.FileSize, maxBareCode))
		if !ok {
			continue
		}
		if at, found := branch.BareBranch(code); found {
			p.oddRela(klp.RelaMissing, i, safeelf.Rela{Off: uint64(at) + 1}, 0)
		}
	}
}
