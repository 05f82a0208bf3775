package kernel

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf/btf"
)

// Prototype returns what a function of vmlinux takes and returns, in C, by the
// kernel's BTF; "" where that does not tell, or has several that differ.
func (k *Kernel) Prototype(name string) string {
	text := ""
	err := k.withTypes(func(t *kernelTypes) error {
		if p := prototypeOf(t.spec, name); p != nil {
			text = declaration(p, name)
		}
		return nil
	})
	if err != nil {
		return ""
	}
	return text
}

// PrototypeDifference is how a replacement's prototype differs from that of the
// function it replaces.
type PrototypeDifference struct {
	What     string // one clause, "" where the two fit
	Old, New string // both prototypes, in C, where they do not
	// Calls: the calling convention differs, since the number or the size of
	// parameters does, or the result's size.
	Calls bool
}

// ErrNoPrototype says that the kernel's BTF does not tell a function's
// prototype, or has several.
var ErrNoPrototype = errors.New("prototype")

// ComparePrototype compares the replacement newFunc of the module with the
// function of vmlinux that it replaces. The error wraps ErrNoTypes,
// ErrNoModuleTypes, ErrOtherBase or ErrNoPrototype.
func (o *ModuleTypes) ComparePrototype(oldFunc, newFunc string) (d PrototypeDifference, err error) {
	err = o.kernel.withTypes(func(t *kernelTypes) error {
		if err := o.open(t); err != nil {
			return err
		}
		was := prototypeOf(t.spec, oldFunc)
		if was == nil {
			return fmt.Errorf("%w of %s in the kernel's BTF", ErrNoPrototype, oldFunc)
		}
		is, err := o.prototype(newFunc)
		if err != nil {
			return err
		}
		if is == nil {
			return fmt.Errorf("%w of %s in the module's types", ErrNoPrototype, newFunc)
		}
		if d.What, d.Calls = comparePrototypes(was, is, false); d.What != "" {
			d.Old, d.New = declaration(was, oldFunc), declaration(is, newFunc)
		}
		return nil
	})
	return d, err
}

// maxCallbackParams bounds how many parameters are compared of a function that is one.
const maxCallbackParams = 64

// sameFunction compares the functions that two pointers among the parameters lead to.
func sameFunction(was, is *btf.FuncProto) bool {
	if len(was.Params) > maxCallbackParams || len(is.Params) > maxCallbackParams {
		return len(was.Params) == len(is.Params)
	}
	what, _ := comparePrototypes(was, is, true)
	return what == ""
}

// comparePrototypes says what is first different, "" for nothing. within: the functions
// are parameters themselves, and functions among theirs are not compared.
func comparePrototypes(was, is *btf.FuncProto, within bool) (what string, calls bool) {
	if len(was.Params) != len(is.Params) {
		return fmt.Sprintf("it takes %d parameters, the original %d", len(is.Params), len(was.Params)), true
	}
	for i := range was.Params {
		a, b := was.Params[i].Type, is.Params[i].Type
		if sizeOf(a) != sizeOf(b) && !declared(a) && !declared(b) {
			return fmt.Sprintf("parameter %d is %s (%d bytes), the original's %s (%d)", i+1, typeName(b), sizeOf(b), typeName(a), sizeOf(a)), true
		}
	}
	if a, b := sizeOf(was.Return), sizeOf(is.Return); a != b && !declared(was.Return) && !declared(is.Return) {
		return fmt.Sprintf("it returns %s, the original %s", typeName(is.Return), typeName(was.Return)), true
	}
	for i := range was.Params {
		if a, b := was.Params[i].Type, is.Params[i].Type; !alike(a, b, within) {
			return fmt.Sprintf("parameter %d is %s, the original's %s", i+1, typeName(b), typeName(a)), false
		}
	}
	if !alike(was.Return, is.Return, within) {
		return fmt.Sprintf("it returns %s, the original %s", typeName(is.Return), typeName(was.Return)), false
	}
	return "", false
}

// sizeOf is a type's size in bytes; 0 for void and what has none.
func sizeOf(t btf.Type) int {
	n, err := btf.Sizeof(t)
	if err != nil {
		return 0
	}
	return n
}

// declared reports whether a type is a struct, union or enum that is not described.
func declared(t btf.Type) bool {
	_, is := btf.UnderlyingType(t).(*btf.Fwd)
	return is
}

// alike reports whether two types of one size mean the same, qualifiers and
// typedefs aside: a number for a number, a pointer for a
// pointer to a type of the same name, or to a function of the same prototype. void *
// stands for any pointer.
func alike(a, b btf.Type, within bool) bool {
	a, b = btf.UnderlyingType(a), btf.UnderlyingType(b)
	switch a := a.(type) {
	case *btf.Pointer:
		b, ok := b.(*btf.Pointer)
		if !ok {
			return false
		}
		at, bt := btf.UnderlyingType(a.Target), btf.UnderlyingType(b.Target)
		if af, ok := at.(*btf.FuncProto); ok {
			if bf, ok := bt.(*btf.FuncProto); ok {
				return within || sameFunction(af, bf)
			}
		}
		return isVoid(at) || isVoid(bt) || kindName(at) == kindName(bt)
	case *btf.Int, *btf.Enum:
		switch b.(type) {
		case *btf.Int, *btf.Enum:
			return true // int for unsigned int, or for an enum: the same register, the same bits
		}
		return false
	}
	return kindName(a) == kindName(b)
}

func isVoid(t btf.Type) bool {
	_, ok := t.(*btf.Void)
	return ok
}

// kindName is a type's kind with its name: a forward declaration stands for the
// type that it declares.
func kindName(t btf.Type) string {
	switch t := t.(type) {
	case *btf.Struct, *btf.Union, *btf.Enum, *btf.Fwd:
		return typeName(t)
	case *btf.Int:
		return fmt.Sprintf("number of %d bytes", t.Size)
	case *btf.Pointer:
		return "pointer"
	case *btf.FuncProto:
		return "function"
	case *btf.Array:
		return "array"
	}
	return t.TypeName()
}
