package elfread

import (
	"debug/elf"
	"strings"

	"github.com/klplint/klplint/klp"
)

// readCallsOld notes calls in a replacement of a symbol that resolves to the
// function it replaces: its entry leads back to the replacement.
func (p *parser) readCallsOld() error {
	named := p.namedOld()
	if len(named) == 0 {
		return nil
	}
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
			if err := p.callsOld(o, f); err != nil {
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

// callsOld searches the code of one replacement, and the parts of it that the
// compiler laid elsewhere (NAME.cold, NAME.part.0).
func (p *parser) callsOld(o *klp.Object, f *klp.Func) error {
	for _, y := range p.syms.defined {
		if y.typ != elf.STT_FUNC || y.size == 0 {
			continue
		}
		name := p.symName(y.index)
		if name != f.New.Symbol && !strings.HasPrefix(name, f.New.Symbol+".") {
			continue
		}
		section := int(y.section)
		if !p.flag(section, elf.SHF_ALLOC|elf.SHF_EXECINSTR) {
			continue
		}
		rs, err := p.allRelocsOf(section)
		if err != nil {
			return err
		}
		if err := p.spend(section, len(rs)); err != nil {
			return err
		}
		for k := search(rs, y.value); k < len(rs) && rs[k].Offset-y.value < y.size; k++ {
			if r := rs[k]; p.isOld(r.Sym, o, f) && p.branch(section, r) && len(f.CallsOld) < maxListed {
				f.CallsOld = append(f.CallsOld, p.locate(placeAt(section, r.Offset)))
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
