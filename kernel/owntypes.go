package kernel

import (
	"github.com/cilium/ebpf/btf"

	"github.com/klplint/klplint/klp"
)

// namesakes are a type of a module and one of the kernel that has its name and
// is of its kind.
type namesakes struct{ module, kernel btf.Type }

// maxTypePairs bounds how many pairs of types ownTypes follows. Headers of the
// kernel describe some thirty thousand.
const maxTypePairs = 1 << 18

// ownTypes tells which of the pairs that differ are one type, changed: where the
// module's stands, the kernel has its own. That is so
//
//   - in the parameters and the result of a function of vmlinux and of its
//     replacement, at the same place;
//   - in those of a function of vmlinux that the module calls;
//   - in a member of a type that module and kernel have alike, or that is one type
//     itself: in the member of the same name.
//
// The name alone tells nothing, nor do names of members: drivers copy from each
// other (struct bictcp of tcp_bic.c and tcp_cubic.c).
func (o *ModuleTypes) ownTypes(spec *btf.Spec, same []namesakes, different []layoutPair) (map[namesakes]bool, error) {
	w := pairWalk{seen: make(map[namesakes]bool)}
	for i := range o.module.Patch.Objects {
		object := &o.module.Patch.Objects[i]
		if object.Name != klp.VmlinuxObjectName {
			continue
		}
		for j := range object.Funcs {
			is, err := o.prototype(object.Funcs[j].New.Symbol)
			if err != nil {
				return nil, err
			}
			was := prototypeOf(spec, object.Funcs[j].Name)
			if is != nil && was != nil {
				w.push(is, was)
			}
		}
	}
	for _, p := range same {
		w.push(p.module, p.kernel)
	}
	taken := make(map[btf.Type]bool) // by the functions that it calls
	for _, name := range called(o.module) {
		if p := prototypeOf(spec, name); p != nil {
			taken[pointedTo(p.Return)] = true
			for _, param := range p.Params {
				taken[pointedTo(param.Type)] = true
			}
		}
	}
	for i := range different {
		if p := different[i].namesakes; taken[p.kernel] {
			w.push(p.module, p.kernel)
		}
	}
	w.follow()
	return w.seen, nil
}

// called are the names of the functions that the module takes from vmlinux,
// and of what else it takes from anywhere.
func called(m *klp.Module) []string {
	names := make([]string, 0, len(m.Imports)+len(m.KlpSyms))
	for i := range m.Imports {
		names = append(names, m.Imports[i].Name)
	}
	for i := range m.KlpSyms {
		if s := &m.KlpSyms[i]; s.Object == klp.VmlinuxObjectName {
			names = append(names, s.Name)
		}
	}
	return names
}

// onlyVmlinux reports whether a livepatch replaces functions of vmlinux alone:
// then the private types that its source files define are vmlinux's.
func onlyVmlinux(m *klp.Module) bool {
	for i := range m.Patch.Objects {
		if m.Patch.Objects[i].Name != klp.VmlinuxObjectName {
			return false
		}
	}
	return true
}

// pairWalk follows two types side by side.
type pairWalk struct {
	seen  map[namesakes]bool
	queue []namesakes
}

func (w *pairWalk) push(module, kernel btf.Type) {
	p := namesakes{pointedTo(module), pointedTo(kernel)}
	if !w.seen[p] && len(w.seen) < maxTypePairs && p.module.TypeName() == p.kernel.TypeName() {
		w.seen[p] = true
		w.queue = append(w.queue, p)
	}
}

func (w *pairWalk) follow() {
	for len(w.queue) > 0 {
		p := w.queue[len(w.queue)-1]
		w.queue = w.queue[:len(w.queue)-1]
		if is, ok := p.module.(*btf.FuncProto); ok {
			if was, ok := p.kernel.(*btf.FuncProto); ok {
				w.push(is.Return, was.Return)
				for i := range min(len(is.Params), len(was.Params)) {
					w.push(is.Params[i].Type, was.Params[i].Type)
				}
			}
			continue
		}
		is, hasMembers := layoutOfType(p.module)
		was, hasToo := layoutOfType(p.kernel)
		if !hasMembers || !hasToo {
			continue
		}
		index := was.places()
		for _, m := range is.members {
			if i, ok := index[m.name]; ok && m.of != nil && was.members[i].of != nil {
				w.push(m.of, was.members[i].of)
			}
		}
	}
}

// pointedTo is what pointers, arrays, typedefs and qualifiers lead to.
func pointedTo(t btf.Type) btf.Type {
	for range maxTypeDepth {
		switch is := btf.UnderlyingType(t).(type) {
		case *btf.Pointer:
			t = is.Target
		case *btf.Array:
			t = is.Type
		default:
			return is
		}
	}
	return t
}
