package replace

import (
	"fmt"

	"github.com/klplint/klplint/klp"
)

// vmlinuxRelocations: apply_relocations() hands every section with
// SHF_RELA_LIVEPATCH to klp_apply_section_relocs(), which splits its name and
// applies those of vmlinux at once (5.8 and later).
func (s *System) vmlinuxRelocations(f *findings, p *Livepatch) {
	for i := range p.Module.KlpRelas {
		r := &p.Module.KlpRelas[i]
		_, ignored := KlpRelaDefect(p.Module, r)
		switch {
		case ignored: // not a refusal
		case r.Malformed != "":
			f.refuse("EINVAL", fmt.Sprintf("section %s has an incorrectly formatted name", r.Section), r.Malformed)
		case r.Object == klp.VmlinuxObjectName:
			s.section(f, p, r, nil)
		}
	}
}

// objectRelocations applies the sections of one object that is there:
// klp_apply_object_relocs(), called from klp_init_object_loaded().
func (s *System) objectRelocations(f *findings, p *Livepatch, o *object, loaded *module) {
	for i := range p.Module.KlpRelas {
		r := &p.Module.KlpRelas[i]
		if _, ignored := KlpRelaDefect(p.Module, r); !ignored && r.Malformed == "" && r.Object == o.name {
			s.section(f, p, r, loaded)
		}
	}
}

// section is klp_resolve_symbols() and then apply_relocate_add().
func (s *System) section(f *findings, p *Livepatch, r *klp.KlpRela, loaded *module) {
	for _, x := range r.Foreign {
		f.refuse("EINVAL", fmt.Sprintf("symbol %s is not marked as a livepatch symbol", x.Symbol),
			fmt.Sprintf("section %s relocates against %s, which is not a livepatch symbol", r.Section, x.Symbol))
	}
	for _, i := range r.Symbols {
		if i < 0 || i >= len(p.Module.KlpSyms) {
			continue
		}
		s.symbol(f, r, &p.Module.KlpSyms[i], loaded)
	}
	if p.Module.Arch == klp.X86_64 && len(r.NonZero) > 0 {
		n := r.NonZero[0]
		holds := fmt.Sprintf("%#x", n.Value)
		if n.Relocated {
			holds = "what an ordinary relocation wrote"
		}
		f.refuse("ENOEXEC", "", fmt.Sprintf("section %s: the relocation target %s+%#x already holds %s", r.Section, n.At.Section, n.At.Offset, holds))
	}
}

func (s *System) symbol(f *findings, r *klp.KlpRela, sym *klp.KlpSym, loaded *module) {
	if sym.Malformed != "" {
		f.refuse("EINVAL", fmt.Sprintf("symbol %s has an incorrectly formatted name", sym.Raw), sym.Malformed)
		return
	}
	if sym.Tombstone {
		return
	}
	vmlinux := sym.Object == klp.VmlinuxObjectName
	if vmlinux && r.Object != klp.VmlinuxObjectName {
		const message = "invalid access to vmlinux symbol '%s' from module-specific livepatch relocation section"
		reason := fmt.Sprintf("section %s uses %s", r.Section, sym.Raw)
		switch s.env.Behaviour.RefusesVmlinuxInModuleRela {
		case klp.Yes:
			f.refuse("EINVAL", fmt.Sprintf(message, sym.Name), reason)
		case klp.Unknown:
			f.undecide("vmlinux in module section", reason+"; kernels since 5.8 refuse that", "EINVAL")
		}
	}
	o := &object{name: sym.Object, vmlinux: vmlinux}
	if vmlinux || loaded == nil || loaded.name != sym.Object {
		loaded = s.find(sym.Object)
	}
	s.accept(f, s.lookup(o, loaded).FindSym(sym.Object, sym.Name, sym.Sympos))
}

// accept takes a symbol answer that must be found; it reports whether it is, or
// is taken to be.
func (s *System) accept(f *findings, a klp.SymbolAnswer) bool {
	switch a.Status {
	case klp.SymbolFound, klp.SymbolUntraceable:
		return true
	case klp.SymbolUnknown, "":
		if a.Reason == "" {
			a.Reason = "its symbols are not known"
		}
		f.assume("symbols are found where they are looked up: " + a.Reason)
		return true
	}
	f.add(refusal{Refusal: a.Refusal})
	return false
}
