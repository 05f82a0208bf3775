package plan

import (
	"math"
	"slices"
	"strconv"

	"github.com/klplint/klplint/internal/yamldoc"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// builtKeys are the keys that may stand beside file.
var builtKeys = []string{"name", "kind", "file", "pre_patch_errno"}

// targetKeys are the keys of a described target.
var targetKeys = []string{"name", "module", "kind", "funcs"}

const moduleKeys = "name, module, kind, file, replace, replace_param, replace_set, supersedes, replace_sets, funcs, objects, states, callbacks, pre_patch_errno, livepatch, license, depends, mod_null, patch_null, enable_twice"

// module reads one module.
func (r *reader) module(n yamldoc.Node) (*Module, error) {
	entries, err := n.Mapping("a module")
	if err != nil {
		return nil, err
	}
	get := func(key string) (yamldoc.Entry, bool) {
		i := slices.IndexFunc(entries, func(e yamldoc.Entry) bool { return e.Key == key })
		if i < 0 {
			return yamldoc.Entry{}, false
		}
		return entries[i], true
	}
	m := &Module{Kind: KindLivepatch}
	e, ok := get("name")
	if !ok {
		return nil, n.Fail("a module needs a name")
	}
	if m.Label, err = e.Value.Word("name"); err != nil {
		return nil, err
	}
	if m.Label == "" {
		return nil, e.Value.Fail("a module's name is empty")
	}
	m.Name = m.Label
	if e, ok := get("kind"); ok {
		kind, err := e.Value.Word("kind")
		if err != nil {
			return nil, err
		}
		if m.Kind = Kind(kind); m.Kind != KindLivepatch && m.Kind != KindTarget {
			return nil, e.Value.Fail("kind is %q, it must be livepatch or target", kind)
		}
	}
	_, built := get("file")
	for _, e := range entries {
		switch {
		case built && !slices.Contains(builtKeys, e.Key):
			return nil, e.Name.Fail("%q does not go with file: the built module says it", e.Key)
		case !built && m.Kind == KindTarget && !slices.Contains(targetKeys, e.Key):
			return nil, e.Name.Fail("%q is nothing that a target has", e.Key)
		}
	}
	switch {
	case built:
		return m, r.built(m, entries)
	case m.Kind == KindTarget:
		return m, r.target(m, entries)
	}
	return m, r.livepatch(m, entries)
}

func (r *reader) built(m *Module, entries []yamldoc.Entry) (err error) {
	for _, e := range entries {
		switch e.Key {
		case "file":
			if m.File, err = e.Value.Word("file"); err == nil && m.File == "" {
				err = e.Value.Fail("file is empty")
			}
		case "pre_patch_errno":
			m.PrePatchErrno, err = r.errno(e.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) target(m *Module, entries []yamldoc.Entry) (err error) {
	list := replace.SymbolList{}
	for _, e := range entries {
		switch e.Key {
		case "module":
			m.Name, err = e.Value.Word("module")
		case "funcs":
			var names []string
			if names, _, err = textList(e.Value, "funcs", MaxFuncs); err == nil {
				err = r.countFuncs(e.Value, len(names))
			}
			for _, name := range names {
				list[name]++
			}
			m.Symbols = list
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) countFuncs(n yamldoc.Node, more int) error {
	if r.count += more; r.count > MaxFuncs {
		return n.Fail("%s", tooMany("funcs", r.count, MaxFuncs))
	}
	return nil
}

// errno reads the name of an errno.
func (r *reader) errno(n yamldoc.Node) (string, error) {
	s, err := n.Word("pre_patch_errno")
	if err != nil {
		return "", err
	}
	if !errnoName(s) {
		return "", n.Fail("pre_patch_errno is %q, it must be the name of an errno, e.g. ENODEV", s)
	}
	return s, nil
}

func (r *reader) livepatch(m *Module, entries []yamldoc.Entry) (err error) {
	k := describe(m.Label)
	license, livepatch := "GPL", true
	var callbacks, short, long, supersedes *yamldoc.Entry
	set := klp.Replace{Kind: klp.KindSet, Source: klp.FromData, FieldSource: klp.FieldOption}
	hasSet := false
	for i := range entries {
		e := &entries[i]
		switch e.Key {
		case "name", "kind":
		case "module":
			if k.Name, err = e.Value.Word("module"); err == nil && k.Name == "" {
				err = e.Value.Fail("a module's name is empty")
			}
		case "replace":
			f := klp.Replace{Kind: klp.KindFlag, Source: klp.FromData, FieldSource: klp.FieldOption}
			f.Flag, err = e.Value.Truth("replace")
			m.Fields = append(m.Fields, f)
		case "replace_param":
			if m.ReplaceParam, err = e.Value.Word(e.Key); err == nil && m.ReplaceParam == "" {
				err = e.Value.Fail("replace_param is empty")
			}
		case "replace_set":
			var v uint64
			v, err = e.Value.Number("replace_set", math.MaxUint32)
			set.Set, hasSet = uint32(v), true
		case "supersedes":
			supersedes = e
			set.Supersedes, err = sets(e.Value, "supersedes")
		case "replace_sets":
			f := klp.Replace{Kind: klp.KindSets, Source: klp.FromData, FieldSource: klp.FieldOption}
			if f.SetsNull = e.Value.IsNull(); !f.SetsNull {
				f.Sets, err = sets(e.Value, "replace_sets")
			}
			m.Fields = append(m.Fields, f)
		case "funcs":
			short = e
		case "objects":
			long = e
		case "states":
			err = r.states(k, e.Value)
		case "callbacks":
			callbacks = e
		case "pre_patch_errno":
			m.PrePatchErrno, err = r.errno(e.Value)
		case "livepatch":
			livepatch, err = e.Value.Truth(e.Key)
		case "license":
			license, err = e.Value.Word(e.Key)
		case "depends":
			err = r.depends(k, e.Value)
		case "mod_null":
			k.Patch.ModNull, err = e.Value.Truth(e.Key)
		case "patch_null":
			var null bool
			if null, err = e.Value.Truth(e.Key); null {
				k.Init.Enables[0].Arg = klp.ArgNull
			}
		case "enable_twice":
			k.Init.Repeats, err = e.Value.Truth(e.Key)
		default:
			err = r.unknown(*e, "a module", moduleKeys)
		}
		if err != nil {
			return err
		}
	}
	k.Modinfo.Entries = append(k.Modinfo.Entries, klp.ModinfoEntry{Key: "license", Value: license})
	if livepatch {
		k.Modinfo.Entries = append(k.Modinfo.Entries, klp.ModinfoEntry{Key: "livepatch", Value: "Y"})
	}
	if m.ReplaceParam != "" {
		// replace, where it is given, is the parameter's default.
		m.Fields = m.withParam()
	}
	switch {
	case supersedes != nil && !hasSet:
		return supersedes.Name.Fail("supersedes stands beside replace_set")
	case hasSet:
		m.Fields = append(m.Fields, set)
	}
	switch {
	case short != nil && long != nil:
		return long.Name.Fail("funcs and objects are two ways to say the same; a module has one of them")
	case short != nil:
		err = r.shortFuncs(k, short.Value)
	case long != nil:
		err = r.objects(k, long.Value)
	}
	if err == nil && callbacks != nil {
		err = r.moduleCallbacks(k, callbacks)
	}
	m.Klp, m.Name = k, k.Name
	return err
}

func (r *reader) depends(k *klp.Module, n yamldoc.Node) error {
	names, _, err := textList(n, "depends", 100)
	value := ""
	for i, name := range names {
		if i > 0 {
			value += ","
		}
		value += name
	}
	k.Modinfo.Entries = append(k.Modinfo.Entries, klp.ModinfoEntry{Key: "depends", Value: value})
	return err
}

func (r *reader) states(k *klp.Module, n yamldoc.Node) error {
	if n.IsNull() {
		return nil
	}
	k.Patch.HasStates = true
	nodes, err := n.List("states", MaxFuncs)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		entries, err := node.Mapping("a state")
		if err != nil {
			return err
		}
		s, hasID := klp.State{}, false
		for _, e := range entries {
			switch e.Key {
			case "id":
				hasID = true
				s.ID, err = e.Value.Number("id", math.MaxUint64)
			case "version":
				var v uint64
				v, err = e.Value.Number("version", math.MaxUint32)
				s.Version = uint32(v)
			default:
				err = r.unknown(e, "a state", "id, version")
			}
			if err != nil {
				return err
			}
		}
		if !hasID {
			return node.Fail("a state needs an id")
		}
		// The kernel reads up to the first id 0 (klp_for_each_state()).
		if s.ID == 0 || k.Patch.StatesBehindEnd > 0 {
			k.Patch.StatesBehindEnd++
			continue
		}
		k.Patch.States = append(k.Patch.States, s)
	}
	if k.Patch.StatesBehindEnd > 0 {
		k.Patch.StatesBehindEnd-- // the terminating yamldoc.Entry itself
	}
	return nil
}

// shortFuncs reads "object:name,sympos"; objects come in the order of their
// first func.
func (r *reader) shortFuncs(k *klp.Module, n yamldoc.Node) error {
	names, nodes, err := textList(n, "funcs", MaxFuncs)
	if err != nil {
		return err
	}
	if err := r.countFuncs(n, len(names)); err != nil {
		return err
	}
	index := make(map[string]int)
	for i, s := range names {
		object, name, sympos, ok := splitFunc(s)
		f := klp.Func{Name: name}
		if ok && sympos != "" {
			f.Sympos, err = strconv.ParseUint(sympos, 10, 64)
			ok = err == nil
		}
		if !ok {
			return nodes[i].Fail("%q is no func: write object:name or object:name,sympos", s)
		}
		at, seen := index[object]
		if !seen {
			at = len(k.Patch.Objects)
			index[object] = at
			k.Patch.Objects = append(k.Patch.Objects, klp.Object{Name: object, Null: object == klp.VmlinuxObjectName})
		}
		o := &k.Patch.Objects[at]
		o.Funcs = append(o.Funcs, f)
	}
	return nil
}
