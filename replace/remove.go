package replace

import (
	"fmt"
	"slices"
	"strings"

	"github.com/klplint/klplint/klp"
)

// Disable is writing 0 to /sys/kernel/livepatch/NAME/enabled. It works in any
// order. Funcs go back to the livepatch below, or to the original; what the
// livepatch had replaced does not come back. Since 5.1 a disabled livepatch
// cannot be enabled again: its folder is gone (kernel/livepatch/core.c:
// enabled_store()).
func (s System) Disable(name string) (System, Decision) {
	if s.crashed {
		return s.dead()
	}
	stalls := s.stalls
	s.stalls = false
	if !s.isActive(name) {
		why := "it is not loaded"
		switch m := s.find(name); {
		case m != nil && m.patch == nil:
			why = "it is no livepatch"
		case m != nil:
			why = "it was disabled or replaced before, and its folder in sysfs is gone"
		}
		return s, Decision{Outcome: Refused, Errno: "ENOENT", Reason: fmt.Sprintf("%s is not active: %s", name, why)}
	}
	for _, p := range s.active {
		if p.Name == name && freed(p.Module) {
			var f findings
			f.readFreed("%s has its tables in %s, which was freed after its init function", p)
			d, _ := f.failed()
			return s.down(), d
		}
	}
	switch t := s.moving; {
	case t != nil && t.patch.Name != name:
		r, _ := s.busy()
		return s, Decision{Outcome: Refused, Errno: r.Errno, Reason: r.Reason}
	case t != nil && t.unpatches:
		return s, Decision{Outcome: Refused, Errno: "EINVAL", Reason: fmt.Sprintf("%s is being disabled already", name)}
	case t != nil:
		return s.reverse()
	}
	i := slices.IndexFunc(s.active, func(p *Livepatch) bool { return p.Name == name })
	p := s.active[i]
	f := &findings{}
	s.callAll(f, p, klp.PreUnpatch)
	n := s.clone()
	if stalls {
		n.moving = &transition{patch: p, unpatches: true}
		return n, Decision{Outcome: Stalled, Calls: f.calls}
	}
	s.callAll(f, p, klp.PostUnpatch)
	n.drop(name)
	return n, Decision{Outcome: Done, Calls: f.calls}
}

// Unload is rmmod. An active livepatch holds a reference to its own module; a
// replaced or disabled one no longer does. Removing a module that is patched
// reverts its funcs (klp_module_going()) and leaves the livepatch active.
func (s System) Unload(name string) (System, Decision) {
	if s.crashed {
		return s.dead()
	}
	if s.find(name) == nil {
		return s, Decision{Outcome: Refused, Errno: "ENOENT", Reason: fmt.Sprintf("no module named %s is loaded", name)}
	}
	if s.isActive(name) {
		return s, Decision{Outcome: Refused, Errno: "EAGAIN", Reason: fmt.Sprintf("%s is active and in use: disable it first", name)}
	}
	for i := range s.loaded {
		if p := s.loaded[i].patch; p != nil && p.Name != name && dependsOn(p, name) {
			return s, Decision{Outcome: Refused, Errno: "EAGAIN", Reason: fmt.Sprintf("%s is in use by %s, which depends on it", name, p.Name)}
		}
	}
	if p := s.find(name).patch; p != nil && p.Module.Init.NoExit {
		return s, Decision{Outcome: Refused, Errno: "EBUSY", Reason: fmt.Sprintf("%s has no exit function", name)}
	}
	f := &findings{}
	for _, p := range s.active {
		for i := range p.objects {
			// klp_module_going(): of each livepatch the first object of that name.
			if o := &p.objects[i]; !o.vmlinux && o.name == name {
				s.going(f, p, o)
				break
			}
		}
	}
	n := s.clone()
	n.loaded = slices.DeleteFunc(n.loaded, func(m module) bool { return m.name == name })
	return n, Decision{Outcome: Done, Calls: f.calls}
}

// dependsOn reads depends= of .modinfo, the modules whose exports are used.
func dependsOn(p *Livepatch, name string) bool {
	list, _ := p.Module.Modinfo.Get("depends")
	return slices.Contains(strings.Split(list, ","), name)
}

// readFreed notes that the kernel reads tables that are gone. Reason takes the
// livepatch's name and the section. A kernel on which the work item has not run yet,
// or whose TLB still knows the pages, survives it: 6.12 did once in ten times.
func (f *findings) readFreed(reason string, p *Livepatch) {
	f.add(refusal{crash: true, Refusal: klp.Refusal{Reason: fmt.Sprintf(reason, p.Name, p.Module.Patch.At.Section)}})
	f.undecide("freed", "whether the memory is gone by then: a work item gives it back (kernel/module/main.c: do_free_init)", "accepted")
}

// freed reports whether struct klp_patch lies in memory that is given back once
// the module's init function has returned. klp-build's tables may: its init
// code copies them.
func freed(m *klp.Module) bool {
	return m.Toolchain == klp.Static && strings.HasPrefix(m.Patch.At.Section, ".init.")
}
