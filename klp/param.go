package klp

import (
	"slices"
	"strings"
)

// Param is a module parameter that decides what the module replaces.
type Param struct {
	Name string
	Type string // as in .modinfo: "bool", "int" and the like (include/linux/moduleparam.h)
	// Default is what replace is without the parameter; nil where it is not known.
	Default *bool
}

// String is "NAME (TYPE, 0 by default)", with what is known.
func (p *Param) String() string {
	text := p.Name + " (" + p.Type
	if p.Default != nil {
		text += map[bool]string{false: ", 0 by default", true: ", 1 by default"}[*p.Default]
	}
	return text + ")"
}

// ReplaceParam names the parameter that replace is likely to be set from, without its
// default: the one called "replace", or the only one that is a number or a truth.
// Nil where there is none.
func (m *Modinfo) ReplaceParam() *Param {
	var found []Param
	for _, e := range m.Entries {
		name, kind, ok := strings.Cut(e.Value, ":")
		if e.Key != "parmtype" || !ok || !numericParams[kind] {
			continue
		}
		found = append(found, Param{Name: name, Type: kind})
	}
	if at := slices.IndexFunc(found, func(p Param) bool { return p.Name == "replace" }); at >= 0 {
		return &found[at]
	}
	if len(found) == 1 {
		return &found[0]
	}
	return nil
}

// numericParams are the types that can be stored in a bool.
var numericParams = map[string]bool{
	"bool": true, "invbool": true, "byte": true, "short": true, "ushort": true, "int": true, "uint": true,
	"long": true, "ulong": true, "ullong": true, "hexint": true,
}
