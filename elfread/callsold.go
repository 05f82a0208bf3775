package elfread

import (
	"debug/elf"
	"strings"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	branch "github.com/klplint/klplint/elfread/internal/initcode/x86"
	"github.com/klplint/klplint/klp"
)

// readCallsOld notes calls in a replacement of a symbol that resolves to the
// function it replaces: its entry leads back to the replacement.
func (p *parser) readCallsOld() error {
	named := p.namedOld()
	if len(named) == 0 {
		return nil
	}
	left := maxFollowedCode
	for i := range p.m.Patch.Objects {
		o := &p.m.Patch.Objects[i]
		for j := range o.Funcs {
			f := &o.Funcs[j]
			if !named[f.Name] || f.New.Null || f.New.Import || !f.New.Start || f.New.Size == 0 {
				continue
			}
			if err := p.spend(p.syms.tab.Section, len(p.syms.defined)); err != nil {
				return err
			}
			if err := p.callsOld(o, f, &left); err != nil {
				return err
			}
		}
	}
	return nil
}

// namedOld returns the patched functions' names that undefined or klp symbols
// have too; nil where there is none, as in nearly every module.
func (p *parser) namedOld() map[string]bool {
	p.indexImports()
	for i := range p.m.KlpSyms {
		p.imports[p.m.KlpSyms[i].Name] = 0
	}
	var named map[string]bool
	for i := range p.m.Patch.Objects {
		for j := range p.m.Patch.Objects[i].Funcs {
			name := p.m.Patch.Objects[i].Funcs[j].Name
			if _, is := p.imports[name]; !is || name == "" {
				continue
			}
			if named == nil {
				named = make(map[string]bool)
			}
			named[name] = true
		}
	}
	return named
}

// maxFollowed bounds how many functions are followed from one replacement, and
// maxFollowedCode how much code is decoded for all of them, in bytes.
const (
	maxFollowed     = 256
	maxFollowedCode = 1 << 20
)

// callsOld searches the code of one replacement, the parts of it that the compiler
// laid elsewhere (NAME.cold, NAME.part.0), and the functions of the module that
// these call.
func (p *parser) callsOld(o *klp.Object, f *klp.Func, left *int) error {
	w := oldCalls{p: p, o: o, f: f, left: left, seen: map[place]bool{}}
	w.follower = branch.Follower{
		Address: w.address,
		Loaded:  w.loaded,
		Content: w.content,
		Name:    func(r ir.Reloc) string { return p.symName(r.Sym) },
		Leads:   func(to uint64) { w.reach(placeAt(w.section, to)) },
		Called:  w.called,
		Passed:  func(ir.Reloc, [6]uint32, branch.Where) {},
		Stored:  func(uint64, uint32, branch.Where) {},
	}
	w.reach(placeAt(p.f.Index(f.New.At.Section), f.New.At.Offset))
	for _, y := range p.syms.defined {
		if y.typ == elf.STT_FUNC && strings.HasPrefix(p.symName(y.index), f.New.Symbol+".") {
			w.reach(placeAt(int(y.section), y.value))
		}
	}
	for n := 0; n < len(w.queue); n++ {
		if err := w.function(w.queue[n]); err != nil {
			return err
		}
	}
	return nil
}

// oldCalls follows one replacement.
type oldCalls struct {
	p        *parser
	o        *klp.Object
	f        *klp.Func
	seen     map[place]bool // functions, by their start
	queue    []symPlace
	left     *int // bytes of maxFollowedCode
	follower branch.Follower
	places   []place // in the module's data, that the code has the address of

	// Of the function that is looked at.
	section int
	own     bool // it is the replacement, or a part of it
}

// reach takes up the function that a place lies in.
func (w *oldCalls) reach(at place) {
	y, ok := w.p.syms.covering(at, elf.STT_FUNC)
	if !ok || y.size == 0 || at.Offset-y.value >= y.size || len(w.queue) == maxFollowed || !w.p.flag(int(y.section), elf.SHF_ALLOC|elf.SHF_EXECINSTR) {
		return
	}
	if start := placeAt(int(y.section), y.value); !w.seen[start] {
		w.seen[start] = true
		w.queue = append(w.queue, y)
	}
}

// The numbers of addresses: the old function's, the same as a variable has it, which
// the module may change, and from there on those of places in the module's data.
const (
	oldAddress uint32 = 1 + iota
	variableOldAddress
	firstPlace
)

// address is what a relocation in code is to.
func (w *oldCalls) address(r ir.Reloc) uint32 {
	if w.p.isOld(r.Sym, w.o, w.f) {
		return oldAddress
	}
	to, ok := w.p.dataTarget(r)
	if !ok || len(w.places) == maxFollowed {
		return 0
	}
	w.places = append(w.places, to)
	return firstPlace + uint32(len(w.places)-1)
}

// content is the address that stands where a relocation in code is to.
func (w *oldCalls) content(r ir.Reloc) uint32 {
	switch elf.R_X86_64(r.Type) {
	case elf.R_X86_64_GOTPCREL, elf.R_X86_64_GOTPCRELX, elf.R_X86_64_REX_GOTPCRELX:
		return w.address(r)
	}
	if to, ok := w.p.dataTarget(r); ok {
		return w.word(to)
	}
	return 0
}

// loaded is the address that stands at a distance from the place of a number.
func (w *oldCalls) loaded(address uint32, disp int64) uint32 {
	if address < firstPlace {
		return 0
	}
	at := w.places[address-firstPlace]
	at.Offset += uint64(disp)
	return w.word(at)
}

// word tells whether the address of the old function stands in a place of the
// module's data.
func (w *oldCalls) word(at place) uint32 {
	rs, err := w.p.allRelocsOf(at.Section)
	if err != nil {
		return 0
	}
	i := search(rs, at.Offset)
	switch {
	case i == len(rs) || rs[i].Offset != at.Offset || rs[i].Type != uint32(elf.R_X86_64_64) || !w.p.isOld(rs[i].Sym, w.o, w.f):
		return 0
	case w.p.flag(at.Section, elf.SHF_WRITE):
		return variableOldAddress
	}
	return oldAddress
}

// called takes up a call through a register, or memory.
func (w *oldCalls) called(at uint64, address uint32) {
	switch address {
	case oldAddress:
		w.add(at)
	case variableOldAddress:
		w.note(&w.f.PointsToOld, at)
	}
}

// add notes a call of the old function.
func (w *oldCalls) add(at uint64) {
	if w.own {
		w.note(&w.f.CallsOld, at)
	} else {
		w.note(&w.f.LeadsToOld, at)
	}
}

func (w *oldCalls) note(list *[]klp.Location, at uint64) {
	if len(*list) < maxListed {
		*list = append(*list, w.p.locate(placeAt(w.section, at)))
	}
}

func (w *oldCalls) function(y symPlace) error {
	p := w.p
	w.section = int(y.section)
	name := p.symName(y.index)
	w.own = placeAt(w.section, y.value) == placeAt(p.f.Index(w.f.New.At.Section), w.f.New.At.Offset) || strings.HasPrefix(name, w.f.New.Symbol+".")
	rs, err := p.allRelocsOf(w.section)
	if err != nil {
		return err
	}
	if err := p.spend(w.section, len(rs)); err != nil {
		return err
	}
	first := search(rs, y.value)
	last := first
	for ; last < len(rs) && rs[last].Offset-y.value < y.size; last++ {
		r := rs[last]
		if !p.branch(w.section, r) {
			continue
		}
		if p.isOld(r.Sym, w.o, w.f) {
			w.add(r.Offset)
		} else if to, ok := p.branchTarget(r); ok {
			w.reach(to)
		}
	}
	if p.m.Arch != klp.X86_64 {
		return nil
	}
	at := placeAt(w.section, y.value)
	if code := p.codeAt(at, y.size); len(code) <= *w.left {
		*w.left -= len(code)
		w.follower.Function(code, y.value, rs[first:last])
	}
	return w.alternatives(at, y.size)
}

// branchTarget is the place in the module that a call or a jump leads to.
func (p *parser) branchTarget(r ir.Reloc) (place, bool) {
	if p.m.Arch == klp.X86_64 {
		r.Addend += 4 // the distance counts from the end of the instruction
	}
	return p.reaches(r)
}

// dataTarget is the place of the module's data that a relocation in code leads to.
func (p *parser) dataTarget(r ir.Reloc) (place, bool) {
	if r.Type == uint32(elf.R_X86_64_PC32) {
		r.Addend += 4 // the distance counts from the end of the instruction
	}
	to, ok := p.reaches(r)
	return to, ok && p.flag(to.Section, elf.SHF_ALLOC) && !p.flag(to.Section, elf.SHF_EXECINSTR)
}

// alternatives looks at the instructions that may replace some of a function.
func (w *oldCalls) alternatives(from place, size uint64) error {
	p := w.p
	if p.sec.altinstructions == 0 {
		return nil
	}
	spans, err := p.alternatives()
	if err != nil {
		return err
	}
	for _, s := range spans {
		if s.from.Section != from.Section || s.from.Offset-from.Offset >= size || s.with.Section == 0 {
			continue
		}
		rs, err := p.allRelocsOf(s.with.Section)
		if err != nil {
			return err
		}
		if err := p.spend(s.with.Section, len(rs)); err != nil {
			return err
		}
		for k := search(rs, s.with.Offset); k < len(rs) && rs[k].Offset-s.with.Offset < s.withSize; k++ {
			if p.isOld(rs[k].Sym, w.o, w.f) && p.branch(s.with.Section, rs[k]) {
				w.add(s.from.Offset)
			}
		}
	}
	return nil
}

// isOld reports whether a symbol resolves to the function that f replaces, as
// far as names tell.
func (p *parser) isOld(sym uint32, o *klp.Object, f *klp.Func) bool {
	y, ok := p.sym(sym)
	if !ok {
		return false
	}
	switch y.Shndx {
	case uint16(elf.SHN_UNDEF):
		return p.symName(sym) == f.Name
	case klp.SHNLivepatch:
		if n := p.klpSymOf(int(sym)); n >= 0 {
			k := &p.m.KlpSyms[n]
			return k.Name == f.Name && k.Object == o.Name && max(1, k.Sympos) == f.Position()
		}
	}
	return false
}
