package elfread

import (
	"bytes"
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"slices"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/klp"
)

// maxShadow bounds the klp_shadow_ functions that are looked for in code; the
// kernel exports five.
const maxShadow = 16

// maxNames bounds a string table, in bytes, that is copied as a whole: one copy
// costs less than one for each name, but all of it stays for as long as anybody
// keeps one of them.
const maxNames = 16 << 10

// symbols is the module's symbol table with what one pass over it found.
type symbols struct {
	tab     safeelf.Symbols
	names   string     // the string table, "" where it is larger than maxNames
	defined []symPlace // functions, data and labels in sections; by place once sorted is true
	sorted  bool
	hasFunc []bool   // by section: a function symbol lies in it
	first   []uint64 // by section: 1 + where its first named symbol lies; 0 for none
	enable  uint32   // index of the undefined klp_enable_patch, 0 when there is none
	shadow  []uint32
	thunks  []uint32 // the undefined ones called __x86_return_thunk
}

// symPlace is a symbol by what it covers.
type symPlace struct {
	section uint16
	typ     elf.SymType
	index   uint32
	value   uint64
	size    uint64
}

// readSymbols passes over the symbol table once: imports, klp symbols, and
// what names code and data.
func (p *parser) readSymbols() error {
	t, err := p.f.Symbols()
	if errors.Is(err, safeelf.ErrNoSymbols) {
		p.m.Symtab.Missing = true
		return nil
	}
	if err != nil {
		return err
	}
	if t.Len() > maxSymbols {
		return p.fail(place{Section: t.Section}, "%d symbols, the limit is %d", t.Len(), maxSymbols)
	}
	s := &p.syms
	*s = symbols{
		tab: t, defined: s.defined[:0], shadow: s.shadow[:0], thunks: s.thunks[:0],
		hasFunc: cleared(s.hasFunc, len(p.f.Sections)), first: cleared(s.first, len(p.f.Sections)),
	}
	if t.NamesSize() <= maxNames {
		s.names = t.Names()
	}
	p.m.Symtab.Entries, p.m.Symtab.Section = t.Len(), t.Section
	p.m.Symtab.Strings = t.StringsDefect()
	undefined := 0
	for i := 1; i < t.Len(); i++ {
		name, info, shndx := t.Head(i)
		typ := elf.ST_TYPE(info)
		if int64(name) >= int64(t.NamesSize()) {
			if p.m.Symtab.Strings == "" {
				p.m.Symtab.Strings = fmt.Sprintf("the name of symbol %d lies beyond it", i)
			}
			if !p.nameWithin(name) {
				p.oddSymbol(i, t.At(i))
			}
		}
		switch {
		case shndx == uint16(elf.SHN_UNDEF):
			if err := p.undefined(i, t.At(i), &undefined); err != nil {
				return err
			}
		case shndx == klp.SHNLivepatch || t.PrefixAt(name, ".klp."):
			if err := p.klpSymbol(i, t.At(i)); err != nil {
				return err
			}
		case typ == elf.STT_NOTYPE && marker(&t, name):
		case int(shndx) < len(p.f.Sections) && typ <= elf.STT_FUNC:
			value, size := t.Extent(i)
			p.named(name, shndx, value)
			s.defined = append(s.defined, symPlace{shndx, typ, uint32(i), value, size})
			if typ == elf.STT_FUNC {
				s.hasFunc[shndx] = true
			}
		case oddIndex(shndx, len(p.f.Sections)):
			p.oddSymbol(i, t.At(i))
		}
	}
	return nil
}

// marker reports whether the name at an offset of the string table is that of a
// label which only marks code or data ($x, .L1), or is none.
func marker(t *safeelf.Symbols, nameOff uint32) bool {
	return int64(nameOff) >= int64(t.NamesSize()) || t.PrefixAt(nameOff, "\x00") || t.PrefixAt(nameOff, "$") || t.PrefixAt(nameOff, ".")
}

// undefined takes up an undefined symbol: an import, or a klp symbol that a
// build step should have marked as one.
func (p *parser) undefined(i int, y safeelf.Sym, count *int) error {
	t := &p.syms.tab
	name := t.Name(y)
	if name == nil {
		return p.fail(p.symPlace(i), "symbol %d: name outside the string table or longer than %d bytes", i, safeelf.MaxName)
	}
	if len(name) == 0 {
		if y.Bind() != elf.STB_WEAK {
			p.oddSymbol(i, y)
		}
		return nil
	}
	if bytes.HasPrefix(name, []byte(".klp.")) {
		return p.klpSymbol(i, y)
	}
	if *count++; *count > maxImports {
		return p.fail(p.symPlace(i), "more than %d undefined symbols", maxImports)
	}
	switch {
	case string(name) == "klp_enable_patch":
		p.syms.enable = uint32(i)
	case string(name) == "klp_register_patch":
		p.m.Init.UsesRegister = true
	case string(name) == returnThunk:
		p.syms.thunks = append(p.syms.thunks, uint32(i))
	case bytes.HasPrefix(name, []byte("klp_shadow_")) && len(p.syms.shadow) < maxShadow:
		p.syms.shadow = append(p.syms.shadow, uint32(i))
	}
	if p.m.Imports == nil {
		p.m.Imports = make([]klp.Import, 0, 12)
	}
	p.m.Imports = append(p.m.Imports, klp.Import{Name: p.symString(y, name), Weak: y.Bind() == elf.STB_WEAK})
	return nil
}

// symPlace is where entry i of the symbol table stands.
func (p *parser) symPlace(i int) place {
	return place{Section: p.syms.tab.Section, Offset: uint64(i) * safeelf.SymSize}
}

// sym returns the symbol that a relocation names.
func (p *parser) sym(i uint32) (safeelf.Sym, bool) {
	if int64(i) >= int64(p.syms.tab.Len()) {
		return safeelf.Sym{}, false
	}
	return p.syms.tab.At(int(i)), true
}

// symName returns a symbol's name; "" for section symbols and broken names.
func (p *parser) symName(i uint32) string {
	y, ok := p.sym(i)
	if !ok {
		return ""
	}
	return p.symString(y, p.syms.tab.Name(y))
}

// symString makes a string of the name of a symbol; nil is a broken one.
func (p *parser) symString(y safeelf.Sym, name []byte) string {
	if p.syms.names == "" || len(name) == 0 {
		return string(name)
	}
	return p.syms.names[y.NameOff : int(y.NameOff)+len(name)]
}

// byPlace puts the symbols of each section and type in the order of their
// places. Of those at one place the ones with a size come first, in the order of
// the table.
func byPlace(a, b symPlace) int {
	if c := cmp.Compare(a.section, b.section); c != 0 {
		return c
	}
	if c := cmp.Compare(a.typ, b.typ); c != 0 {
		return c
	}
	if c := cmp.Compare(a.value, b.value); c != 0 {
		return c
	}
	if (a.size == 0) != (b.size == 0) {
		if b.size == 0 {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.index, b.index)
}

// search returns where a symbol stands among the defined ones, or would stand.
func (s *symbols) search(y symPlace) int {
	if !s.sorted {
		slices.SortFunc(s.defined, byPlace)
		s.sorted = true
	}
	i, _ := slices.BinarySearchFunc(s.defined, y, byPlace)
	return i
}

// startAt returns the symbol of a type that starts at a place: of several the
// first in the table that has a size, else the first.
func (s *symbols) startAt(at place, typ elf.SymType) (symPlace, bool) {
	i := s.search(symPlace{section: uint16(at.Section), typ: typ, value: at.Offset, size: 1})
	if i == len(s.defined) {
		return symPlace{}, false
	}
	y := s.defined[i]
	if int(y.section) != at.Section || y.typ != typ || y.value != at.Offset {
		return symPlace{}, false
	}
	return y, true
}

// coverSteps bounds the search back for the symbol that covers a place: symbols
// rarely overlap, but a hostile table may have thousands that do.
const coverSteps = 64

// covering returns the symbol of a type that covers a place, the nearest that
// starts at or before it; of equal starts the first in the table.
func (s *symbols) covering(at place, typ elf.SymType) (best symPlace, ok bool) {
	last := s.search(symPlace{section: uint16(at.Section), typ: typ, value: at.Offset, index: 1<<32 - 1})
	for i := last - 1; i >= max(0, last-coverSteps); i-- {
		y := s.defined[i]
		if int(y.section) != at.Section || y.typ != typ || ok && y.value != best.value {
			break
		}
		if at.Offset-y.value < y.size {
			best, ok = y, true
		}
	}
	return best, ok
}

// object returns the data symbol that starts at a place.
func (p *parser) object(at place) (symPlace, bool) { return p.syms.startAt(at, elf.STT_OBJECT) }

// objectSize returns the size of the data symbol that starts at a place, 0
// when there is none.
func (p *parser) objectSize(at place) uint64 {
	y, _ := p.object(at)
	return y.size
}

// locate returns the Location of a place with the symbol that covers it.
func (p *parser) locate(at place) klp.Location {
	l := p.at(at)
	if l.Section == "" {
		return l
	}
	typ := elf.STT_OBJECT
	if p.flag(at.Section, elf.SHF_EXECINSTR) {
		typ = elf.STT_FUNC
	}
	y, ok := p.syms.startAt(at, typ)
	if !ok {
		y, ok = p.syms.covering(at, typ)
	}
	if ok {
		l.Symbol = p.symName(y.index)
	}
	return l
}

// locateTarget says in words what a relocation points to, for errors.
func (p *parser) locateTarget(r ir.Reloc) string {
	y, ok := p.sym(r.Sym)
	if !ok {
		return fmt.Sprintf("symbol %d of %d", r.Sym, p.syms.tab.Len())
	}
	name := p.symName(r.Sym)
	if name == "" && int(y.Shndx) < len(p.f.Sections) {
		name = p.f.Sections[y.Shndx].Name
	}
	return fmt.Sprintf("%s%+#x", name, r.Addend)
}
