package kernel

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// declaration writes a function's prototype in C, with the parameters' names
// left out.
func declaration(p *btf.FuncProto, name string) string {
	w := typeWriter{left: maxTypeParts}
	return w.declaration(p, name)
}

// typeName writes a type in C. What has no name is described by its kind.
func typeName(t btf.Type) string {
	w := typeWriter{left: maxTypeParts}
	return w.name(t)
}

// maxTypeDepth bounds how far a type is followed: a hostile one may be a circle.
// maxTypeParts bounds how many types a text is made of: it may also be a tree.
const (
	maxTypeDepth = 32
	maxTypeParts = 256
)

// typeWriter writes types as text.
type typeWriter struct{ left int }

func (w *typeWriter) declaration(p *btf.FuncProto, name string) string {
	params := make([]string, 0, min(len(p.Params), maxTypeParts))
	for i, param := range p.Params {
		if _, void := param.Type.(*btf.Void); void && i == len(p.Params)-1 || w.left < 0 {
			params = append(params, "...")
			break
		}
		params = append(params, w.name(param.Type))
	}
	if len(params) == 0 {
		params = append(params, "void")
	}
	result := w.name(p.Return)
	if !strings.HasSuffix(result, "*") {
		result += " "
	}
	return result + name + "(" + strings.Join(params, ", ") + ")"
}

func (w *typeWriter) name(t btf.Type) string {
	if w.left--; w.left < 0 {
		return "..."
	}
	switch t := t.(type) {
	case *btf.Void:
		return "void"
	case *btf.Pointer:
		if f, ok := t.Target.(*btf.FuncProto); ok {
			return w.declaration(f, "(*)")
		}
		target := w.name(t.Target)
		if strings.HasSuffix(target, "*") {
			return target + "*"
		}
		return target + " *"
	case *btf.Const:
		return "const " + w.name(t.Type)
	case *btf.Volatile:
		return "volatile " + w.name(t.Type)
	case *btf.Restrict:
		return w.name(t.Type)
	case *btf.TypeTag:
		return w.name(t.Type)
	case *btf.Array:
		return fmt.Sprintf("%s[%d]", w.name(t.Type), t.Nelems)
	case *btf.FuncProto:
		return w.declaration(t, "")
	case *btf.Struct:
		return tagged("struct", t.Name)
	case *btf.Union:
		return tagged("union", t.Name)
	case *btf.Enum:
		return tagged("enum", t.Name)
	case *btf.Fwd:
		return tagged(t.Kind.String(), t.Name)
	}
	return t.TypeName()
}

func tagged(kind, name string) string {
	if name == "" {
		return kind + " {...}"
	}
	return kind + " " + name
}
