package elfread

import (
	"bytes"
	"debug/elf"

	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/klp"
)

// nameOffset is where struct module keeps its name on 64-bit kernels: behind
// the state and a list_head (include/linux/module.h; unchanged since 2.6).
const nameOffset = 24

// readThisModule reads what struct module says for itself, as the loader sees
// it: its size and its name.
func (p *parser) readThisModule() error {
	i := p.sec.thisModule
	p.m.ThisModuleSize = p.f.Sections[i].FileSize
	if i == 0 || p.f.Sections[i].Type == elf.SHT_NOBITS {
		return nil
	}
	data, err := p.f.Data(i)
	if err != nil {
		return err
	}
	if len(data) < nameOffset+klp.ModuleNameLen {
		return nil
	}
	name := data[nameOffset : nameOffset+klp.ModuleNameLen]
	if n := bytes.IndexByte(name, 0); n >= 0 {
		name = name[:n]
	}
	p.m.StructName = string(name)
	if p.m.Name == "" {
		p.m.Name = p.m.StructName
	}
	return nil
}

// initPointer finds the relocation of struct module's init member. modpost
// writes two at most, .init = init_module and .exit = cleanup_module, in this
// order in the struct.
func (p *parser) initPointer() (pointer, error) {
	rs, err := p.relocsOf(p.sec.thisModule)
	if err != nil {
		return pointer{null: true}, err
	}
	var found []ir.Reloc
	for _, r := range rs {
		if r.Type == p.arch.pointer {
			found = append(found, r)
		}
	}
	for _, r := range found {
		if y, ok := p.sym(r.Sym); ok && string(p.syms.tab.Name(y)) == "init_module" {
			p.m.Init.NoExit = len(found) == 1
			return p.target(place{Section: p.sec.thisModule, Offset: r.Offset}, r)
		}
	}
	if len(found) == 0 {
		return pointer{null: true}, nil
	}
	if y, ok := p.sym(found[0].Sym); ok && len(found) == 1 && string(p.syms.tab.Name(y)) == "cleanup_module" {
		return pointer{null: true}, nil
	}
	return p.target(place{Section: p.sec.thisModule, Offset: found[0].Offset}, found[0])
}
