package replace

import (
	"fmt"
	"maps"

	"github.com/klplint/klplint/klp"
)

// Hold is another user of ftrace that changes where a function returns to, as a
// kprobe with a post handler does: ftrace lets one such user attach to a function
// (kernel/trace/ftrace.c: __ftrace_hash_update_ipmodify). Livepatches share
// theirs. sympos 0 is the first of the name.
func (s System) Hold(object, name string, sympos uint64) (System, Decision) {
	if s.crashed {
		return s.dead()
	}
	k := functionKey(object, name, sympos)
	if s.patched(k) {
		return s, Decision{Outcome: Refused, Errno: "EBUSY", Reason: fmt.Sprintf("a livepatch has attached to %s", k)}
	}
	n := s.clone()
	n.held = maps.Clone(s.held)
	if n.held == nil {
		n.held = make(map[funcKey]bool)
	}
	n.held[k] = true
	return n, Decision{Outcome: Done}
}

// Release is the end of Hold.
func (s System) Release(object, name string, sympos uint64) (System, Decision) {
	if s.crashed {
		return s.dead()
	}
	k := functionKey(object, name, sympos)
	if !s.held[k] {
		return s, Decision{Outcome: Refused, Errno: "ENOENT", Reason: fmt.Sprintf("nobody else holds %s", k)}
	}
	n := s.clone()
	n.held = maps.Clone(s.held)
	delete(n.held, k)
	return n, Decision{Outcome: Done}
}

// Ftrace is writing to /proc/sys/kernel/ftrace_enabled. It cannot be turned off
// while a livepatch is attached to a function, whose ops are permanent
// (kernel/trace/ftrace.c: is_permanent_ops_registered).
func (s System) Ftrace(on bool) (System, Decision) {
	if s.crashed {
		return s.dead()
	}
	if !on && s.attached() {
		return s, Decision{Outcome: Refused, Errno: "EBUSY", Reason: "a livepatch has attached to a function, which ftrace must go on calling"}
	}
	n := s.clone()
	n.ftraceOff = !on
	return n, Decision{Outcome: Done}
}

func functionKey(object, name string, sympos uint64) funcKey {
	k := funcKey{object: object, name: name, position: max(1, sympos)}
	if object == klp.VmlinuxObjectName {
		k.vmlinux, k.object = true, ""
	}
	return k
}

// patched reports whether an active livepatch is attached to the function.
func (s *System) patched(k funcKey) bool {
	found := false
	s.eachAttached(func(code, name funcKey) bool {
		found = code == k || name == k
		return !found
	})
	return found
}

// attached reports whether any livepatch is attached to a function.
func (s *System) attached() bool {
	any := false
	s.eachAttached(func(funcKey, funcKey) bool {
		any = true
		return false
	})
	return any
}

// eachAttached calls yield with the functions that active livepatches patch, by
// the key of their code and by their names, until it returns false.
func (s *System) eachAttached(yield func(code, name funcKey) bool) {
	for _, p := range s.active {
		for i := range p.objects {
			o := &p.objects[i]
			if !s.present(o) {
				continue
			}
			for j := range o.funcs {
				if !yield(o.codeKey(&o.funcs[j]), o.key(&o.funcs[j])) {
					return
				}
			}
		}
	}
}

// attach is klp_patch_func() for the funcs of an object that is there, in their
// order: ftrace knows no location, or refuses. A function to which a livepatch is
// attached needs no second one.
func (s *System) attach(o *initObject) []refusal {
	var out []refusal
	for i := range o.funcs {
		g := &o.funcs[i]
		if r, ok := o.untraceable[i]; ok {
			out = append(out, r)
			continue
		}
		code, name := o.codeKey(g), o.key(g)
		if g.code == "" {
			code = name // a nop, which patches what a livepatch has patched
		}
		why := ""
		switch {
		case g.null || s.patched(code) || s.patched(name):
		case s.ftraceOff:
			why = "ftrace is turned off (kernel.ftrace_enabled)"
		case s.held[code] || s.held[name]:
			why = "another user of ftrace holds it"
		}
		if why != "" {
			out = append(out, refusal{Refusal: klp.Refusal{
				Errno:   "EBUSY",
				Message: fmt.Sprintf("failed to register ftrace handler for function '%s' (%d)", g.name, errnoNumber("EBUSY")),
				Reason:  fmt.Sprintf("%s: %s", name, why),
			}})
		}
	}
	return out
}
