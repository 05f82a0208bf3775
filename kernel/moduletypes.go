package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cilium/ebpf/btf"

	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

// allTypes is a kernel's BTF, read when it is first asked for.
type allTypes struct {
	once sync.Once
	mu   sync.Mutex // the library reads types as they are asked for
	kernelTypes
	err error
}

// kernelTypes is a kernel's BTF, and the layouts in it that were asked for.
type kernelTypes struct {
	spec  *btf.Spec
	next  uint32                              // the id behind its last type
	named map[string]map[string][]*typeLayout // by kind and name
}

func newKernelTypes(spec *btf.Spec, next uint32) kernelTypes {
	return kernelTypes{spec: spec, next: next, named: map[string]map[string][]*typeLayout{"struct": {}, "union": {}, "enum": {}, "typedef": {}}}
}

// layouts returns the layouts of the types of a name and a kind.
func (t *kernelTypes) layouts(name []byte, kind string) []*typeLayout {
	list, known := t.named[kind][string(name)]
	if !known {
		types, err := t.spec.AnyTypesByName(string(name))
		if err != nil {
			return nil // not kept: modules may have any number of names of their own
		}
		for _, is := range types {
			if l, ok := layoutOfType(is); ok && l.kind == kind {
				list = append(list, l)
			}
		}
		t.named[kind][string(name)] = list
	}
	return list
}

// ModuleTypes is the types that a module describes, beside its kernel's. It belongs
// to one goroutine.
type ModuleTypes struct {
	kernel *Kernel
	module *klp.Module

	opened bool
	err    error
	spec   *btf.Spec   // of the module's BTF
	debug  *debugTypes // of a module without
	protos *madeTypes  // by debug: prototypes alone
}

// TypesOf returns what a module describes of its types. They are read when they are
// asked for.
func (k *Kernel) TypesOf(m *klp.Module) *ModuleTypes { return &ModuleTypes{kernel: k, module: m} }

// ErrNoTypes says that nothing tells the kernel's types.
var ErrNoTypes = errors.New("the kernel's BTF")

// ErrNoModuleTypes says that a module has neither BTF nor debug information that
// could be read.
var ErrNoModuleTypes = errors.New("the module's BTF or debug information")

// ErrUndescribed says that a module's BTF or debug information does not tell the types
// of some of its replacements: of units that were compiled without, or with
// declarations alone (gcc -femit-struct-debug-baseonly).
var ErrUndescribed = errors.New("the module's BTF or debug information of all replacements")

// ErrOtherBase says that a module's BTF builds on that of another kernel.
var ErrOtherBase = errors.New("the kernel's BTF that the module's was built against, which this kernel's is not")

// withTypes calls do with the kernel's types, one caller at a time. A panic of
// the library is an error.
func (k *Kernel) withTypes(do func(*kernelTypes) error) (err error) {
	t := &k.allTypes
	t.once.Do(func() {
		var spec *btf.Spec
		var next uint32
		spec, next, t.err = k.loadTypes()
		t.kernelTypes = newKernelTypes(spec, next)
	})
	if t.err != nil {
		return t.err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("BTF: %v", r)
		}
	}()
	return do(&t.kernelTypes)
}

func (k *Kernel) loadTypes() (spec *btf.Spec, next uint32, err error) {
	defer func() {
		if r := recover(); r != nil {
			spec, next, err = nil, 0, fmt.Errorf("BTF: %v", r)
		}
	}()
	if k.types.raw == nil {
		return nil, 0, ErrNoTypes
	}
	raw := k.types.raw()
	if raw == nil {
		return nil, 0, ErrNoTypes
	}
	return readKernelTypes(raw)
}

// open finds out what tells the module's types, for do of withTypes.
func (o *ModuleTypes) open(kernel *kernelTypes) error {
	if o.opened {
		return o.err
	}
	o.opened = true
	switch m := o.module; {
	case m.BTF != nil && m.BTF.Data != nil:
		o.spec, o.err = typesOfBTF(m, kernel.spec, kernel.next)
	case m.Debug != nil && m.Debug.Reason == "":
		o.debug = newDebugTypes(m)
	case m.Debug != nil:
		o.err = fmt.Errorf("%w: %s", ErrNoModuleTypes, m.Debug.Reason)
	default:
		o.err = ErrNoModuleTypes
	}
	return o.err
}

// all returns all types of the module; nil where it is known without them that
// none differs from the kernel's.
func (o *ModuleTypes) all(kernel *kernelTypes) ([]btf.Type, error) {
	if o.debug != nil {
		if differ, err := o.debug.differ(kernel); err != nil || !differ {
			return nil, wrapDebug(err)
		}
		var err error
		if o.protos, err = o.debug.types(true); err != nil {
			return nil, wrapDebug(err)
		}
		return o.protos.all, nil
	}
	var types []btf.Type
	for t, err := range o.spec.All() {
		if err != nil {
			return nil, wrapDebug(err)
		}
		types = append(types, t)
	}
	return types, nil
}

// undescribed is the error that names replacements whose types are not told; nil where
// all are.
func (o *ModuleTypes) undescribed() error {
	var missing []string
	if o.debug != nil {
		missing = o.debug.undescribed()
	} else {
		missing = o.notInBTF()
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	missing = slices.Compact(missing)
	others := ""
	if n := len(missing) - maxUndescribed; n > 0 {
		missing, others = missing[:maxUndescribed], fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("%w: there is none of %s%s", ErrUndescribed, strings.Join(missing, ", "), others)
}

// maxUndescribed bounds how many replacements an error names.
const maxUndescribed = 3

// notInBTF are the replacements that the module's BTF has no function for. One that the
// compiler made a part of its own has the name up to the point there.
func (o *ModuleTypes) notInBTF() []string {
	var missing []string
	for i := range o.module.Patch.Objects {
		for j := range o.module.Patch.Objects[i].Funcs {
			f := &o.module.Patch.Objects[i].Funcs[j].New
			if f.Symbol == "" || f.Import {
				continue
			}
			types, err := o.spec.AnyTypesByName(names.FuncBase(f.Symbol))
			if err != nil || !slices.ContainsFunc(types, func(t btf.Type) bool { _, ok := t.(*btf.Func); return ok }) {
				missing = append(missing, f.Symbol)
			}
		}
	}
	return missing
}

func wrapDebug(err error) error {
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoModuleTypes, err)
	}
	return nil
}

// prototype returns what a replacement takes and returns; nil where that is not
// known.
func (o *ModuleTypes) prototype(name string) (*btf.FuncProto, error) {
	if o.debug == nil {
		return prototypeOf(o.spec, name), nil
	}
	if o.protos == nil {
		var err error
		if o.protos, err = o.debug.types(false); err != nil {
			return nil, wrapDebug(err)
		}
	}
	return onePrototype(o.protos.funcs[name]), nil
}

// typesOfBTF reads a module's BTF on top of its base: the one it brings, else
// the kernel's.
func typesOfBTF(m *klp.Module, kernel *btf.Spec, next uint32) (*btf.Spec, error) {
	base := kernel
	if m.BTF.Base != nil {
		var err error
		base, next, err = readTypes(m.BTF.Base, 1, func() (*btf.Spec, error) { return btf.LoadSpecFromReader(bytes.NewReader(m.BTF.Base)) })
		if err != nil {
			return nil, fmt.Errorf("%w: .BTF.base: %w", ErrNoModuleTypes, err)
		}
	}
	spec, _, err := readTypes(m.BTF.Data, next, func() (*btf.Spec, error) {
		return btf.LoadSplitSpecFromReader(bytes.NewReader(m.BTF.Data), base)
	})
	switch {
	case errors.Is(err, errNested):
		return nil, fmt.Errorf("%w: %w", ErrNoModuleTypes, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrOtherBase, err)
	}
	// Types and strings are counted on from the base's. On another base the
	// replacements' names come out shifted, or name no functions.
	for i := range m.Patch.Objects {
		for j := range m.Patch.Objects[i].Funcs {
			f := &m.Patch.Objects[i].Funcs[j]
			if f.New.Symbol == "" || f.New.Import {
				continue
			}
			if proto := prototypeOf(spec, f.New.Symbol); proto != nil {
				return spec, nil
			}
		}
	}
	return nil, ErrOtherBase
}

// prototypeOf returns what a function of the name takes and returns; nil where
// no function has the name, or several that differ.
func prototypeOf(spec *btf.Spec, name string) *btf.FuncProto {
	types, err := spec.AnyTypesByName(name)
	if err != nil {
		return nil
	}
	var all []*btf.FuncProto
	for _, t := range types {
		if f, ok := t.(*btf.Func); ok {
			p, ok := f.Type.(*btf.FuncProto)
			if !ok {
				return nil
			}
			all = append(all, p)
		}
	}
	return onePrototype(all)
}

// onePrototype returns the prototype of several functions of a name; nil where
// they differ, or there is none.
func onePrototype(all []*btf.FuncProto) *btf.FuncProto {
	if len(all) == 0 {
		return nil
	}
	for _, p := range all[1:] {
		if declaration(p, "") != declaration(all[0], "") {
			return nil
		}
	}
	return all[0]
}
