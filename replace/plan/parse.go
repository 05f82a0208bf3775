package plan

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// Parse reads a plan. Errors are of type *Error. Modules with a file are
// left for Resolve.
//
// The keys of a module are: name, module, kind (livepatch, target), file,
// replace, replace_set, supersedes, replace_sets (a list or null), funcs,
// objects, states (a list or null), callbacks, pre_patch_errno, livepatch,
// license, depends, mod_null, patch_null, enable_twice. funcs is the short
// form, "object:name" or "object:name,sympos"; objects the long one: a list or
// null (a NULL klp_patch.objs) of {name, callbacks, funcs}, where name: null
// is the kernel image and the string "vmlinux" what it says, and funcs is a
// list or null of {name, sympos, new_null}, name: null being a NULL old_name.
func Parse(data []byte) (*Plan, error) {
	if len(data) > MaxSize {
		return nil, &Error{Message: fmt.Sprintf("the plan has %d bytes, %d are the limit", len(data), MaxSize)}
	}
	if !utf8.Valid(data) {
		return nil, &Error{Message: "the plan is not UTF-8"}
	}
	source := string(data)
	tokens := lexer.Tokenize(source)
	if err := checkTokens(source, tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, syntax(source, err)
	}
	r := &reader{source: source}
	var body ast.Node
	for _, d := range file.Docs {
		if isNull(d.Body) {
			continue
		}
		if body != nil {
			return nil, r.fail(d.Body, "a second document: a plan is one")
		}
		body = d.Body
	}
	if len(file.Docs) > 1 && body != nil && !isNull(file.Docs[0].Body) {
		return nil, &Error{Message: "a second document: a plan is one"}
	}
	if body == nil {
		return nil, &Error{Message: "the plan is empty"}
	}
	return r.plan(body)
}

func tooMany(what string, n, limit int) string {
	return fmt.Sprintf("%d %s, %d are the limit", n, what, limit)
}

func (r *reader) plan(body ast.Node) (*Plan, error) {
	entries, err := r.mapping(body, "the plan")
	if err != nil {
		return nil, err
	}
	p := &Plan{}
	var steps, modules ast.Node
	for _, e := range entries {
		switch e.key {
		case "kernel":
			p.Kernel, err = r.text(e.value, "kernel")
		case "symbols":
			err = r.symbols(p, e.value)
		case "untraceable":
			err = r.untraceable(p, e.value)
		case "modules":
			modules = e.value
		case "steps":
			steps = e.value
		default:
			err = r.unknown(e, "the plan", "kernel, symbols, untraceable, modules, steps")
		}
		if err != nil {
			return nil, err
		}
	}
	if modules == nil {
		return nil, r.fail(body, "the plan has no modules")
	}
	if steps == nil {
		return nil, r.fail(body, "the plan has no steps")
	}
	labels, err := r.modules(p, modules)
	if err != nil {
		return nil, err
	}
	return p, r.steps(p, steps, labels)
}

func (r *reader) unknown(e entry, in, known string) error {
	return r.fail(e.node, "%s has no key %q; it may have %s", in, e.key, known)
}

func (r *reader) symbols(p *Plan, n ast.Node) error {
	entries, err := r.mapping(n, "symbols")
	if err != nil {
		return err
	}
	p.Symbols = make(map[string]replace.SymbolList, len(entries))
	for _, e := range entries {
		names, _, err := r.textList(e.value, "the symbols of "+e.key, MaxFuncs)
		if err != nil {
			return err
		}
		list := make(replace.SymbolList, len(names))
		for _, name := range names {
			list[name]++
		}
		p.Symbols[e.key] = list
	}
	return nil
}

// untraceable reads names by object, as symbols does.
func (r *reader) untraceable(p *Plan, n ast.Node) error {
	entries, err := r.mapping(n, "untraceable")
	if err != nil {
		return err
	}
	p.Untraceable = make(map[string]map[string]bool, len(entries))
	for _, e := range entries {
		names, _, err := r.textList(e.value, "the untraceable names of "+e.key, MaxFuncs)
		if err != nil {
			return err
		}
		set := make(map[string]bool, len(names))
		for _, name := range names {
			set[name] = true
		}
		p.Untraceable[e.key] = set
	}
	return nil
}

func (r *reader) modules(p *Plan, n ast.Node) (map[string]*Module, error) {
	nodes, err := r.list(n, "modules", MaxModules)
	if err != nil {
		return nil, err
	}
	labels := make(map[string]*Module, len(nodes))
	funcs := 0
	for _, node := range nodes {
		m, err := r.module(node, &funcs)
		if err != nil {
			return nil, err
		}
		if labels[m.Label] != nil {
			return nil, r.fail(node, "two modules are named %q; a label is given once (module: sets the module's own name)", m.Label)
		}
		labels[m.Label] = m
		p.Modules = append(p.Modules, m)
	}
	return labels, nil
}

func (r *reader) steps(p *Plan, n ast.Node, labels map[string]*Module) error {
	nodes, err := r.list(n, "steps", MaxSteps)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		s, err := r.step(node, labels)
		if err != nil {
			return err
		}
		p.Steps = append(p.Steps, s)
	}
	return nil
}

func (r *reader) step(n ast.Node, labels map[string]*Module) (Step, error) {
	var s Step
	entries, err := r.mapping(n, "a step")
	if err != nil {
		return s, err
	}
	var override ast.Node
	for _, e := range entries {
		switch op := Op(e.key); op {
		case Load, Disable, Unload:
			if s.Op != "" {
				return s, r.fail(e.node, "a step does one thing, this one has %s and %s", s.Op, op)
			}
			label, err := r.text(e.value, "the module of a step")
			if err != nil {
				return s, err
			}
			s.Op, s.Module = op, labels[label]
			if s.Module == nil {
				return s, r.fail(e.value, "no module is named %q", label)
			}
		case "override":
			override = e.node
			if s.Override, err = r.sets(e.value, "override"); err != nil {
				return s, err
			}
		default:
			return s, r.unknown(e, "a step", "load, disable or unload, and override beside load")
		}
	}
	switch {
	case s.Op == "":
		return s, r.fail(n, "a step needs load, disable or unload")
	case override != nil && (s.Op != Load || s.Module.Kind == KindTarget):
		return s, r.fail(override, "override belongs to the load of a livepatch")
	}
	return s, nil
}

// splitFunc reads "object:name" or "object:name,sympos".
func splitFunc(s string) (object, name, sympos string, ok bool) {
	object, name, ok = strings.Cut(s, ":")
	if !ok || object == "" || name == "" {
		return "", "", "", false
	}
	if i := strings.LastIndexByte(name, ','); i >= 0 {
		name, sympos = name[:i], name[i+1:]
		return object, name, sympos, name != "" && sympos != ""
	}
	return object, name, "", true
}

// describe starts a described livepatch: what a kernel sees of a module whose
// author did everything right.
func describe(label string) *klp.Module {
	m := &klp.Module{Name: label, Kind: klp.KindLivepatch, Toolchain: klp.Static}
	m.Modinfo.Present = true
	m.Patch.Found = true
	m.Init = klp.Init{Decoded: true, Enables: []klp.Enable{{Arg: klp.ArgData}}}
	return m
}
