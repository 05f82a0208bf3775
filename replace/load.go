package replace

import (
	"slices"

	"github.com/klplint/klplint/klp"
)

// LoadOptions are choices at one load.
type LoadOptions struct {
	// Override lists further sets that this load evicts (see Options).
	Override []uint32
}

// Load is insmod of a livepatch module. The checks are made in the kernel's
// order (kernel/module/main.c: load_module(), kernel/livepatch/core.c:
// klp_enable_patch()): format and vermagic; a loaded module of the same name;
// unresolved symbols; klp relocations against vmlinux; what other livepatches
// that patch this very module make of it; then the module's init function.
func (s System) Load(p *Livepatch, o LoadOptions) (System, Decision) {
	if s.crashed {
		return s.dead()
	}
	stalls := s.stalls
	s.stalls = false
	f := &findings{}
	s.loader(f, p)
	self := module{name: p.Name, symbols: ownSymbols(p), patch: p}
	n := s.clone()
	n.loaded = append(n.loaded, self)
	s.moduleComing(f, &self)

	if enablesNothing(p.Module) {
		if failed, d, ok := s.conclude(f); ok {
			return failed, d
		}
		return n, Decision{Outcome: Done, Assumed: append(f.assumed, "its init function never calls klp_enable_patch(): nothing is patched")}
	}
	relations := s.enable(f, &n, p, o)
	if failed, d, ok := s.conclude(f); ok {
		return failed, d
	}
	d, _ := f.failed()
	for i, old := range s.active {
		if relations[i].Evicted {
			d.Replaced = append(d.Replaced, old.Name)
		}
	}
	switch {
	case len(d.Replaced) > 0:
		d.Outcome = Replaces
	case len(s.active) == 0:
		d.Outcome = First
	case s.model.Name() == NameMainline:
		d.Outcome = Stacks
	default:
		d.Outcome = Coexists
	}
	n.active = append(n.active, p)
	if stalls {
		end := d
		n.moving = &transition{patch: p, decision: Decision{Outcome: end.Outcome, Replaced: end.Replaced}, goes: end.Replaced}
		d.Outcome, d.Replaced = Stalled, nil
		return n, d
	}
	for _, old := range d.Replaced {
		n.drop(old)
	}
	ended := &findings{calls: d.Calls}
	n.callAll(ended, p, klp.PostPatch)
	d.Calls = ended.calls
	return n, d
}

// enablesNothing reports whether it is proven that loading the module never
// reaches klp_enable_patch(): there is no init function, or the symbol is not
// among those that the module imports.
func enablesNothing(m *klp.Module) bool {
	if m.Toolchain != klp.Static && m.Toolchain != "" {
		return false
	}
	if m.Init.Missing {
		return true
	}
	return len(m.Init.Enables) == 0 && len(m.Imports) > 0 &&
		!slices.ContainsFunc(m.Imports, func(i klp.Import) bool { return i.Name == "klp_enable_patch" })
}
