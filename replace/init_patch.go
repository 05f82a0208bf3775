package replace

import (
	"fmt"
	"strings"

	"github.com/klplint/klplint/klp"
)

// initObject is an object while klp_init_patch() works on it: those of the
// tables with the nops appended, then those that exist for nops alone.
type initObject struct {
	object
	nops    int  // how many of funcs, at the end, are nops
	dynamic bool // made for nops
	loaded  *module
	there   bool
	// untraceable are refusals that come only when the object is patched, by the
	// position of the func.
	untraceable map[int]refusal
}

// initPatch is klp_init_patch(): the nops for what is replaced, then each
// object in turn. s has the new module among the loaded ones.
func (s *System) initPatch(f *findings, p *Livepatch, active []*Livepatch, relations []Relation) []*initObject {
	objs := make([]*initObject, 0, len(p.objects))
	for i := range p.objects {
		objs = append(objs, &initObject{object: p.objects[i]})
	}
	objs = s.addNops(f, p, objs, active, relations)

	taken := s.attributes()
	for _, o := range objs {
		s.initObject(f, p, o, taken)
	}
	return objs
}

// addNops is klp_add_nops(): for each func of each livepatch that goes and
// that the new one does not list, a func that runs the original code. Nops of
// earlier transitions are gone by then (klp_discard_nops()).
func (s *System) addNops(f *findings, p *Livepatch, objs []*initObject, active []*Livepatch, relations []Relation) []*initObject {
	type ref struct {
		vmlinux bool
		name    string
	}
	// klp_find_object() returns the first of equal objects.
	index := make(map[ref]*initObject, len(objs))
	find := make(map[*initObject]*nopIndex)
	for _, o := range objs {
		r := ref{o.vmlinux, o.name}
		if index[r] == nil {
			index[r] = o
		}
	}
	for i, old := range active {
		if !relations[i].Evicted {
			continue
		}
		for k := range old.objects {
			oo := &old.objects[k]
			r := ref{oo.vmlinux, oo.name}
			o := index[r]
			if o == nil {
				o = &initObject{object: object{name: oo.name, vmlinux: oo.vmlinux}, dynamic: true}
				index[r] = o
				objs = append(objs, o)
			}
			x := find[o]
			if x == nil {
				x = newNopIndex(o)
				find[o] = x
			}
			for j := range oo.funcs {
				s.addNop(f, p, o, x, &oo.funcs[j], old.Name)
			}
		}
	}
	return objs
}

// nopIndex answers klp_find_func() over one object without walking it.
type nopIndex struct {
	exact map[fn]int // position of the first func with this name and sympos
	null  int        // position of the first NULL name; -1 without one
}

func newNopIndex(o *initObject) *nopIndex {
	x := &nopIndex{exact: make(map[fn]int, len(o.funcs)), null: -1}
	o.funcs = o.funcs[:len(o.funcs):len(o.funcs)] // the livepatch keeps its own
	for i := range o.funcs {
		g := &o.funcs[i]
		if g.null {
			if x.null < 0 {
				x.null = i
			}
			continue
		}
		x.put(g, i)
	}
	return x
}

func (x *nopIndex) put(g *fn, at int) {
	k := fn{name: g.name, sympos: g.sympos}
	if _, ok := x.exact[k]; !ok {
		x.exact[k] = at
	}
}

// first returns the position of the first func with the name and one of the
// positions; -1 without one.
func (x *nopIndex) first(name string, sympos ...uint64) int {
	at := -1
	for _, n := range sympos {
		if i, ok := x.exact[fn{name: name, sympos: n}]; ok && (at < 0 || i < at) {
			at = i
		}
	}
	return at
}

// addNop is one turn of klp_add_object_nops()'s loop.
func (s *System) addNop(f *findings, p *Livepatch, o *initObject, x *nopIndex, old *fn, from string) {
	at := x.first(old.name, old.sympos)
	if old.sympos <= 1 {
		either := x.first(old.name, 0, 1)
		switch {
		case s.env.Behaviour.Sympos01 == klp.Yes:
			at = either
		case at < 0 && either >= 0 && s.env.Behaviour.Sympos01 == klp.Unknown:
			f.undecide("sympos01", fmt.Sprintf("whether this kernel treats sympos 0 and 1 as the same function when it replaces (\"livepatch: Match old_sympos 0 and 1 in klp_find_func()\"): %s has %d for %s:%s, the new livepatch %d; --assume-fix sympos01 says that it does",
				from, old.sympos, o.display(), old.name, 1-old.sympos), "EEXIST")
			at = either
		}
	}
	if x.null >= 0 && (at < 0 || x.null < at) {
		s.nullCrash(f, p, &o.object, x.null, "looking for the funcs of "+from)
	}
	if at >= 0 {
		return
	}
	g := fn{name: old.name, sympos: old.sympos}
	x.put(&g, len(o.funcs))
	o.funcs = append(o.funcs, g)
	o.nops++
}

// attributes are the names that sysfs has in a livepatch's folder already, when
// its objects are added.
func (s *System) attributes() map[string]bool {
	taken := make(map[string]bool)
	for _, name := range s.env.Behaviour.SysfsAttributes {
		taken[name] = true
	}
	if s.model.Name() != NameMainline { // the series renames the one and drops the other
		delete(taken, "replace")
		delete(taken, "stack_order")
		taken["replace_set"] = true
	}
	return taken
}

// initObject is klp_init_object(): the limit of the name, its folder in sysfs,
// its funcs, and for an object that is there the look-ups.
func (s *System) initObject(f *findings, p *Livepatch, o *initObject, taken map[string]bool) {
	if !o.vmlinux && len(o.name) >= klp.ModuleNameLen {
		f.refuse("EINVAL", "", fmt.Sprintf("the object name %s has %d bytes, the limit is %d", o.name, len(o.name), klp.ModuleNameLen-1))
	}
	name := sysfsName(o.display())
	switch {
	case name == "":
		f.refuse("EINVAL", "", "an object has an empty name, which sysfs refuses")
	case taken[name]:
		s.duplicate(f, p.Name+"/"+name, fmt.Sprintf("two entries named %s in the livepatch's sysfs directory%s", name, why(o)))
	}
	taken[name] = true
	s.initFuncs(f, p, o, name)
	if o.vmlinux {
		o.there = true
	} else if o.loaded = s.find(o.name); o.loaded != nil {
		o.there = true
	} else if !o.dynamic && o.name != klp.VmlinuxObjectName {
		f.assume("modules that were not loaded in an earlier step are absent; their funcs are patched when they are loaded")
	}
	if o.there {
		s.initLoaded(f, p, o)
	}
}

func why(o *initObject) string {
	if o.dynamic {
		return "; one of them is needed to revert funcs of a replaced livepatch"
	}
	return ""
}

// sysfsName is what kobject_add() makes of a name.
func sysfsName(name string) string { return strings.ReplaceAll(name, "/", "!") }

// duplicate is a kobject_add() that fails with -EEXIST, which insmod may see
// under another name (kernel/module/main.c: do_init_module()).
func (s *System) duplicate(f *findings, path, reason string) {
	errno := "EEXIST"
	if known := s.env.Behaviour.InitEEXIST; len(known) > 0 {
		errno = known[0]
		if len(known) > 1 {
			f.undecide("EEXIST", "which errno insmod sees when a module's init function fails with EEXIST on this kernel", known[1])
		}
	}
	f.refuse(errno, fmt.Sprintf("sysfs: cannot create duplicate filename '/kernel/livepatch/%s'", path), reason)
}

// initFuncs is klp_init_func() for each func, nops last.
func (s *System) initFuncs(f *findings, p *Livepatch, o *initObject, folder string) {
	seen := make(map[string]bool, len(o.funcs))
	for i := range o.funcs {
		g := &o.funcs[i]
		nop := i >= len(o.funcs)-o.nops
		limit := s.env.Behaviour.KsymNameLen
		switch {
		case g.null && s.env.Behaviour.NullNameCrashes == klp.No:
			continue // refused already
		case g.null:
			f.refuse("EINVAL", "", nullName(&o.object, i))
			continue
		case g.newNull && !nop:
			f.refuse("EINVAL", "", fmt.Sprintf("%s:%s has no replacement function", o.display(), g.name))
			continue
		case limit > 0 && len(g.name) >= limit:
			f.refuse("EINVAL", "", fmt.Sprintf("the name of a func of %s has %d bytes, the limit is %d", o.display(), len(g.name), limit-1))
			continue
		}
		entry := fmt.Sprintf("%s,%d", sysfsName(g.name), max(1, g.sympos))
		if seen[entry] {
			reason := fmt.Sprintf("%s:%s is listed twice", o.display(), entry)
			if nop {
				reason = fmt.Sprintf("the new livepatch and the one it replaces list %s:%s by different sympos, 0 and 1", o.display(), g.name)
			}
			s.duplicate(f, p.Name+"/"+folder+"/"+entry, reason)
		}
		seen[entry] = true
	}
}

// initLoaded is klp_init_object_loaded(): klp relocations of a module, then the
// look-up of every func.
func (s *System) initLoaded(f *findings, p *Livepatch, o *initObject) {
	if !o.vmlinux {
		s.objectRelocations(f, p, &o.object, o.loaded)
	}
	symbols := s.lookup(&o.object, o.loaded)
	for i := range o.funcs {
		g := &o.funcs[i]
		switch {
		case g.null:
			continue
		case g.name == "":
			// No symbol has an empty name, whoever's symbols they are.
			f.refuse("EINVAL", "symbol '' not found in symbol table", fmt.Sprintf("the name of func %d of %s is empty", i+1, o.display()))
			continue
		}
		a := symbols.FindFunc(o.display(), g.name, g.sympos)
		if s.accept(f, a) && a.Status == klp.SymbolUntraceable {
			if o.untraceable == nil {
				o.untraceable = make(map[int]refusal)
			}
			o.untraceable[i] = refusal{Refusal: a.Refusal}
		}
	}
}

// patchObjects is __klp_enable_patch(): for each object that is there its
// pre_patch callback, then ftrace for each func.
func (s *System) patchObjects(f *findings, p *Livepatch, objs []*initObject) {
	if r, busy := s.busy(); busy {
		f.add(refusal{Refusal: r})
	}
	var called []*object // klp_cancel_transition() ends with their post_unpatch
	cancelled := len(f.refusals) > 0
	failed := fmt.Sprintf("failed to enable patch '%s'", p.Name)
	for _, o := range objs {
		if !o.there {
			continue
		}
		errno := ""
		if o.callbacks[klp.PrePatch] {
			errno = s.prePatchErrno(p, &o.object)
		}
		if !cancelled {
			f.call(p, &o.object, klp.PrePatch, errno)
			if errno == "" {
				called = append(called, &o.object)
			}
		}
		if errno != "" {
			f.add(refusal{more: []string{failed}, Refusal: klp.Refusal{
				Errno:   errno,
				Message: fmt.Sprintf("pre-patch callback failed for object '%s'", o.display()),
				Reason:  fmt.Sprintf("the pre_patch callback of object %s returns %s", o.display(), errno),
			}})
		}
		for _, r := range s.attach(o) {
			r.more = []string{fmt.Sprintf("failed to patch object '%s'", o.display()), failed}
			f.add(r)
		}
		if !cancelled && len(f.refusals) > 0 {
			cancelled = true
			for _, o := range called {
				f.call(p, o, klp.PostUnpatch, "")
			}
		}
	}
}
