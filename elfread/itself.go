package elfread

// findInItself notes the funcs of an object that is called as the livepatch itself
// and that the livepatch has a symbol of: the kernel looks them up there
// (kernel/livepatch/core.c: klp_find_object_module).
func (p *parser) findInItself() {
	var own map[string]bool
	for i := range p.m.Patch.Objects {
		o := &p.m.Patch.Objects[i]
		if o.Name == "" || o.Name != p.m.StructName {
			continue
		}
		if own == nil {
			own = make(map[string]bool, len(p.syms.defined))
			for _, y := range p.syms.defined {
				own[p.symName(y.index)] = true
			}
		}
		for j := range o.Funcs {
			o.Funcs[j].InItself = own[o.Funcs[j].Name]
		}
	}
}
