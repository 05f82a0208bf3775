package plan

import (
	"math"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// builtKeys are the keys that may stand beside file.
var builtKeys = []string{"name", "kind", "file", "pre_patch_errno"}

// targetKeys are the keys of a described target.
var targetKeys = []string{"name", "module", "kind", "funcs"}

const moduleKeys = "name, module, kind, file, replace, replace_set, supersedes, replace_sets, funcs, objects, states, callbacks, pre_patch_errno, livepatch, license, depends, mod_null, patch_null, enable_twice"

// module reads one module; funcs counts those of all modules.
func (r *reader) module(n ast.Node, funcs *int) (*Module, error) {
	entries, err := r.mapping(n, "a module")
	if err != nil {
		return nil, err
	}
	get := func(key string) (entry, bool) {
		i := slices.IndexFunc(entries, func(e entry) bool { return e.key == key })
		if i < 0 {
			return entry{}, false
		}
		return entries[i], true
	}
	m := &Module{Kind: KindLivepatch}
	e, ok := get("name")
	if !ok {
		return nil, r.fail(n, "a module needs a name")
	}
	if m.Label, err = r.text(e.value, "name"); err != nil {
		return nil, err
	}
	if m.Label == "" {
		return nil, r.fail(e.value, "a module's name is empty")
	}
	m.Name = m.Label
	if e, ok := get("kind"); ok {
		kind, err := r.text(e.value, "kind")
		if err != nil {
			return nil, err
		}
		if m.Kind = Kind(kind); m.Kind != KindLivepatch && m.Kind != KindTarget {
			return nil, r.fail(e.value, "kind is %q, it must be livepatch or target", kind)
		}
	}
	_, built := get("file")
	for _, e := range entries {
		switch {
		case built && !slices.Contains(builtKeys, e.key):
			return nil, r.fail(e.node, "%q does not go with file: the built module says it", e.key)
		case !built && m.Kind == KindTarget && !slices.Contains(targetKeys, e.key):
			return nil, r.fail(e.node, "%q is nothing that a target has", e.key)
		}
	}
	switch {
	case built:
		return m, r.built(m, entries)
	case m.Kind == KindTarget:
		return m, r.target(m, entries, funcs)
	}
	return m, r.livepatch(m, entries, funcs)
}

func (r *reader) built(m *Module, entries []entry) (err error) {
	for _, e := range entries {
		switch e.key {
		case "file":
			if m.File, err = r.text(e.value, "file"); err == nil && m.File == "" {
				err = r.fail(e.value, "file is empty")
			}
		case "pre_patch_errno":
			m.PrePatchErrno, err = r.errno(e.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) target(m *Module, entries []entry, funcs *int) (err error) {
	list := replace.SymbolList{}
	for _, e := range entries {
		switch e.key {
		case "module":
			m.Name, err = r.text(e.value, "module")
		case "funcs":
			var names []string
			if names, _, err = r.textList(e.value, "funcs", MaxFuncs); err == nil {
				err = r.countFuncs(e.value, funcs, len(names))
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

func (r *reader) countFuncs(n ast.Node, funcs *int, more int) error {
	if *funcs += more; *funcs > MaxFuncs {
		return r.fail(n, "%s", tooMany("funcs", *funcs, MaxFuncs))
	}
	return nil
}

// errno reads the name of an errno: upper-case letters and digits after an E.
func (r *reader) errno(n ast.Node) (string, error) {
	s, err := r.text(n, "pre_patch_errno")
	if err != nil {
		return "", err
	}
	ok := len(s) > 1 && len(s) < 20 && s[0] == 'E'
	for i := range len(s) {
		ok = ok && (s[i] >= 'A' && s[i] <= 'Z' || i > 0 && s[i] >= '0' && s[i] <= '9')
	}
	if !ok {
		return "", r.fail(n, "pre_patch_errno is %q, it must be the name of an errno, e.g. ENODEV", s)
	}
	return s, nil
}

func (r *reader) livepatch(m *Module, entries []entry, funcs *int) (err error) {
	k := describe(m.Label)
	license, livepatch := "GPL", true
	var callbacks, short, long, supersedes *entry
	set := klp.Replace{Kind: klp.KindSet, Source: klp.FromData, FieldSource: klp.FieldOption}
	hasSet := false
	for i := range entries {
		e := &entries[i]
		switch e.key {
		case "name", "kind":
		case "module":
			if k.Name, err = r.text(e.value, "module"); err == nil && k.Name == "" {
				err = r.fail(e.value, "a module's name is empty")
			}
		case "replace":
			f := klp.Replace{Kind: klp.KindFlag, Source: klp.FromData, FieldSource: klp.FieldOption}
			f.Flag, err = r.truth(e.value, "replace")
			m.Fields = append(m.Fields, f)
		case "replace_set":
			var v uint64
			v, err = r.number(e.value, "replace_set", math.MaxUint32)
			set.Set, hasSet = uint32(v), true
		case "supersedes":
			supersedes = e
			set.Supersedes, err = r.sets(e.value, "supersedes")
		case "replace_sets":
			f := klp.Replace{Kind: klp.KindSets, Source: klp.FromData, FieldSource: klp.FieldOption}
			if f.SetsNull = isNull(e.value); !f.SetsNull {
				f.Sets, err = r.sets(e.value, "replace_sets")
			}
			m.Fields = append(m.Fields, f)
		case "funcs":
			short = e
		case "objects":
			long = e
		case "states":
			err = r.states(k, e.value)
		case "callbacks":
			callbacks = e
		case "pre_patch_errno":
			m.PrePatchErrno, err = r.errno(e.value)
		case "livepatch":
			livepatch, err = r.truth(e.value, e.key)
		case "license":
			license, err = r.text(e.value, e.key)
		case "depends":
			err = r.depends(k, e.value)
		case "mod_null":
			k.Patch.ModNull, err = r.truth(e.value, e.key)
		case "patch_null":
			var null bool
			if null, err = r.truth(e.value, e.key); null {
				k.Init.Enables[0].Arg = klp.ArgNull
			}
		case "enable_twice":
			k.Init.Repeats, err = r.truth(e.value, e.key)
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
	switch {
	case supersedes != nil && !hasSet:
		return r.fail(supersedes.node, "supersedes stands beside replace_set")
	case hasSet:
		m.Fields = append(m.Fields, set)
	}
	switch {
	case short != nil && long != nil:
		return r.fail(long.node, "funcs and objects are two ways to say the same; a module has one of them")
	case short != nil:
		err = r.shortFuncs(k, short.value, funcs)
	case long != nil:
		err = r.objects(k, long.value, funcs)
	}
	if err == nil && callbacks != nil {
		err = r.moduleCallbacks(k, callbacks)
	}
	m.Klp, m.Name = k, k.Name
	return err
}

func (r *reader) depends(k *klp.Module, n ast.Node) error {
	names, _, err := r.textList(n, "depends", 100)
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

func (r *reader) states(k *klp.Module, n ast.Node) error {
	if isNull(n) {
		return nil
	}
	k.Patch.HasStates = true
	nodes, err := r.list(n, "states", MaxFuncs)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		entries, err := r.mapping(node, "a state")
		if err != nil {
			return err
		}
		s, hasID := klp.State{}, false
		for _, e := range entries {
			switch e.key {
			case "id":
				hasID = true
				s.ID, err = r.number(e.value, "id", math.MaxUint64)
			case "version":
				var v uint64
				v, err = r.number(e.value, "version", math.MaxUint32)
				s.Version = uint32(v)
			default:
				err = r.unknown(e, "a state", "id, version")
			}
			if err != nil {
				return err
			}
		}
		if !hasID {
			return r.fail(node, "a state needs an id")
		}
		// The kernel reads up to the first id 0 (klp_for_each_state()).
		if s.ID == 0 || k.Patch.StatesBehindEnd > 0 {
			k.Patch.StatesBehindEnd++
			continue
		}
		k.Patch.States = append(k.Patch.States, s)
	}
	if k.Patch.StatesBehindEnd > 0 {
		k.Patch.StatesBehindEnd-- // the terminating entry itself
	}
	return nil
}

// shortFuncs reads "object:name,sympos"; objects come in the order of their
// first func.
func (r *reader) shortFuncs(k *klp.Module, n ast.Node, funcs *int) error {
	names, nodes, err := r.textList(n, "funcs", MaxFuncs)
	if err != nil {
		return err
	}
	if err := r.countFuncs(n, funcs, len(names)); err != nil {
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
			return r.fail(nodes[i], "%q is no func: write object:name or object:name,sympos", s)
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
