package plan

import (
	"math"

	"github.com/goccy/go-yaml/ast"

	"github.com/klplint/klplint/klp"
)

// objects reads the long form, which can say all that the tables can.
func (r *reader) objects(k *klp.Module, n ast.Node, funcs *int) error {
	if isNull(n) {
		k.Patch.ObjsNull = true
		return nil
	}
	nodes, err := r.list(n, "objects", MaxFuncs)
	if err != nil {
		return err
	}
	if err := r.countFuncs(n, funcs, len(nodes)); err != nil {
		return err
	}
	for _, node := range nodes {
		o, err := r.object(node, funcs)
		if err != nil {
			return err
		}
		if o.Null && o.FuncsNull { // klp_for_each_object_static() ends here
			return nil
		}
		k.Patch.Objects = append(k.Patch.Objects, o)
	}
	return nil
}

func (r *reader) object(n ast.Node, funcs *int) (klp.Object, error) {
	o := klp.Object{Name: klp.VmlinuxObjectName, Null: true}
	entries, err := r.mapping(n, "an object")
	if err != nil {
		return o, err
	}
	hasName, hasFuncs := false, false
	for _, e := range entries {
		switch e.key {
		case "name":
			hasName = true
			if !isNull(e.value) {
				o.Name, err = r.text(e.value, "an object's name")
				o.Null, o.Literal = false, o.Name == klp.VmlinuxObjectName
			}
		case "callbacks":
			o.Callbacks, err = r.callbacks(e.value)
		case "funcs":
			hasFuncs = true
			if o.FuncsNull = isNull(e.value); !o.FuncsNull {
				o.Funcs, err = r.funcs(e.value, funcs)
			}
		default:
			err = r.unknown(e, "an object", "name, callbacks, funcs")
		}
		if err != nil {
			return o, err
		}
	}
	switch {
	case !hasName:
		return o, r.fail(n, "an object needs a name (null for the kernel image)")
	case !hasFuncs:
		return o, r.fail(n, "an object needs funcs (a list, or null for a NULL pointer)")
	}
	return o, nil
}

func (r *reader) funcs(n ast.Node, funcs *int) ([]klp.Func, error) {
	nodes, err := r.list(n, "funcs", MaxFuncs)
	if err != nil {
		return nil, err
	}
	if err := r.countFuncs(n, funcs, len(nodes)); err != nil {
		return nil, err
	}
	var out []klp.Func
	for _, node := range nodes {
		f, err := r.fn(node)
		if err != nil {
			return nil, err
		}
		if f.NameNull && f.New.Null && f.Sympos == 0 { // klp_for_each_func_static() ends here
			break
		}
		out = append(out, f)
	}
	return out, nil
}

// fn reads one func: a mapping, or a name alone.
func (r *reader) fn(n ast.Node) (klp.Func, error) {
	var f klp.Func
	if s, ok := n.(*ast.StringNode); ok {
		f.Name = s.Value
		return f, nil
	}
	entries, err := r.mapping(n, "a func")
	if err != nil {
		return f, err
	}
	hasName := false
	for _, e := range entries {
		switch e.key {
		case "name":
			hasName = true
			if f.NameNull = isNull(e.value); !f.NameNull {
				f.Name, err = r.text(e.value, "a func's name")
			}
		case "sympos":
			f.Sympos, err = r.number(e.value, "sympos", math.MaxUint64)
		case "new_null":
			f.New.Null, err = r.truth(e.value, "new_null")
		default:
			err = r.unknown(e, "a func", "name, sympos, new_null")
		}
		if err != nil {
			return f, err
		}
	}
	if !hasName {
		return f, r.fail(n, "a func needs a name (null for a NULL pointer)")
	}
	return f, nil
}

// allCallbacks in the order of struct klp_callbacks.
var allCallbacks = []klp.CallbackKind{klp.PrePatch, klp.PostPatch, klp.PreUnpatch, klp.PostUnpatch}

// callbacks reads true (all four), false, or a list of their names.
func (r *reader) callbacks(n ast.Node) ([]klp.Callback, error) {
	var out []klp.Callback
	if b, ok := n.(*ast.BoolNode); ok {
		if b.Value {
			for _, kind := range allCallbacks {
				out = append(out, klp.Callback{Kind: kind})
			}
		}
		return out, nil
	}
	names, nodes, err := r.textList(n, "callbacks", len(allCallbacks))
	if err != nil {
		return nil, err
	}
next:
	for i, name := range names {
		for _, kind := range allCallbacks {
			if string(kind) == name {
				out = append(out, klp.Callback{Kind: kind})
				continue next
			}
		}
		return nil, r.fail(nodes[i], "%q is no callback: they are pre_patch, post_patch, pre_unpatch, post_unpatch", name)
	}
	return out, nil
}

// moduleCallbacks gives the short form's callbacks to every object.
func (r *reader) moduleCallbacks(k *klp.Module, e *entry) error {
	list, err := r.callbacks(e.value)
	if err != nil {
		return err
	}
	for i := range k.Patch.Objects {
		if k.Patch.Objects[i].Callbacks != nil {
			return r.fail(e.node, "callbacks stand with the module or with its objects, not with both")
		}
		k.Patch.Objects[i].Callbacks = list
	}
	return nil
}
