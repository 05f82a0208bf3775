package elfread

import "github.com/klplint/klplint/internal/btfkind"

// btfKind is what a kernel demands of a type of one kind before it looks at what the
// type refers to (kernel/bpf/btf.c: the check_meta of each kind).
type btfKind struct {
	plain  bool // no members: the count is zero
	named  int8 // +1: has a name; -1: has none; 0: may have one
	refers bool // size_type is a type ID
	flag   bool // may have kind_flag (tags since 6.15)
}

var btfKinds = [...]btfKind{
	btfkind.Int:         {plain: true},
	btfkind.Pointer:     {plain: true, named: -1, refers: true},
	btfkind.Array:       {plain: true, named: -1},
	btfkind.Struct:      {flag: true},
	btfkind.Union:       {flag: true},
	btfkind.Enum:        {flag: true},
	btfkind.Forward:     {plain: true, named: 1, flag: true},
	btfkind.Typedef:     {plain: true, named: 1, refers: true},
	btfkind.Volatile:    {plain: true, named: -1, refers: true},
	btfkind.Const:       {plain: true, named: -1, refers: true},
	btfkind.Restrict:    {plain: true, named: -1, refers: true},
	btfkind.Func:        {named: 1}, // whose linkage stands in the place of the count
	btfkind.FuncProto:   {named: -1},
	btfkind.Variable:    {plain: true, named: 1, refers: true},
	btfkind.DataSection: {named: 1},
	btfkind.Float:       {plain: true},
	btfkind.DeclTag:     {plain: true, named: 1, flag: true},
	btfkind.TypeTag:     {plain: true, named: 1, refers: true, flag: true},
	btfkind.Enum64:      {flag: true},
}

// The greatest type ID and offset of a name (include/uapi/linux/btf.h).
const (
	btfMaxType = 0xfffff
	btfMaxName = 0xffffff
)

// checkTypes passes over the types of .BTF. It returns where the first lies that
// kernels refuse by its own form, and why; the end and nothing where none is.
// unsupported is set where the kernel answers ENOTSUPP.
func (p *parser) checkTypes(b []byte) (off uint32, why string, unsupported bool) {
	for len(b) > 0 {
		size, why, unsupported := p.checkType(b)
		if why != "" {
			return off, why, unsupported
		}
		b, off = b[size:], off+size
	}
	return off, "", false
}

func (p *parser) checkType(b []byte) (size uint32, why string, unsupported bool) {
	if len(b) < btfkind.Head {
		return 0, "is cut off", false
	}
	name, info, arg := p.f.Uint32(b), p.f.Uint32(b[4:]), p.f.Uint32(b[8:])
	kind, members, flag := btfkind.Kind(info>>24&0x1f), info&0xffff, info>>31 != 0
	if info&^0x9f00ffff != 0 || !kind.Known() {
		return 0, "is of an unknown kind", false
	}
	k := &btfKinds[kind]
	n := kind.Body(members)
	switch {
	case n > uint64(len(b)-btfkind.Head):
		return 0, "is cut off", false
	case k.plain && members != 0:
		return 0, "has members, which its kind cannot have", false
	case flag && !k.flag:
		return 0, "has a kind_flag, which its kind cannot have", false
	case name > btfMaxName || k.named > 0 && name == 0 || k.named < 0 && name != 0:
		return 0, "has an invalid name", false
	case k.refers && (arg > btfMaxType || kind == btfkind.Variable && arg == 0):
		return 0, "has an invalid type ID", false
	}
	size = btfkind.Head + uint32(n)
	why, unsupported = p.checkBody(kind, members, flag, arg, b[btfkind.Head:size])
	return size, why, unsupported
}

// checkBody looks at what is behind struct btf_type, and at the size in it.
func (p *parser) checkBody(kind btfkind.Kind, members uint32, flag bool, arg uint32, b []byte) (why string, unsupported bool) {
	word := func(i uint32) uint32 { return p.f.Uint32(b[4*i:]) }
	invalid := func(id uint32) bool { return id == 0 || id > btfMaxType }
	switch kind {
	case btfkind.Int:
		data := word(0)
		bits := data&0xff + data>>16&0xff
		switch encoding := data >> 24 & 0xf; {
		case data>>28 != 0 || bits > 128 || (bits+7)/8 > arg:
			return "is an integer with invalid bits", false
		case encoding&(encoding-1) != 0 || encoding > 4:
			return "is an integer with an unsupported encoding", true
		}
	case btfkind.Array:
		if arg != 0 || invalid(word(0)) || invalid(word(1)) {
			return "is an invalid array", false
		}
	case btfkind.Struct, btfkind.Union:
		return p.checkMembers(kind == btfkind.Union, members, flag, arg, b), false
	case btfkind.Enum, btfkind.Enum64:
		if arg > 8 || arg&(arg-1) != 0 || arg == 0 {
			return "is an enum of an invalid size", false
		}
		step := kind.Member() / 4
		for i := range members {
			if name := word(step * i); name == 0 || name > btfMaxName {
				return "is an enum with an invalid name", false
			}
		}
	case btfkind.Forward:
		if arg != 0 {
			return "is a forward declaration of a type", false
		}
	case btfkind.Func:
		if members > 1 { // neither static nor global
			return "is a function of invalid linkage", false
		}
	case btfkind.Variable:
		if word(0) > 1 {
			return "is a variable of unsupported linkage", false
		}
	case btfkind.DataSection:
		return p.checkSection(members, arg, b), false
	case btfkind.Float:
		switch arg {
		case 2, 4, 8, 12, 16:
		default:
			return "is a floating-point number of an invalid size", false
		}
	case btfkind.DeclTag:
		if int32(word(0)) < -1 {
			return "is a tag of an invalid component", false
		}
	}
	return "", false
}

// checkMembers looks at the members of a struct or union.
func (p *parser) checkMembers(union bool, members uint32, flag bool, size uint32, b []byte) string {
	last := uint32(0)
	for i := range members {
		name, id, offset := p.f.Uint32(b[12*i:]), p.f.Uint32(b[12*i+4:]), p.f.Uint32(b[12*i+8:])
		if flag { // the bit field's size stands above the offset
			offset &= 0xffffff
		}
		switch {
		case name > btfMaxName:
			return "has a member with an invalid name"
		case id == 0 || id > btfMaxType:
			return "has a member with an invalid type ID"
		case union && offset != 0 || offset < last || (uint64(offset)+7)/8 > uint64(size):
			return "has a member at an invalid offset"
		}
		last = offset
	}
	return ""
}

// checkSection looks at the variables of a section.
func (p *parser) checkSection(variables, size uint32, b []byte) string {
	if size == 0 {
		return "is a section without size"
	}
	end := uint64(0)
	for i := range variables {
		id, offset, n := p.f.Uint32(b[12*i:]), uint64(p.f.Uint32(b[12*i+4:])), uint64(p.f.Uint32(b[12*i+8:]))
		switch {
		case id == 0 || id > btfMaxType:
			return "is a section of a variable with an invalid type ID"
		case offset < end || n == 0 || offset+n > uint64(size):
			return "is a section of a variable at an invalid offset"
		}
		end = offset + n
	}
	return ""
}
