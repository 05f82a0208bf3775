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
	// What comes before the look at the module's name is -ENOEXEC throughout.
	early := 0
	for early < len(checks) && checks[early].Errno == "ENOEXEC" {
		f.add(refusal{Refusal: checks[early]})
		early++
	}
	s.sameName(f, p.Name)
	for _, r := range checks[early:] {
		f.add(refusal{Refusal: r})
	}
	licence(f, p, checks)
	s.vmlinuxRelocations(f, p)
}

// sameName: early_mod_check() and add_unformed_module() refuse a second module
// of one name, whether the first is active, disabled or no livepatch at all.
func (s *System) sameName(f *findings, name string) {
	if s.find(name) != nil {
		f.refuse("EEXIST", "", fmt.Sprintf("a module named %s is loaded already", name))
	}
}

// gplCompatible are the licences of include/linux/license.h.
var gplCompatible = []string{"GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"}

// licence: klp_enable_patch() is EXPORT_SYMBOL_GPL, so that it is an unknown
// symbol to a module whose licence is not compatible with the GPL.
func licence(f *findings, p *Livepatch, known []klp.Refusal) {
	m := &p.Module.Modinfo
	if !m.Present || enablesNothing(p.Module) {
		return
	}
	value, ok := m.Get("license")
	if ok && slices.Contains(gplCompatible, value) {
		return
	}
	const message = "Unknown symbol klp_enable_patch (err -2)"
	if slices.ContainsFunc(known, func(r klp.Refusal) bool { return r.Errno == "ENOENT" }) {
		return // the target has said so
	}
	why := fmt.Sprintf("licence %q is not compatible with the GPL", value)
	if !ok {
		why = "the module states no licence"
	}
	f.refuse("ENOENT", p.Name+": "+message, why+", and klp_enable_patch() is exported to GPL modules only")
}
