package kernel

import (
	"crypto/sha256"
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/klplint/klplint/kernel/internal/debuginfo"
)

// madeTypes are BTF's types of what debug information describes.
type madeTypes struct {
	all   []btf.Type // each once, though several units describe it alike
	funcs map[string][]*btf.FuncProto
}

// types makes the prototypes of the functions that are wanted, and with layouts all
// structs, unions and enums with a name and what these are made of. Without layouts
// they have no members.
func (d *debugTypes) types(layouts bool) (*madeTypes, error) {
	m := typeMaker{d: d, layouts: layouts, made: make(map[int]btf.Type), known: make(map[[sha256.Size]byte]btf.Type)}
	m.types.funcs = make(map[string][]*btf.FuncProto)
	if err := d.each(m.root, m.endUnit); err != nil {
		return nil, err
	}
	if len(m.types.funcs) == 0 {
		return nil, errNotDescribed
	}
	m.completeDeclared()
	return &m.types, nil
}

// typeMaker makes the types of one unit after another.
type typeMaker struct {
	d       *debugTypes
	layouts bool
	types   madeTypes
	known   map[[sha256.Size]byte]btf.Type // structs, unions and enums with a name, by identity
	bytes   int                            // that the types take

	// Of the unit.
	u    *debuginfo.Unit
	made map[int]btf.Type // by offset
	todo []unfilled
}

// unfilled is a type that lacks those that it refers to.
type unfilled struct {
	is btf.Type
	by debugEntry
}

// root takes up an entry that types are made for whether or not another refers to it.
func (m *typeMaker) root(u *debuginfo.Unit, at *debuginfo.Entry) error {
	m.u = u
	switch {
	case m.layouts && layoutKinds[at.Tag] != "":
		e, err := m.d.read(at)
		if err != nil {
			return err
		}
		if _, is, err := m.compared(&e); err != nil || !is {
			return err
		}
		_, err = m.at(at.Offset)
		return err
	case at.Tag == debuginfo.TagSubprogram:
		if _, ok := m.d.describes(at); !ok {
			return nil
		}
		e, err := m.d.read(at)
		if err != nil {
			return err
		}
		proto := &btf.FuncProto{}
		m.add(proto, &e)
		m.types.funcs[string(e.name)] = append(m.types.funcs[string(e.name)], proto)
	}
	return nil
}

// endUnit fills the types of the unit.
func (m *typeMaker) endUnit() error {
	for len(m.todo) > 0 {
		next := m.todo[len(m.todo)-1]
		m.todo = m.todo[:len(m.todo)-1]
		if err := m.fill(next.is, &next.by); err != nil {
			return err
		}
		if m.bytes > maxTypesMade {
			return fmt.Errorf("types of more than %d bytes in memory", maxTypesMade)
		}
	}
	clear(m.made)
	return nil
}

// completeDeclared lets what refers to a type that its unit only declares refer to
// the one that another unit describes.
func (m *typeMaker) completeDeclared() {
	whole := make(map[string]btf.Type)
	for _, t := range m.types.all {
		switch t.(type) {
		case *btf.Struct, *btf.Union:
			if _, there := whole[t.TypeName()]; !there {
				whole[t.TypeName()] = t
			}
		}
	}
	complete := func(t *btf.Type) {
		if declared, ok := (*t).(*btf.Fwd); ok && whole[declared.Name] != nil {
			*t = whole[declared.Name]
		}
	}
	for _, t := range m.types.all {
		switch t := t.(type) {
		case *btf.Pointer:
			complete(&t.Target)
		case *btf.Typedef:
			complete(&t.Type)
		case *btf.Const:
			complete(&t.Type)
		case *btf.Volatile:
			complete(&t.Type)
		}
	}
}

func (m *typeMaker) add(t btf.Type, e *debugEntry) {
	m.bytes += entryBytes
	m.types.all = append(m.types.all, t)
	m.todo = append(m.todo, unfilled{t, *e})
}

// at is the type at an offset, void for none.
func (m *typeMaker) at(offset int) (btf.Type, error) {
	if offset == 0 {
		return &btf.Void{}, nil
	}
	if t := m.made[offset]; t != nil {
		return t, nil
	}
	is, err := m.d.entry(m.u, offset)
	if err != nil {
		return nil, err
	}
	e, err := m.d.read(&is)
	if err != nil {
		return nil, err
	}
	of, compared, err := m.compared(&e)
	if err != nil {
		return nil, err
	}
	if compared {
		identity, err := m.identity(&e, &of)
		if err != nil {
			return nil, err
		}
		t := m.known[identity]
		if t == nil {
			t = shell(&e)
			m.known[identity] = t
			m.add(t, &e)
		}
		m.made[offset] = t
		return t, nil
	}
	t := shell(&e)
	if t == nil {
		return nil, fmt.Errorf("debug information refers to %#x, where its unit has no type", offset)
	}
	m.made[offset] = t
	m.add(t, &e)
	return t, nil
}

// compared returns the struct, union or enum that an entry gives a name, where that
// is compared with the kernel's.
func (m *typeMaker) compared(e *debugEntry) (of debugEntry, is bool, err error) {
	if !m.layouts || layoutKinds[e.Tag] == "" || len(e.name) == 0 || e.declaration {
		return of, false, nil
	}
	return m.d.described(m.u, e)
}

// identity is equal for entries of several units that give one type one name.
func (m *typeMaker) identity(e, of *debugEntry) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%d %s %d %d", e.Tag, e.name, of.Tag, of.size)
	w := placeWalk{d: m.d, u: m.u, do: func(p place) bool {
		_, _ = fmt.Fprintf(h, "\x00%s %d %d %d", p.name, p.at, p.width, p.size)
		return true
	}}
	err = w.open(of, 0, 0, 0)
	return [sha256.Size]byte(h.Sum(nil)), err
}

// shell is the type without those that it refers to; nil for what is no type of C.
func shell(e *debugEntry) btf.Type {
	name, size := string(e.name), sizeInBytes(e)
	switch e.Tag {
	case debuginfo.TagBase:
		const signed, signedChar, boolean, unsignedChar, float = 5, 6, 2, 8, 4 // DWARF 5, 7.8
		switch e.encoding {
		case float:
			return &btf.Float{Name: name, Size: size}
		case signed:
			return &btf.Int{Name: name, Size: size, Encoding: btf.Signed}
		case signedChar, unsignedChar:
			return &btf.Int{Name: name, Size: size, Encoding: btf.Char}
		case boolean:
			return &btf.Int{Name: name, Size: size, Encoding: btf.Bool}
		}
		return &btf.Int{Name: name, Size: size}
	case debuginfo.TagPointer:
		return &btf.Pointer{}
	case debuginfo.TagStruct:
		if e.declaration {
			return &btf.Fwd{Name: name, Kind: btf.FwdStruct}
		}
		return &btf.Struct{Name: name, Size: size}
	case debuginfo.TagUnion:
		if e.declaration {
			return &btf.Fwd{Name: name, Kind: btf.FwdUnion}
		}
		return &btf.Union{Name: name, Size: size}
	case debuginfo.TagEnumeration:
		return &btf.Enum{Name: name, Size: size}
	case debuginfo.TagTypedef:
		return &btf.Typedef{Name: name}
	case debuginfo.TagConst, debuginfo.TagAtomic: // which BTF does not tell
		return &btf.Const{}
	case debuginfo.TagVolatile:
		return &btf.Volatile{}
	case debuginfo.TagRestrict:
		return &btf.Restrict{}
	case debuginfo.TagArray:
		return &btf.Array{}
	case debuginfo.TagSubroutine:
		return &btf.FuncProto{}
	}
	return nil
}

// fill gives a type those that it refers to.
func (m *typeMaker) fill(t btf.Type, e *debugEntry) (err error) {
	switch t := t.(type) {
	case *btf.Pointer:
		t.Target, err = m.at(e.of)
	case *btf.Struct:
		t.Members, err = m.members(e)
	case *btf.Union:
		t.Members, err = m.members(e)
	case *btf.Enum:
		t.Values, err = m.values(e)
	case *btf.Typedef:
		t.Type, err = m.at(e.of)
	case *btf.Const:
		t.Type, err = m.at(e.of)
	case *btf.Volatile:
		t.Type, err = m.at(e.of)
	case *btf.Restrict:
		t.Type, err = m.at(e.of)
	case *btf.Array:
		err = m.dimensions(t, e)
	case *btf.FuncProto:
		err = m.prototype(t, e)
	}
	return err
}

// index is the type that BTF has arrays counted by.
var index = &btf.Int{Name: "__ARRAY_SIZE_TYPE__", Size: 4}

// dimensions makes an array of several dimensions one of arrays.
func (m *typeMaker) dimensions(t *btf.Array, e *debugEntry) error {
	of, err := m.at(e.of)
	if err != nil {
		return err
	}
	var sizes []uint32
	err = m.d.parts(m.u, e, func(p *debugEntry) (bool, error) {
		if p.Tag == debuginfo.TagSubrange {
			sizes = append(sizes, sizeInBytes(p))
			m.bytes += entryBytes
		}
		return m.bytes <= maxTypesMade, nil
	})
	for i := len(sizes) - 1; i > 0; i-- {
		of = &btf.Array{Index: index, Type: of, Nelems: sizes[i]}
	}
	t.Index, t.Type = index, of
	if len(sizes) > 0 {
		t.Nelems = sizes[0]
	}
	return err
}

func (m *typeMaker) prototype(t *btf.FuncProto, e *debugEntry) (err error) {
	if t.Return, err = m.at(e.of); err != nil {
		return err
	}
	return m.d.parts(m.u, e, func(p *debugEntry) (bool, error) {
		switch p.Tag {
		case debuginfo.TagFormalParameter:
			is, err := m.at(p.of)
			if err != nil {
				return false, err
			}
			t.Params = append(t.Params, btf.FuncParam{Name: string(p.name), Type: is})
		case debuginfo.TagUnspecifiedParameters:
			t.Params = append(t.Params, btf.FuncParam{Type: &btf.Void{}}) // an ellipsis
		default:
			return true, nil
		}
		m.bytes += entryBytes
		return m.bytes <= maxTypesMade, nil
	})
}

func (m *typeMaker) members(e *debugEntry) (list []btf.Member, err error) {
	if !m.layouts {
		return nil, nil
	}
	err = m.d.parts(m.u, e, func(p *debugEntry) (bool, error) {
		if !isMember(p) {
			return true, nil
		}
		is, err := m.at(p.of)
		list = append(list, btf.Member{Name: string(p.name), Type: is, Offset: btf.Bits(p.at), BitfieldSize: btf.Bits(max(p.width, 0))})
		m.bytes += entryBytes
		return m.bytes <= maxTypesMade, err
	})
	return list, err
}

func (m *typeMaker) values(e *debugEntry) (list []btf.EnumValue, err error) {
	if !m.layouts {
		return nil, nil
	}
	err = m.d.parts(m.u, e, func(p *debugEntry) (bool, error) {
		if p.Tag != debuginfo.TagEnumerator {
			return true, nil
		}
		list = append(list, btf.EnumValue{Name: string(p.name), Value: uint64(p.at)})
		m.bytes += entryBytes
		return m.bytes <= maxTypesMade, nil
	})
	return list, err
}
