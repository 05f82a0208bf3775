package kernel

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// declaration writes a function's prototype in C, with the parameters' names
// left out.
func declaration(p *btf.FuncProto, name string) string {
	params := make([]string, 0, len(p.Params))
	for i, param := range p.Params {
		if _, void := param.Type.(*btf.Void); void && i == len(p.Params)-1 {
			params = append(params, "...")
			continue
		}
		params = append(params, typeName(param.Type, 0))
	}
	if len(params) == 0 {
		params = append(params, "void")
	}
	result := typeName(p.Return, 0)
	if !strings.HasSuffix(result, "*") {
		result += " "
	}
	return result + name + "(" + strings.Join(params, ", ") + ")"
}

// maxTypeDepth bounds how far a type is followed: a hostile one may be a circle.
const maxTypeDepth = 32

// typeName writes a type in C. What has no name is described by its kind.
func typeName(t btf.Type, depth int) string {
	if depth > maxTypeDepth {
		return "..."
	}
	of := func(t btf.Type) string { return typeName(t, depth+1) }
	switch t := t.(type) {
	case *btf.Void:
		return "void"
	case *btf.Pointer:
		if f, ok := t.Target.(*btf.FuncProto); ok {
			return declaration(f, "(*)")
		}
		target := of(t.Target)
		if strings.HasSuffix(target, "*") {
			return target + "*"
		}
		return target + " *"
	case *btf.Const:
		return "const " + of(t.Type)
	case *btf.Volatile:
		return "volatile " + of(t.Type)
	case *btf.Restrict:
		return of(t.Type)
	case *btf.TypeTag:
		return of(t.Type)
	case *btf.Array:
		return fmt.Sprintf("%s[%d]", of(t.Type), t.Nelems)
	case *btf.FuncProto:
		return declaration(t, "")
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
