// Package jsonform holds what klplint writes as JSON, a struct for each form:
// lint and gate, dump, trace, diff, matrix, kernel, registry, rules, explain,
// config show and version. They are klplint's programming interface: members
// are added, never renamed or given another meaning. A member that may be
// missing is tagged omitempty or omitzero; all the others are always there, and
// a list is [], never null.
//
// The structs hold values only. The package report fills them in, Write
// writes them, and docs/schema is generated from them: the comments are the
// descriptions there.
package jsonform

// Version is the value of the member "schema" of every form.
const Version = 1

// Forms returns an empty value of each form by the name of its schema.
func Forms() map[string]any {
	return map[string]any{
		"lint":     Lint{},
		"dump":     Dump{},
		"trace":    Trace{},
		"diff":     Diff{},
		"matrix":   Matrix{},
		"kernel":   Kernels{},
		"registry": Registry{},
		"rules":    Rules{},
		"explain":  Explanations{},
		"config":   Settings{},
		"version":  Program{},
	}
}
