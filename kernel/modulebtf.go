package kernel

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"sync"

	"github.com/klplint/klplint/internal/btfkind"
	"github.com/klplint/klplint/klp"
)

// BTFDefect is why a kernel refuses the types of a module's BTF.
type BTFDefect struct {
	ID     uint32 // of the type, as the kernel's log counts them: on from those of the base
	Reason string // in words that go on after "the type"
	Errno  string
	Code   int // the errno's number
}

// errManyTypes says that the module's BTF is larger than what is kept of it.
var errManyTypes = errors.New("the module's BTF, which is larger than what is read of it")

// btfNames is what a kernel demands of the name of a type of a kind, where it has one:
// an identifier, the name of a section, or that it is not empty
// (kernel/bpf/btf.c: the check_meta of each kind).
var btfNames = map[btfkind.Kind]func([]byte) bool{
	btfkind.Struct: identifier, btfkind.Union: identifier, btfkind.Enum: identifier, btfkind.Enum64: identifier, btfkind.Forward: identifier,
	btfkind.Typedef: identifier, btfkind.Func: identifier, btfkind.Variable: identifier, btfkind.DataSection: printable,
	btfkind.DeclTag: notEmpty, btfkind.TypeTag: notEmpty,
}

// CheckModuleBTF says what the kernel finds wrong with the names of the types in a
// module's .BTF, and with what typedefs and qualifiers refer to, where each type by
// itself is in order; nil for nothing. It is an error where the base is not known that
// the section builds on.
func (k *Kernel) CheckModuleBTF(m *klp.Module) (*BTFDefect, error) {
	b := m.BTF
	if b.Data == nil {
		return nil, errManyTypes
	}
	base := &baseBTF{}
	if b.Base != nil {
		base.read(b.Base)
	} else {
		base = &k.baseBTF
		base.once.Do(func() {
			if k.types.raw != nil {
				base.read(k.types.raw())
			}
		})
	}
	if base.types == nil {
		return nil, cmp.Or(base.err, ErrNoTypes)
	}
	own, err := rawTypesOf(b.Data)
	if err != nil {
		return nil, err
	}
	c := btfCheck{below: base.types, own: own, first: base.types.next(1), baseNames: base.names, names: namesOf(b.Data)}
	return c.defect(), nil
}

// baseBTF is BTF that others build on: a kernel's is read when it is first asked for.
type baseBTF struct {
	once  sync.Once
	types *rawTypes // nil where there are none, or err says why they cannot be read
	names []byte
	err   error
}

func (b *baseBTF) read(data []byte) {
	if data != nil {
		b.types, b.err = rawTypesOf(data)
		b.names = namesOf(data)
	}
}

// btfCheck is the types of a module and those below them.
type btfCheck struct {
	below, own       *rawTypes
	first            uint32 // the id of the first type of the module's
	baseNames, names []byte
}

// namesOf is the part of BTF with the strings.
func namesOf(data []byte) []byte {
	const header = 24
	if len(data) < header {
		return nil
	}
	r := rawTypes{order: orderOfBTF(data), types: data}
	from, size := uint64(r.word(4))+uint64(r.word(16)), uint64(r.word(20))
	if from > uint64(len(data)) || size > uint64(len(data))-from {
		return nil
	}
	return data[from : from+size]
}

// name returns the string at an offset, which counts on from those of the base.
func (c *btfCheck) name(offset uint32) (name []byte, ok bool) {
	list, at := c.baseNames, uint64(offset)
	if at >= uint64(len(list)) {
		list, at = c.names, at-uint64(len(c.baseNames))
	}
	if at >= uint64(len(list)) {
		return nil, false
	}
	name, _, _ = bytes.Cut(list[at:], []byte{0})
	return name, true
}

func (c *btfCheck) defect() *BTFDefect {
	invalid := func(index int, why string) *BTFDefect {
		return &BTFDefect{ID: c.first + uint32(index), Reason: why, Errno: "EINVAL", Code: 22}
	}
	for i := range c.own.offsets {
		if why := c.badName(i); why != "" {
			return invalid(i, why)
		}
	}
	const longest = 32
	for i := range c.own.offsets {
		id := c.first + uint32(i)
		for n := 0; ; n++ {
			kind, to, known := c.modifier(id)
			switch {
			case !known:
				return invalid(i, fmt.Sprintf("leads to the type %d, which does not exist", id))
			case kind == 0 || id < c.first+uint32(i) && n > 0:
			case n == longest:
				return &BTFDefect{ID: c.first + uint32(i), Reason: "leads over more than 32 others, or to itself", Errno: "ELOOP", Code: 40}
			default:
				id = to
				continue
			}
			break
		}
	}
	return nil
}

// modifier returns the kind of a type and what it refers to, 0 for the kind of one that
// is no typedef, qualifier or type tag.
func (c *btfCheck) modifier(id uint32) (kind btfkind.Kind, to uint32, known bool) {
	list, index := c.own, int64(id)-int64(c.first)
	switch {
	case id == 0:
		return 0, 0, true // void
	case index < 0:
		list, index = c.below, int64(id)-1
	}
	if index >= int64(len(list.offsets)) {
		return 0, 0, false
	}
	at := list.offsets[index]
	switch kind, _ = list.head(at); kind {
	case btfkind.Typedef, btfkind.Volatile, btfkind.Const, btfkind.Restrict, btfkind.TypeTag:
		return kind, list.word(uint64(at) + 8), true
	}
	return 0, 0, true
}

// badName says what is wrong with the names of a type and of its members.
func (c *btfCheck) badName(index int) string {
	at := uint64(c.own.offsets[index])
	kind, parts := c.own.head(uint32(at))
	off := c.own.word(at)
	name, ok := c.name(off)
	if !ok {
		return fmt.Sprintf("has a name at offset %d, behind the strings", off)
	}
	if valid := btfNames[kind]; valid != nil && (off != 0 || kind == btfkind.DeclTag || kind == btfkind.TypeTag) && !valid(name) {
		return "has an invalid name"
	}
	switch kind {
	case btfkind.Struct, btfkind.Union, btfkind.Enum, btfkind.Enum64:
	default:
		return ""
	}
	step := uint64(kind.Member())
	for n := range uint64(parts) {
		off := c.own.word(at + btfkind.Head + step*n)
		name, ok := c.name(off)
		switch {
		case !ok:
			return fmt.Sprintf("has a member with a name at offset %d, behind the strings", off)
		case off != 0 && !identifier(name):
			return "has a member with an invalid name"
		}
	}
	return ""
}

// maxIdentifier is KSYM_NAME_LEN, in which a name and its end must fit.
const maxIdentifier = 512

func identifier(name []byte) bool {
	for i, b := range name {
		letter := b|0x20 >= 'a' && b|0x20 <= 'z'
		if !letter && b != '_' && b != '.' && (i == 0 || b < '0' || b > '9') {
			return false
		}
	}
	return len(name) > 0 && len(name) <= maxIdentifier
}

func printable(name []byte) bool {
	return len(name) > 0 && len(name) <= maxIdentifier && !bytes.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func notEmpty(name []byte) bool { return len(name) > 0 }
