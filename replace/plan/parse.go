package plan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/klplint/klplint/internal/yamldoc"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// Parse reads a plan. Errors are of type *Error. Modules with a file are
// left for Resolve.
//
// The keys of a module are: name, module, kind (livepatch, target), file,
// replace, replace_param, replace_set, supersedes, replace_sets (a list or null), funcs,
// objects, states (a list or null), callbacks, pre_patch_errno, livepatch,
// license, depends, mod_null, patch_null, enable_twice. funcs is the short
// form, "object:name" or "object:name,sympos"; objects the long one: a list or
// null (a NULL klp_patch.objs) of {name, callbacks, funcs}, where name: null
// is the kernel image and the string "vmlinux" what it says, and funcs is a
// list or null of {name, sympos, new_null}, name: null being a NULL old_name.
//
// A step is one of
//
//	{load: LABEL, override: [SETS], params: {NAME: VALUE}, stalls: true}
//	{disable: LABEL, stalls: true}
//	unload: LABEL
//	finish: LABEL        # the transition of a load or disable that stalls ends
//	{set: LABEL, object: NAME, pre_patch_errno: ERRNO or null}
//	hold: FUNC           # another user of ftrace comes to the func; release: FUNC
//	ftrace: on or off    # kernel.ftrace_enabled
//
// and may say what is expected of it: expect: ok, an outcome or an errno, and
// callbacks: a list of "pre_patch vmlinux" and the like.
func Parse(data []byte) (*Plan, error) {
	p, err := parse(data)
	var y *yamldoc.Error
	if errors.As(err, &y) {
		return nil, &Error{Line: y.Line, Column: y.Column, Message: y.Message, Excerpt: y.Excerpt}
	}
	return p, err
}

func parse(data []byte) (*Plan, error) {
	doc, err := yamldoc.Parse("", data, yamldoc.Limits{Words: maxWords, Value: maxValue})
	if err != nil {
		return nil, err
	}
	if doc.Root().IsNull() {
		return nil, &Error{Message: "the plan is empty"}
	}
	return new(reader).plan(doc.Root())
}

// reader builds the plan.
type reader struct{ count int } // funcs of all modules so far

func tooMany(what string, n, limit int) string {
	return fmt.Sprintf("%d %s, the limit is %d", n, what, limit)
}

func (r *reader) plan(body yamldoc.Node) (*Plan, error) {
	entries, err := body.Mapping("the plan")
	if err != nil {
		return nil, err
	}
	p := &Plan{}
	var steps, modules yamldoc.Node // null, as if they were left out
	for _, e := range entries {
		switch e.Key {
		case "kernel":
			p.Kernel, err = e.Value.Word("kernel")
		case "symbols":
			err = r.symbols(p, e.Value)
		case "untraceable":
			err = r.untraceable(p, e.Value)
		case "modules":
			modules = e.Value
		case "steps":
			steps = e.Value
		default:
			err = r.unknown(e, "the plan", "kernel, symbols, untraceable, modules, steps")
		}
		if err != nil {
			return nil, err
		}
	}
	if modules.IsNull() {
		return nil, body.Fail("the plan has no modules")
	}
	if steps.IsNull() {
		return nil, body.Fail("the plan has no steps")
	}
	labels, err := r.modules(p, modules)
	if err != nil {
		return nil, err
	}
	return p, r.steps(p, steps, labels)
}

func (r *reader) unknown(e yamldoc.Entry, in, known string) error {
	return e.Name.Fail("%s has no key %q; it may have %s", in, e.Key, known)
}

func (r *reader) symbols(p *Plan, n yamldoc.Node) error {
	entries, err := n.Mapping("symbols")
	if err != nil {
		return err
	}
	p.Symbols = make(map[string]replace.SymbolList, len(entries))
	for _, e := range entries {
		names, _, err := textList(e.Value, "the symbols of "+e.Key, MaxFuncs)
		if err != nil {
			return err
		}
		list := make(replace.SymbolList, len(names))
		for _, name := range names {
			list[name]++
		}
		p.Symbols[e.Key] = list
	}
	return nil
}

// untraceable reads names by object, as symbols does.
func (r *reader) untraceable(p *Plan, n yamldoc.Node) error {
	entries, err := n.Mapping("untraceable")
	if err != nil {
		return err
	}
	p.Untraceable = make(map[string]map[string]bool, len(entries))
	for _, e := range entries {
		names, _, err := textList(e.Value, "the untraceable names of "+e.Key, MaxFuncs)
		if err != nil {
			return err
		}
		set := make(map[string]bool, len(names))
		for _, name := range names {
			set[name] = true
		}
		p.Untraceable[e.Key] = set
	}
	return nil
}

func (r *reader) modules(p *Plan, n yamldoc.Node) (map[string]*Module, error) {
	nodes, err := n.List("modules", MaxModules)
	if err != nil {
		return nil, err
	}
	labels := make(map[string]*Module, len(nodes))
	for _, node := range nodes {
		m, err := r.module(node)
		if err != nil {
			return nil, err
		}
		if labels[m.Label] != nil {
			return nil, node.Fail("two modules are named %q; a label is given once (module: sets the module's own name)", m.Label)
		}
		labels[m.Label] = m
		p.Modules = append(p.Modules, m)
	}
	return labels, nil
}

func (r *reader) steps(p *Plan, n yamldoc.Node, labels map[string]*Module) error {
	nodes, err := n.List("steps", MaxSteps)
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

func (r *reader) step(n yamldoc.Node, labels map[string]*Module) (Step, error) {
	var s Step
	entries, err := n.Mapping("a step")
	if err != nil {
		return s, err
	}
	var override, params, stalls, errno, object *yamldoc.Entry
	for _, e := range entries {
		switch op := Op(e.Key); op {
		case Load, Disable, Unload, Finish, Set, Hold, Release, Ftrace:
			if s.Op != "" {
				return s, e.Name.Fail("a step does one thing, this one has %s and %s", s.Op, op)
			}
			s.Op = op
			if err := s.about(e.Value, labels); err != nil {
				return s, err
			}
		case "params":
			params = &e
			if s.Params, err = readParams(e.Value); err != nil {
				return s, err
			}
		case "stalls":
			stalls = &e
			if s.Stalls, err = e.Value.Truth("stalls"); err != nil {
				return s, err
			}
		case "pre_patch_errno":
			errno = &e
			if !e.Value.IsNull() {
				if s.Errno, err = r.errno(e.Value); err != nil {
					return s, err
				}
			}
		case "expect":
			if s.Expect, err = expectation(e.Value); err != nil {
				return s, err
			}
		case "callbacks":
			if s.ExpectCalls, err = expectedCalls(e.Value); err != nil {
				return s, err
			}
		case "object":
			object = &e
			if s.Object, err = e.Value.Word("object"); err != nil {
				return s, err
			}
		case "override":
			override = &e
			if s.Override, err = sets(e.Value, "override"); err != nil {
				return s, err
			}
		default:
			return s, r.unknown(e, "a step", "load, disable, unload, finish, set, hold, release or ftrace; override, params and stalls beside load; stalls beside disable; pre_patch_errno and object beside set; expect and callbacks beside all")
		}
	}
	switch {
	case s.Op == "":
		return s, n.Fail("a step needs load, disable, unload, finish, set, hold, release or ftrace")
	case override != nil && (s.Op != Load || s.Module.Kind == KindTarget):
		return s, override.Name.Fail("override belongs to the load of a livepatch")
	case params != nil && s.Op != Load:
		return s, params.Name.Fail("params belong to a load")
	case stalls != nil && (s.Op != Load && s.Op != Disable || s.Module.Kind == KindTarget):
		return s, stalls.Name.Fail("stalls belongs to the load or disable of a livepatch")
	case errno != nil && s.Op != Set:
		return s, errno.Name.Fail("pre_patch_errno belongs to set")
	case object != nil && s.Op != Set:
		return s, object.Name.Fail("object belongs to set")
	case s.Op == Set && errno == nil:
		return s, n.Fail("set needs pre_patch_errno: an errno, or null for success")
	case s.Op == Set && s.Module.Kind == KindTarget:
		return s, n.Fail("set is about the callbacks of a livepatch, and %s is a target", s.Module.Label)
	}
	return s, nil
}

// about reads the value of the key that says what a step does: the label of a
// module, a func, or on and off.
func (s *Step) about(n yamldoc.Node, labels map[string]*Module) error {
	switch s.Op {
	case Hold, Release:
		word, err := n.Word("the func of a step")
		if err != nil {
			return err
		}
		if s.Func, err = klp.ParseFuncName(word); err != nil || s.Func.Object == "" {
			return n.Fail("%q is no func: write object:name or object:name,sympos", word)
		}
		return nil
	case Ftrace:
		if n.IsTruth() {
			on, err := n.Truth("ftrace")
			s.On = on
			return err
		}
		word, err := n.Word("ftrace")
		if err != nil {
			return err
		}
		if s.On = word == "on"; !s.On && word != "off" {
			return n.Fail("ftrace is %q, it must be on or off", word)
		}
		return nil
	case Load, Disable, Unload, Finish, Set:
	}
	label, err := n.Word("the module of a step")
	if err != nil {
		return err
	}
	if s.Module = labels[label]; s.Module == nil {
		return n.Fail("no module is named %q", label)
	}
	return nil
}

// maxParams bounds the parameters of one load.
const maxParams = 64

// readParams reads module parameters in their order: names and their values,
// which may be written as numbers and truths too.
func readParams(n yamldoc.Node) ([]Param, error) {
	entries, err := n.Mapping("params")
	if err != nil {
		return nil, err
	}
	if len(entries) > maxParams {
		return nil, n.Fail("%s", tooMany("params", len(entries), maxParams))
	}
	var out []Param
	for _, e := range entries {
		p := Param{Name: e.Key}
		if e.Value.IsTruth() {
			on, err := e.Value.Truth(e.Key)
			if err != nil {
				return nil, err
			}
			p.Value = map[bool]string{true: "1", false: "0"}[on]
		} else if p.Value, err = e.Value.Word(e.Key); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
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
