package replace

import (
	"maps"

	"github.com/klplint/klplint/klp"
)

// Call is one callback that runs at a step.
type Call struct {
	Livepatch string // the module's own name
	Kind      klp.CallbackKind
	Object    string // "vmlinux" or the target module's name
	// Errno is what it returns; "" for success, and for all but pre_patch.
	Errno string
}

// refuser is an object of a livepatch whose pre_patch callback refuses.
type refuser struct{ livepatch, object string }

// SetPrePatch returns the system in which the pre_patch callbacks of a livepatch
// return an errno from now on, as a parameter of its module can make them; ""
// for success. object is the one whose callback does, "" for all of them.
func (s System) SetPrePatch(livepatch, object, errno string) System {
	n := s.clone()
	n.prePatch = maps.Clone(s.prePatch)
	if n.prePatch == nil {
		n.prePatch = make(map[refuser]string)
	}
	if object == "" {
		for r := range s.prePatch {
			if r.livepatch == livepatch {
				delete(n.prePatch, r)
			}
		}
	}
	n.prePatch[refuser{livepatch, object}] = errno
	return n
}

// prePatchErrno is what the pre_patch callback of an object returns.
func (s *System) prePatchErrno(p *Livepatch, o *object) string {
	if errno, said := s.prePatch[refuser{p.Name, o.display()}]; said {
		return errno
	}
	if errno, said := s.prePatch[refuser{p.Name, ""}]; said {
		return errno
	}
	return p.PrePatchErrno
}

// call notes a callback where the object has it.
func (f *findings) call(p *Livepatch, o *object, kind klp.CallbackKind, errno string) {
	if o.callbacks[kind] {
		f.calls = append(f.calls, Call{Livepatch: p.Name, Kind: kind, Object: o.display(), Errno: errno})
	}
}

// callAll notes a callback of each object that is there
// (kernel/livepatch/core.c: klp_for_each_object).
func (s *System) callAll(f *findings, p *Livepatch, kind klp.CallbackKind) {
	for i := range p.objects {
		if o := &p.objects[i]; s.present(o) {
			f.call(p, o, kind, "")
		}
	}
}
