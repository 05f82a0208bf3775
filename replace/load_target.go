package replace

import (
	"fmt"

	"github.com/klplint/klplint/klp"
)

// TargetModule is a module that is no livepatch, but that livepatches may patch.
type TargetModule struct {
	Name string
	// Symbols answers for the module's own symbols; nil asks Env.Target.
	Symbols Symbols
	// Module is what its file holds, for what the loader checks; nil where there
	// is no file.
	Module *klp.Module
}

// LoadTarget is insmod of an ordinary module: Coming in the kernel's words. Active
// livepatches that have funcs for it are applied while it loads, and one that
// cannot be makes the module's own load fail (kernel/livepatch/core.c:
// klp_module_coming()).
func (s System) LoadTarget(m TargetModule) (System, Decision) {
	if s.crashed {
		return s.dead()
	}
	f := &findings{}
	var checks []klp.Refusal
	if m.Module != nil && s.env.Target != nil {
		checks = s.env.Target.CheckLoad(m.Module)
	}
	s.named(f, m.Name, checks)
	self := module{name: m.Name, symbols: m.Symbols}
	s.moduleComing(f, &self)
	if failed, d, ok := s.conclude(f); ok {
		return failed, d
	}
	d, _ := f.failed()
	d.Outcome = Done
	n := s.clone()
	n.loaded = append(n.loaded, self)
	return n, d
}

// moduleComing is klp_module_coming(): the active livepatches in stacking order, of
// each the first object of that name. Every module that is loaded makes the
// kernel read them all.
func (s *System) moduleComing(f *findings, m *module) {
	if m.name == klp.VmlinuxObjectName {
		f.refuse("EINVAL", "vmlinux.ko: invalid module name", "no module may be named vmlinux")
		return
	}
	// Patches that were applied before one of them fails (klp_cleanup_module_patches_limited).
	var applied []*Livepatch
	var objects []*object
	for _, p := range s.active {
		if freed(p.Module) {
			f.readFreed("the kernel reads the tables of %s, which were in %s and freed after its init function", p)
			return
		}
		for i := range p.objects {
			o := &p.objects[i]
			if !o.vmlinux && o.name == m.name {
				if !s.applyTo(f, p, o, m) {
					for j := range applied {
						s.going(f, applied[j], objects[j])
					}
					return
				}
				applied, objects = append(applied, p), append(objects, o)
				break
			}
		}
	}
}

// going is what a livepatch's callbacks hear of a module that is unloaded.
func (s *System) going(f *findings, p *Livepatch, o *object) {
	if s.Transition() != p.Name {
		f.call(p, o, klp.PreUnpatch, "")
	}
	f.call(p, o, klp.PostUnpatch, "")
}

// applyTo applies one livepatch to a module that is being loaded. It reports
// whether that works.
func (s *System) applyTo(f *findings, p *Livepatch, o *object, m *module) bool {
	before := len(f.refusals)
	refusing := fmt.Sprintf("patch '%s' failed for module '%s', refusing to load module '%s'", p.Name, m.name, m.name)
	obj := &initObject{object: *o, loaded: m}
	inner := &findings{assumed: f.assumed, undecided: f.undecided}
	s.initLoaded(inner, p, obj)
	f.assumed, f.undecided, f.omitted = inner.assumed, inner.undecided, f.omitted+inner.omitted
	for _, r := range inner.refusals {
		r.Reason = fmt.Sprintf("%s cannot be applied to it: %s", p.Name, r.Reason)
		r.more = []string{fmt.Sprintf("failed to initialize patch '%s' for module '%s' (%d)", p.Name, m.name, errnoNumber(r.Errno)), refusing}
		f.add(r)
	}
	failed := len(f.refusals) > before
	if errno := s.prePatchErrno(p, o); !failed && o.callbacks[klp.PrePatch] {
		f.call(p, o, klp.PrePatch, errno)
		failed = errno != ""
	}
	if errno := s.prePatchErrno(p, o); o.callbacks[klp.PrePatch] && errno != "" {
		f.add(refusal{more: []string{refusing}, Refusal: klp.Refusal{
			Errno:   errno,
			Message: fmt.Sprintf("pre-patch callback failed for object '%s'", o.name),
			Reason:  fmt.Sprintf("the pre_patch callback of %s for it returns %s", p.Name, errno),
		}})
	}
	refused := s.attach(obj)
	switch {
	case failed:
	case len(refused) > 0:
		f.call(p, o, klp.PostUnpatch, "")
	case s.Transition() != p.Name:
		f.call(p, o, klp.PostPatch, "")
	}
	for _, r := range refused {
		r.Reason = fmt.Sprintf("%s cannot be applied to it: %s", p.Name, r.Reason)
		r.more = []string{fmt.Sprintf("failed to apply patch '%s' to module '%s' (%d)", p.Name, m.name, errnoNumber(r.Errno)), refusing}
		f.add(r)
	}
	return len(f.refusals) == before
}

// errnoNumber is the negative number that the kernel prints for the errnos of
// this path.
func errnoNumber(name string) int {
	switch name {
	case "ENOENT":
		return -2
	case "ENOEXEC":
		return -8
	case "EEXIST":
		return -17
	case "EBUSY":
		return -16
	}
	return -22
}
