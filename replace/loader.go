package replace

import (
	"fmt"
	"slices"

	"github.com/klplint/klplint/klp"
)

// loader gathers what load_module() refuses before the module's init function
// runs (kernel/module/main.c).
func (s *System) loader(f *findings, p *Livepatch) {
	var checks []klp.Refusal
	if s.env.Target != nil {
		checks = s.env.Target.CheckLoad(p.Module)
	} else if p.Module.Vermagic.Raw != "" {
		f.assume("the loader's own checks (vermagic, unresolved symbols, CRCs) pass: no kernel was given")
	}
	if errno := SignatureErrno(p.Module); errno != "" {
		f.refuse(errno, "", "the signature is malformed: "+p.Module.SignatureError)
	}
	if p.Module.Symtab.Missing {
		f.refuse("ENOEXEC", p.Name+": module has no symbols (stripped?)", "the module has no symbol table")
	}
	s.named(f, p.Name, checks)
	undefined(f, p, checks)
	licence(f, p, checks)
	if depends, _ := p.Module.Modinfo.Get("depends"); depends != "" {
		f.assume("the modules that it depends on are loaded: " + depends)
	}
	s.vmlinuxRelocations(f, p)
}

// named adds what the loader's own checks refuse, and in its place the look at
// the module's name: what comes before that is -ENOEXEC throughout.
func (s *System) named(f *findings, name string, checks []klp.Refusal) {
	early := 0
	for early < len(checks) && checks[early].Errno == "ENOEXEC" {
		f.add(refusal{Refusal: checks[early]})
		early++
	}
	s.sameName(f, name)
	for _, r := range checks[early:] {
		f.add(refusal{Refusal: r})
	}
}

// sameName: early_mod_check() and add_unformed_module() refuse a second module
// of one name, whether the first is active, disabled or no livepatch at all.
func (s *System) sameName(f *findings, name string) {
	if s.find(name) != nil {
		f.refuse("EEXIST", "", fmt.Sprintf("a module named %s is already loaded", name))
	}
}

// undefined: a livepatch symbol that is undefined instead of SHN_LIVEPATCH is
// looked up among the exports like any other, and so is a symbol of which a
// tool left the index and dropped the name (simplify_symbols()).
func undefined(f *findings, p *Livepatch, known []klp.Refusal) {
	unknown := func(name string) {
		message := fmt.Sprintf("%s: Unknown symbol %s (err -2)", p.Name, name)
		if !slices.ContainsFunc(known, func(r klp.Refusal) bool { return r.Message == message }) {
			f.refuse("ENOENT", message, fmt.Sprintf("symbol %q is undefined, and nothing exports it", name))
		}
	}
	for i := range p.Module.KlpSyms {
		if s := &p.Module.KlpSyms[i]; s.Shndx == 0 && !s.Weak {
			unknown(s.Raw)
		}
	}
	for i := range p.Module.KlpRelas {
		for _, x := range p.Module.KlpRelas[i].Foreign {
			if x.Symbol == "" && x.Shndx == 0 {
				unknown("")
				return
			}
		}
	}
}

// licence: klp_enable_patch() is EXPORT_SYMBOL_GPL, so that it is an unknown
// symbol to a module whose licence is not compatible with the GPL.
func licence(f *findings, p *Livepatch, known []klp.Refusal) {
	m := p.Module
	if !m.Modinfo.Present || enablesNothing(m) || m.GPLCompatible() {
		return
	}
	const message = "Unknown symbol klp_enable_patch (err -2)"
	if slices.ContainsFunc(known, func(r klp.Refusal) bool { return r.Errno == "ENOENT" }) {
		return // the target has said so
	}
	value, ok := m.Modinfo.Get("license")
	why := fmt.Sprintf("licence %q is not compatible with the GPL", value)
	switch {
	case !ok:
		why = "the module has no license entry"
	case m.NameDistrusted():
		why = "the kernel takes every module named " + m.StructName + " for a proprietary one"
	}
	f.refuse("ENOENT", p.Name+": "+message, why+", and klp_enable_patch() is exported to GPL modules only")
}
