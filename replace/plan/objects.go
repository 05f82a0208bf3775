package plan

import (
	"math"

	"github.com/klplint/klplint/internal/yamldoc"
	"github.com/klplint/klplint/klp"
)

// objects reads the long form, which can say all that the tables can.
func (r *reader) objects(k *klp.Module, n yamldoc.Node) error {
	if n.IsNull() {
		k.Patch.ObjsNull = true
		return nil
	}
	nodes, err := n.List("objects", MaxFuncs)
	if err != nil {
		return err
	}
	if err := r.countFuncs(n, len(nodes)); err != nil {
		return err
	}
	for _, node := range nodes {
		o, err := r.object(node)
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

func (r *reader) object(n yamldoc.Node) (klp.Object, error) {
	o := klp.Object{Name: klp.VmlinuxObjectName, Null: true}
	entries, err := n.Mapping("an object")
	if err != nil {
		return o, err
	}
	hasName, hasFuncs := false, false
	for _, e := range entries {
		switch e.Key {
		case "name":
			hasName = true
			if !e.Value.IsNull() {
				o.Name, err = e.Value.Word("an object's name")
				o.Null, o.Literal = false, o.Name == klp.VmlinuxObjectName
			}
		case "callbacks":
			o.Callbacks, err = r.callbacks(e.Value)
		case "funcs":
			hasFuncs = true
			if o.FuncsNull = e.Value.IsNull(); !o.FuncsNull {
				o.Funcs, err = r.funcs(e.Value)
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
		return o, n.Fail("an object needs a name (null for the kernel image)")
	case !hasFuncs:
		return o, n.Fail("an object needs funcs (a list, or null for a NULL pointer)")
	}
	return o, nil
}

func (r *reader) funcs(n yamldoc.Node) ([]klp.Func, error) {
	nodes, err := n.List("funcs", MaxFuncs)
	if err != nil {
		return nil, err
	}
	if err := r.countFuncs(n, len(nodes)); err != nil {
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
func (r *reader) fn(n yamldoc.Node) (klp.Func, error) {
	var f klp.Func
	if n.IsString() {
		var err error
		f.Name, err = n.Text("a func")
		return f, err
	}
	entries, err := n.Mapping("a func")
	if err != nil {
		return f, err
	}
	hasName := false
	for _, e := range entries {
		switch e.Key {
		case "name":
			hasName = true
			if f.NameNull = e.Value.IsNull(); !f.NameNull {
				f.Name, err = e.Value.Word("a func's name")
			}
		case "sympos":
			f.Sympos, err = e.Value.Number("sympos", math.MaxUint64)
		case "new_null":
			f.New.Null, err = e.Value.Truth("new_null")
		default:
			err = r.unknown(e, "a func", "name, sympos, new_null")
		}
		if err != nil {
			return f, err
		}
	}
	if !hasName {
		return f, n.Fail("a func needs a name (null for a NULL pointer)")
	}
	return f, nil
}

// allCallbacks in the order of struct klp_callbacks.
var allCallbacks = []klp.CallbackKind{klp.PrePatch, klp.PostPatch, klp.PreUnpatch, klp.PostUnpatch}

// callbacks reads true (all four), false, or a list of their names.
func (r *reader) callbacks(n yamldoc.Node) ([]klp.Callback, error) {
	var out []klp.Callback
	if n.IsTruth() {
		all, err := n.Truth("callbacks")
		if all {
			for _, kind := range allCallbacks {
				out = append(out, klp.Callback{Kind: kind})
			}
		}
		return out, err
	}
	names, nodes, err := textList(n, "callbacks", len(allCallbacks))
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
		return nil, nodes[i].Fail("%q is no callback: they are pre_patch, post_patch, pre_unpatch, post_unpatch", name)
	}
	return out, nil
}

// moduleCallbacks gives the short form's callbacks to every object.
func (r *reader) moduleCallbacks(k *klp.Module, e *yamldoc.Entry) error {
	list, err := r.callbacks(e.Value)
	if err != nil {
		return err
	}
	for i := range k.Patch.Objects {
		if k.Patch.Objects[i].Callbacks != nil {
			return e.Name.Fail("callbacks stand with the module or with its objects, not with both")
		}
		k.Patch.Objects[i].Callbacks = list
	}
	return nil
}
