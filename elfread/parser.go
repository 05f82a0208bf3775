package elfread

import (
	"debug/elf"
	"errors"
	"fmt"

	"github.com/klplint/klplint/elfread/internal/initcode"
	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/klp"
)

// Bounds on what one module may hold; the largest livepatches known have a few
// hundred funcs. A file beyond them is refused, not cut short.
const (
	maxSymbols   = 1 << 18
	maxKlpSyms   = 1 << 15
	maxImports   = 1 << 16
	maxObjects   = 1 << 12
	maxFuncs     = 1 << 15
	maxCallbacks = 1 << 13
	maxStates    = 1 << 14
	maxRelocs    = 1 << 18 // relocations of the sections that tables and init code lie in
	maxWork      = 1 << 20 // relocations looked at in all, so that sections that overlap cost no more
	maxListed    = 64      // places listed of one kind of mistake in one section
)

// parser holds what the steps of reading one module share. Its slices are used
// again for the next module.
type parser struct {
	f    *safeelf.File
	m    *klp.Module
	o    *Options
	code *initcode.Analyzer
	arch *arch

	sec    sections
	bytes  [][]byte // contents of the sections that were asked for; nil before
	syms   symbols
	relocs relocs
	// imports finds imports by name, as indices into Module.Imports.
	imports map[string]int
	init    initcode.Result
	// initAt is where struct module's init pointer leads.
	initAt initcode.Place
	dwarf  dwarfLayout
	// known lists where tables start, for bounding those without a symbol.
	known []place
	// debugField is the kind of replace field by the module's debug information.
	debugField klp.ReplaceKind
	funcs      int // klp_funcs read so far, for maxFuncs
	work       int // relocations looked at so far, for maxWork
	// relaTargets: by section, relocations of it were looked at.
	relaTargets []bool
	// allocated are the names of the allocated sections that were met.
	allocated map[string]bool

	// newFuncs are the places of the new_func pointers: see findNewFuncs.
	newFuncs map[place]bool

	// Scratch space.
	funcArrays []place // where the arrays of funcs start, by object
	arrays     []array
	execs      []int // see initcode.Input
	datas      []int
}

func (p *parser) reset(f *safeelf.File, m *klp.Module, o *Options, code *initcode.Analyzer) {
	p.f, p.m, p.o, p.code = f, m, o, code
	p.arch = archOf(f)
	p.init, p.initAt = initcode.Result{}, initcode.Place{}
	p.dwarf = dwarfLayout{}
	p.funcs, p.work = 0, 0
	p.bytes = cleared(p.bytes, len(f.Sections))
	p.debugField, p.known = "", p.known[:0]
	if cap(p.relocs.all) > 1<<14 || cap(p.syms.defined) > 1<<14 || cap(p.relocs.parts) > 1<<12 {
		p.relocs, p.syms, p.imports, p.newFuncs, p.bytes = relocs{}, symbols{}, nil, nil, make([][]byte, len(f.Sections)) // one large module must not weigh on all later ones
	}
}

// run reads the module. The steps build on each other in this order.
func (p *parser) run() error {
	m := p.m
	m.Arch = p.arch.name
	p.readSections()
	if m.Kind = p.kindByHeaders(); m.Kind != "" {
		return nil
	}
	if s := p.f.Sections[0]; s.Type != elf.SHT_NULL || s.FileSize != 0 || s.Addr != 0 {
		// kernel/module/main.c: elf_validity_cache_sechdrs
		return p.fail(place{}, "the first section header has type %v, %d bytes and address %#x: it must be empty", s.Type, s.FileSize, s.Addr)
	}
	if err := p.readModinfo(); err != nil {
		return err
	}
	if err := p.readThisModule(); err != nil {
		return err
	}
	if err := p.readSignature(); err != nil {
		return err
	}
	var err error
	if m.Kind, err = p.kindByContent(); err != nil {
		return err
	}
	if m.Kind == klp.KindModule { // a target: what the loader compares before it loads
		return p.readVersions()
	}
	if m.Kind != klp.KindLivepatch {
		return nil
	}
	if err := p.readSymbols(); err != nil {
		return err
	}
	if m.Symtab.Missing {
		m.Patch.Reason = "the module has no symbol table, so relocations cannot be resolved"
		m.Init.Missing, m.Init.Reason = true, m.Patch.Reason
		m.Replace = klp.Replace{Kind: klp.KindUnknown, Source: klp.FromNone, FieldSource: klp.FieldAssumed, Reason: m.Patch.Reason}
		return nil
	}
	if err := p.readVersions(); err != nil {
		return err
	}
	if err := p.readExports(); err != nil {
		return err
	}
	p.indexRelocs()
	if err := p.readTables(); err != nil {
		return err
	}
	p.readReplaceParam()
	if err := p.readKlpRelas(); err != nil {
		return err
	}
	if err := p.readBTF(); err != nil {
		return err
	}
	p.keepDebug()
	if err := p.readRelas(); err != nil {
		return err
	}
	p.nameNewFuncs()
	p.findInItself()
	if err := p.readLeftovers(); err != nil {
		return err
	}
	return p.readCode()
}

// readTables reads what the module patches and replaces, in the form that its
// toolchain left.
func (p *parser) readTables() error {
	m := p.m
	if m.Arch == "" {
		m.Patch.Reason = fmt.Sprintf("no kernel supports livepatching on this architecture: %v", p.f.Machine)
		m.Replace = klp.Replace{Kind: klp.KindUnknown, Source: klp.FromNone, FieldSource: klp.FieldAssumed, Reason: m.Patch.Reason}
		return nil
	}
	p.readLayout()
	m.Toolchain = p.toolchain()
	if err := p.readInit(); err != nil {
		return err
	}
	switch m.Toolchain {
	case klp.KpatchBuild:
		if err := p.readKpatch(); err != nil {
			return err
		}
		return p.replaceFromCode()
	case klp.KlpBuild:
		if err := p.readKlpBuild(); err != nil {
			return err
		}
		return p.replaceFromCode()
	}
	return p.readStatic()
}

// place is a byte of a section, by section index.
type place = initcode.Place

// spot makes a place.
func placeAt(section int, off uint64) place { return place{Section: section, Offset: off} }

// at returns the Location of a place, without a symbol.
func (p *parser) at(pl place) klp.Location {
	if pl.Section <= 0 || pl.Section >= len(p.f.Sections) {
		return klp.Location{}
	}
	s := p.f.Sections[pl.Section]
	l := klp.Location{Section: s.Name, Offset: pl.Offset}
	if s.Type != elf.SHT_NOBITS && s.Type != elf.SHT_NULL && pl.Offset <= s.FileSize {
		l.File = int64(s.Offset + pl.Offset)
	}
	return l
}

// spend counts relocations that are looked at in section i.
func (p *parser) spend(i, n int) error {
	if p.work += n; p.work > maxWork {
		return p.fail(place{Section: i}, "more than %d relocations", maxWork)
	}
	return nil
}

// fail makes an error of something that is wrong at a place.
func (p *parser) fail(pl place, format string, args ...any) error {
	l := p.at(pl)
	return &Error{Section: l.Section, Offset: l.File, Err: fmt.Errorf(format, args...)}
}

// step says in which step err was met, keeping its place.
func step(name string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return &Error{Path: e.Path, Section: e.Section, Offset: e.Offset, Err: fmt.Errorf("%s: %w", name, e.Err)}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
