package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/cilium/ebpf/btf"

	"github.com/klplint/klplint/klp"
)

// allTypes is a kernel's BTF, read when it is first asked for.
type allTypes struct {
	once sync.Once
	mu   sync.Mutex // the library reads types as they are asked for
	spec *btf.Spec
	err  error

	// Of the module that was asked about last: each of its funcs has a question.
	own *moduleSpec
}

// moduleSpec is the types of one module.
type moduleSpec struct {
	module *klp.Module
	spec   *btf.Spec
	err    error
}

// ErrNoTypes says that nothing tells the kernel's types.
var ErrNoTypes = errors.New("the kernel's BTF")

// ErrNoModuleTypes says that a module has neither BTF nor debug information that
// could be read.
var ErrNoModuleTypes = errors.New("the module's BTF or debug information")

// ErrOtherBase says that a module's BTF builds on that of another kernel.
var ErrOtherBase = errors.New("the kernel's BTF that the module's was built against, which this kernel's is not")

// withTypes calls do with the kernel's types, one caller at a time. A panic of
// the library is an error.
func (k *Kernel) withTypes(do func(*btf.Spec) error) (err error) {
	t := &k.allTypes
	t.once.Do(func() { t.spec, t.err = k.loadTypes() })
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
	return do(t.spec)
}

func (k *Kernel) loadTypes() (spec *btf.Spec, err error) {
	defer func() {
		if r := recover(); r != nil {
			spec, err = nil, fmt.Errorf("BTF: %v", r)
		}
	}()
	if k.types.raw == nil {
		return nil, ErrNoTypes
	}
	raw := k.types.raw()
	if raw == nil {
		return nil, ErrNoTypes
	}
	return btf.LoadSpecFromReader(bytes.NewReader(raw))
}

// moduleTypes returns a module's types, for do of withTypes.
func (k *Kernel) moduleTypes(m *klp.Module, kernel *btf.Spec) (*btf.Spec, error) {
	if own := k.allTypes.own; own != nil && own.module == m {
		return own.spec, own.err
	}
	own := &moduleSpec{module: m}
	switch {
	case m.BTF != nil && m.BTF.Data != nil:
		own.spec, own.err = typesOfBTF(m, kernel)
	case m.Debug != nil && m.Debug.Data != nil:
		own.spec, own.err = typesOfDWARF(m)
	case m.Debug != nil:
		own.err = fmt.Errorf("%w: %s", ErrNoModuleTypes, m.Debug.Reason)
	default:
		own.err = ErrNoModuleTypes
	}
	k.allTypes.own = own
	return own.spec, own.err
}

// typesOfBTF reads a module's BTF on top of its base: the one it brings, else
// the kernel's.
func typesOfBTF(m *klp.Module, kernel *btf.Spec) (*btf.Spec, error) {
	base := kernel
	if m.BTF.Base != nil {
		var err error
		if base, err = btf.LoadSpecFromReader(bytes.NewReader(m.BTF.Base)); err != nil {
			return nil, fmt.Errorf("%w: .BTF.base: %w", ErrNoModuleTypes, err)
		}
	}
	spec, err := btf.LoadSplitSpecFromReader(bytes.NewReader(m.BTF.Data), base)
	if err != nil {
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
	var proto *btf.FuncProto
	for _, t := range types {
		f, ok := t.(*btf.Func)
		if !ok {
			continue
		}
		p, ok := f.Type.(*btf.FuncProto)
		if !ok || proto != nil && declaration(proto, "") != declaration(p, "") {
			return nil
		}
		proto = p
	}
	return proto
}
