package elfread

import (
	"debug/elf"
	"slices"

	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/klp"
)

// readRelas looks at the relocations that the module loader applies itself.
func (p *parser) readRelas() error {
	if p.m.Arch == "" {
		return nil
	}
	n := len(p.f.Sections)
	seen := cleared(p.relaTargets, n)
	p.relaTargets = seen
	for i, s := range p.f.Sections {
		if s.Type != elf.SHT_RELA || s.Flags&klp.SHFRelaLivepatch != 0 || int64(s.Info) >= int64(n) || !p.relocated(int(s.Info)) {
			continue
		}
		if err := p.sectionRelas(i, seen[s.Info]); err != nil {
			return err
		}
		seen[s.Info] = true
	}
	if p.m.Arch != klp.X86_64 {
		return nil
	}
	for _, s := range p.f.Sections {
		// The loader or the livepatch core fills these in later.
		if s.Type == elf.SHT_RELA && s.Flags&klp.SHFRelaLivepatch != 0 && int64(s.Info) < int64(n) {
			seen[s.Info] = true
		}
	}
	p.unrelocatedCode(seen)
	return nil
}

// used notes that a relocation names a livepatch symbol: its entries are in the
// order of the symbol table.
func (p *parser) used(symbol uint32) {
	i, found := slices.BinarySearchFunc(p.m.KlpSyms, int(symbol), func(k klp.KlpSym, want int) int { return k.Index - want })
	if found {
		p.m.KlpSyms[i].Used = true
	}
}

// relocated reports whether the loader applies relocations to a section: it
// takes the flag SHF_ALLOC off .modinfo and __versions before it does
// (kernel/module/main.c: rewrite_section_headers, apply_relocations).
func (p *parser) relocated(target int) bool {
	return target != p.sec.modinfo && target != p.sec.versions && p.flag(target, elf.SHF_ALLOC)
}

// sectionRelas looks at the entries of relocation section i. Another section
// may have relocations of the same target.
func (p *parser) sectionRelas(i int, again bool) error {
	rela, err := p.f.Relas(i)
	if err != nil {
		return err
	}
	if err := p.spend(i, rela.Len()); err != nil {
		return err
	}
	p.m.Relas.Entries += rela.Len()
	target := int(p.f.Sections[i].Info)
	size := p.f.Sections[target].Size
	symbols := p.syms.tab.Len()
	strict := p.m.Arch == klp.X86_64
	sorted, end := true, uint64(0)
	for j := range rela.Len() {
		e := rela.At(j)
		if e.Type == none {
			if strict && p.bareCall(target, e.Off) {
				p.oddRela(klp.RelaMissing, target, e, 0)
			}
			continue
		}
		p.m.Sections[target].Relas++
		p.used(e.Sym)
		if int64(e.Sym) >= int64(symbols) {
			p.oddRela(klp.RelaBeyondSymbols, target, e, 0)
			continue
		}
		if !p.arch.applies(e.Type) {
			p.oddRela(klp.RelaUnknown, target, e, 0)
			continue
		}
		width := p.arch.width(e.Type)
		if e.Off > size || width > size-e.Off {
			p.oddRela(klp.RelaBeyondSection, target, e, 0)
			continue
		}
		if !strict {
			continue
		}
		if y, _ := p.sym(e.Sym); e.Sym != 0 && target == p.sec.thisModule && y.Shndx == uint16(elf.SHN_UNDEF) {
			p.oddRela(klp.RelaInit, target, e, 0)
		}
		if !p.tableRela(target, e) {
			p.oddRela(klp.RelaTable, target, e, 0)
		}
		if p.noKey(target, e) {
			p.oddRela(klp.RelaNoKey, target, e, 0)
		}
		if p.astray(target, e) {
			p.oddRela(klp.RelaAstray, target, e, 0)
		}
		if p.overflows(e) {
			p.oddRela(klp.RelaOverflow, target, e, 0)
		}
		if b, ok := p.bytesAt(placeAt(target, e.Off), width); ok && !allZero(b) {
			v := uint64(p.f.Uint32(b))
			if width == 8 {
				v = p.f.Uint64(b)
			}
			p.oddRela(klp.RelaNonzero, target, e, v)
		}
		if e.Off < end {
			sorted = false
		}
		end = max(end, e.Off+width)
	}
	if strict && (!sorted || again) {
		return p.twice(target)
	}
	return nil
}

// twice finds bytes of a section that more than one relocation fills.
func (p *parser) twice(target int) error {
	all, err := p.relocsOf(target)
	if err != nil {
		return err
	}
	end := uint64(0)
	for _, r := range all {
		width := p.arch.width(r.Type)
		if width == 0 {
			continue
		}
		if r.Offset < end {
			p.oddRela(klp.RelaTwice, target, safeelf.Rela{Off: r.Offset, Type: r.Type, Sym: r.Sym, Addend: r.Addend}, 0)
		}
		end = max(end, r.Offset+width)
	}
	return nil
}

// oddRela notes a relocation of a target section, once for each kind.
func (p *parser) oddRela(kind klp.OddRelaKind, target int, e safeelf.Rela, value uint64) {
	at := p.at(placeAt(target, e.Off))
	if kind == klp.RelaTwice && slices.ContainsFunc(p.m.Relas.Odd, func(o klp.OddRela) bool { return o.Kind == kind && o.At == at }) {
		return
	}
	if p.m.Relas.OddCount++; p.m.Relas.OddCount > maxListed {
		return
	}
	o := klp.OddRela{Kind: kind, Type: e.Type, At: at, Value: value}
	if y, ok := p.sym(e.Sym); ok {
		if o.Symbol = p.symName(e.Sym); o.Symbol == "" && int(y.Shndx) < len(p.f.Sections) {
			o.Symbol = p.f.Sections[y.Shndx].Name
		}
	}
	p.m.Relas.Odd = append(p.m.Relas.Odd, o)
}

// Where x86_64 loads modules: MODULES_VADDR at the lowest, MODULES_END
// (arch/x86/include/asm/pgtable_64_types.h), as distances below the end of the
// address space. The kernel image lies below, in the same two gigabytes.
const (
	kernelBelow  = 2 << 30
	modulesBelow = 1 << 30
	modulesEnd   = 16 << 20
)

// overflows reports whether a relocation of x86_64 does not fit its field of
// four bytes, wherever the module is loaded (arch/x86/kernel/module.c).
func (p *parser) overflows(e safeelf.Rela) bool {
	typ := elf.R_X86_64(e.Type)
	if typ != elf.R_X86_64_32 && typ != elf.R_X86_64_32S {
		return false
	}
	y, _ := p.sym(e.Sym)
	v := int64(y.Value) + e.Addend
	lowest, highest := int64(-modulesBelow), int64(-modulesEnd)
	switch {
	case y.Shndx == uint16(elf.SHN_ABS):
		lowest, highest = 0, 0
	case y.Shndx == uint16(elf.SHN_UNDEF):
		if e.Sym == 0 || y.Bind() == elf.STB_WEAK {
			lowest, highest = 0, 0 // nobody may have it
			break
		}
		lowest, v = -kernelBelow, e.Addend
		if typ == elf.R_X86_64_32S {
			highest = kernelBelow // a per-CPU variable is a small number
		}
	case int(y.Shndx) >= len(p.f.Sections) || p.f.Sections[y.Shndx].Name == ".data..percpu":
		return false
	case !p.flag(int(y.Shndx), elf.SHF_ALLOC):
		return v > -1<<32 && v < 1<<32 // it lies in the loader's copy of the file, in the vmalloc area
	}
	if v > 1<<40 || v < -1<<40 {
		return true
	}
	lowest, highest = lowest+v, highest+v
	if typ == elf.R_X86_64_32 {
		return highest < 0 || lowest >= 1<<32
	}
	return highest < -1<<31 || lowest >= 1<<31
}

// named notes where the first named symbol of a section lies. Names that the
// kernel takes for marks of the assembler do not count (kernel/module/kallsyms.c:
// is_mapping_symbol).
func (p *parser) named(name uint32, section uint16, value uint64) {
	t := &p.syms.tab
	if name == 0 || t.PrefixAt(name, "\x00") || t.PrefixAt(name, ".L") || t.PrefixAt(name, "L0") || t.PrefixAt(name, "$") {
		return
	}
	if first := &p.syms.first[section]; *first == 0 || value < *first-1 {
		*first = value + 1
	}
}

// nameNewFuncs says of every new function whether kallsyms finds a symbol for
// its address: one at or before it in the same part of the module's memory,
// which for code is the executable sections that stay, in the file's order
// (kernel/module/main.c: layout_sections).
func (p *parser) nameNewFuncs() {
	before := -1 // the first such section with a named symbol
	for i := range p.f.Sections {
		if p.syms.first[i] != 0 && p.flag(i, elf.SHF_ALLOC|elf.SHF_EXECINSTR) && !initSection(p.f.Sections[i].Name) {
			before = i
			break
		}
	}
	index := map[string]int{}
	for i := range p.m.Patch.Objects {
		funcs := p.m.Patch.Objects[i].Funcs
		for j := range funcs {
			code := &funcs[j].New
			s, known := index[code.At.Section]
			if !known {
				s = p.f.Index(code.At.Section)
				index[code.At.Section] = s
			}
			if s <= 0 {
				continue
			}
			first := p.syms.first[s]
			named := code.Symbol != "" || first != 0 && first-1 <= code.At.Offset || before >= 0 && before < s
			code.Nameless = !named
		}
	}
}

// oddIndex reports whether the loader makes no address of a symbol with the
// section index.
func oddIndex(shndx uint16, sections int) bool {
	if shndx == klp.SHNCommon {
		return true
	}
	return int(shndx) >= sections && shndx != uint16(elf.SHN_ABS) && shndx != klp.SHNLivepatch
}

// oddSymbol notes a symbol without an address. The loader does not mind what
// compilers leave for link-time optimisation.
func (p *parser) oddSymbol(i int, y safeelf.Sym) {
	if y.Shndx == klp.SHNCommon && p.syms.tab.HasPrefix(y, "__gnu_lto") || len(p.m.OddSymbols) == maxListed {
		return
	}
	p.m.OddSymbols = append(p.m.OddSymbols, klp.OddSymbol{
		Name: p.symString(y, p.syms.tab.Name(y)), Shndx: y.Shndx, At: p.at(p.symPlace(i)), BadName: !p.nameWithin(y.NameOff),
	})
}

// loaderPage returns the unit of the memory into which the loader reads the file,
// in bytes; of an architecture that has several the largest.
func (p *parser) loaderPage() uint64 {
	if p.m.Arch == klp.X86_64 || p.m.Arch == klp.S390X {
		return 4 << 10
	}
	return 64 << 10
}

// nameWithin reports whether a symbol's name lies in the file as the loader has it
// in memory. It does not look at the end of the string table.
func (p *parser) nameWithin(name uint32) bool {
	strings := p.f.Sections[p.syms.tab.Strings]
	page := p.loaderPage()
	return strings.Offset+uint64(name) < (uint64(p.f.Size)+page-1)/page*page
}
