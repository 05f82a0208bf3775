package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/klplint/klplint/kernel/internal/debuginfo"
	"github.com/klplint/klplint/klp"
)

// Bounds of the debug information that types are read from: entries that are
// looked at for one question, and bytes of memory of the types that are made of
// them. A unit that includes the kernel's headers has some sixty thousand entries.
const (
	maxDebugEntries = 1 << 22
	maxTypesMade    = 32 << 20
)

// entryBytes is about what a type takes, and what each of its members does.
const entryBytes = 256

// debugTypes reads types in a module's debug information, where they are.
type debugTypes struct {
	sections debuginfo.Sections
	wanted   map[string]bool        // functions; true for those that are described
	left     int                    // entries that may still be looked at
	found    [memberTypes]foundType // of the unit
}

func newDebugTypes(m *klp.Module) *debugTypes {
	d := &debugTypes{wanted: make(map[string]bool), sections: debuginfo.Sections{
		Order: binary.LittleEndian, Info: bytes.NewReader(m.Debug.Info), InfoSize: int64(len(m.Debug.Info)),
		Abbrev: m.Debug.Abbrev, Str: m.Debug.Str, LineStr: m.Debug.LineStr, StrOffsets: m.Debug.StrOffsets,
		MaxUnit: math.MaxInt64, MaxAll: math.MaxInt64, // it is in memory
		Types: true,
	}}
	if m.Debug.BigEndian {
		d.sections.Order = binary.BigEndian
	}
	for i := range m.Patch.Objects {
		for j := range m.Patch.Objects[i].Funcs {
			if f := &m.Patch.Objects[i].Funcs[j].New; f.Symbol != "" && !f.Import {
				d.wanted[f.Symbol] = false
			}
		}
	}
	return d
}

// debugEntry is what an entry of the debug information says that BTF can say, too.
type debugEntry struct {
	debuginfo.Entry
	name        []byte
	size        int64 // bytes; of an array's dimension the number of elements
	declaration bool
	encoding    int64 // of a base type
	of          int   // offset of a type in the unit, 0 for void
	at          int64 // bits from the start of the struct; of an enumerator its value
	width       int64 // of a bit field, in bits
}

// errComputed says that the debug information does not tell in a number where a
// member is.
var errComputed = errors.New("places of members that are computed")

// read reads what an entry says.
func (d *debugTypes) read(from *debuginfo.Entry) (e debugEntry, err error) {
	e.Entry = *from
	var upper, count, bytesAt, bitsAt, firstBits int64
	var hasUpper, hasBits, hasFirst bool
	for name, v := range from.Attributes {
		switch name {
		case debuginfo.AttrName:
			e.name = v.String()
		case debuginfo.AttrByteSize:
			e.size, _ = v.Int()
		case debuginfo.AttrDeclaration:
			e.declaration = v.Flag()
		case debuginfo.AttrEncoding:
			e.encoding, _ = v.Int()
		case debuginfo.AttrType:
			if e.of, err = v.Reference(); err != nil {
				return e, err
			}
		case debuginfo.AttrMemberLocation:
			var plain bool
			if bytesAt, plain = v.Distance(); !plain {
				return e, errComputed
			}
		case debuginfo.AttrDataBitOffset:
			bitsAt, hasBits = v.Int()
		case debuginfo.AttrBitOffset:
			firstBits, hasFirst = v.Int()
		case debuginfo.AttrBitSize:
			e.width, _ = v.Int()
		case debuginfo.AttrConstValue:
			e.at, _ = v.Int()
		case debuginfo.AttrUpperBound:
			upper, hasUpper = v.Int()
		case debuginfo.AttrCount:
			count, _ = v.Int()
		}
	}
	switch e.Tag {
	case debuginfo.TagMember:
		switch {
		case hasBits:
			e.at = 8*bytesAt + bitsAt
		case hasFirst: // counted from the most significant bit of the storage (DWARF 3)
			if d.sections.Order == binary.BigEndian {
				e.at = 8*bytesAt + firstBits
				break
			}
			if e.size == 0 {
				return e, errComputed
			}
			e.at = 8*bytesAt + 8*e.size - firstBits - e.width
		default:
			e.at = 8 * bytesAt
		}
	case debuginfo.TagSubrange:
		if e.size = count; hasUpper {
			e.size = upper + 1
		}
	}
	return e, nil
}

// entry reads the entry at an offset of the unit.
func (d *debugTypes) entry(u *debuginfo.Unit, at int) (debuginfo.Entry, error) {
	if d.left--; d.left < 0 {
		return debuginfo.Entry{}, fmt.Errorf("debug information of more than %d entries", maxDebugEntries)
	}
	return u.Entry(at)
}

// each calls do with the entries of all units.
func (d *debugTypes) each(do func(*debuginfo.Unit, *debuginfo.Entry) error, end func() error) error {
	d.left = maxDebugEntries
	return d.sections.Units(func(u *debuginfo.Unit) error {
		clear(d.found[:])
		var e debuginfo.Entry // one for all: there are many
		var err error
		for at := u.First(); at < u.Len(); {
			if e, err = d.entry(u, at); err != nil {
				return err
			}
			if err := do(u, &e); err != nil {
				return err
			}
			at = e.End
		}
		return end()
	})
}

// parts calls do with the entries right below another one, until it returns false.
func (d *debugTypes) parts(u *debuginfo.Unit, of *debugEntry, do func(*debugEntry) (bool, error)) error {
	depth := 0
	var part debugEntry // one for all
	for at := of.End; of.Children && at < u.Len(); {
		e, err := d.entry(u, at)
		if err != nil {
			return err
		}
		at = e.End
		switch {
		case e.Tag == 0 && depth == 0:
			return nil
		case e.Tag == 0:
			depth--
		case depth == 0:
			if part, err = d.read(&e); err != nil {
				return err
			}
			if more, err := do(&part); err != nil || !more {
				return err
			}
		}
		if e.Children {
			depth++
		}
	}
	return nil
}

// isMember reports whether BTF can have an entry as a member.
func isMember(e *debugEntry) bool {
	return e.Tag == debuginfo.TagMember && e.at >= 0 && e.at <= math.MaxUint32
}

// unnamed returns the struct or union that an unnamed member is made of: qualifiers
// and typedefs lead to it.
func (d *debugTypes) unnamed(u *debuginfo.Unit, at int) (debugEntry, error) {
	for range maxTypeDepth {
		if at == 0 {
			break
		}
		is, err := d.entry(u, at)
		if err != nil {
			return debugEntry{}, err
		}
		e, err := d.read(&is)
		if err != nil {
			return e, err
		}
		switch e.Tag {
		case debuginfo.TagStruct, debuginfo.TagUnion:
			return e, nil
		case debuginfo.TagTypedef, debuginfo.TagConst, debuginfo.TagVolatile, debuginfo.TagRestrict, debuginfo.TagAtomic:
			at = e.of
		default:
			return debugEntry{}, nil
		}
	}
	return debugEntry{}, nil
}

// sizeInBytes is the size of a type as BTF has it.
func sizeInBytes(e *debugEntry) uint32 {
	return uint32(min(uint64(max(e.size, 0)), math.MaxUint32))
}

// layoutKinds are the kinds of types that are compared. A typedef is compared where
// what it names has no other name.
var layoutKinds = map[uint64]string{
	debuginfo.TagStruct: "struct", debuginfo.TagUnion: "union", debuginfo.TagEnumeration: "enum", debuginfo.TagTypedef: "typedef",
}

// errNotDescribed says that no replacement is described: assemblers name functions,
// and so does gcc -g1, without their parameters and types.
var errNotDescribed = errors.New("the debug information describes no replacement")

// differ reports whether a named type is there that the kernel has in another
// form only. That is all that is asked of most modules.
func (d *debugTypes) differ(kernel *kernelTypes) (bool, error) {
	found, described, declares := false, false, false
	err := d.each(func(u *debuginfo.Unit, at *debuginfo.Entry) error {
		switch at.Tag {
		case debuginfo.TagCompileUnit:
			declares = d.onlyDeclares(at)
		case debuginfo.TagStruct, debuginfo.TagUnion, debuginfo.TagEnumeration, debuginfo.TagTypedef:
			if found {
				return nil
			}
			e, err := d.read(at)
			if err != nil || len(e.name) == 0 || e.declaration {
				return err
			}
			found, err = d.differs(u, &e, kernel)
			return err
		case debuginfo.TagSubprogram:
			if name, ok := d.describes(at); ok {
				described = true
				if !declares {
					d.wanted[string(name)] = true
				}
			}
		}
		return nil
	}, func() error { return nil })
	if err == nil && !described {
		err = errNotDescribed
	}
	return found, err
}

// onlyDeclares reports whether a unit declares types that others define: gcc's options
// for that are named -femit-struct-debug- and end up among those that it records.
func (d *debugTypes) onlyDeclares(unit *debuginfo.Entry) bool {
	for name, v := range unit.Attributes {
		if name == debuginfo.AttrProducer {
			text := v.Text()
			d.left -= len(text) / 64
			return bytes.Contains(text, []byte(" -femit-struct-debug-"))
		}
	}
	return false
}

// undescribed are the functions that are wanted and whose types differ was not told.
func (d *debugTypes) undescribed() []string {
	var names []string
	for name, described := range d.wanted {
		if !described {
			names = append(names, name)
		}
	}
	return names
}

// describes returns the name of a function that is wanted, where an entry tells what it takes.
func (d *debugTypes) describes(e *debuginfo.Entry) (function []byte, ok bool) {
	prototyped := false
	for name, v := range e.Attributes {
		switch name {
		case debuginfo.AttrName:
			function = v.String()
			if _, wanted := d.wanted[string(function)]; !wanted {
				return nil, false
			}
		case debuginfo.AttrPrototyped:
			prototyped = v.Flag()
		case debuginfo.AttrDeclaration:
			if v.Flag() {
				return nil, false
			}
		}
	}
	return function, function != nil && prototyped
}

// described returns the struct, union or enum that a name stands for; false for a
// typedef of what has a name of its own.
func (d *debugTypes) described(u *debuginfo.Unit, e *debugEntry) (debugEntry, bool, error) {
	if e.Tag != debuginfo.TagTypedef {
		return *e, true, nil
	}
	of, err := d.memberType(u, e.of)
	if err != nil || of.nameless == 0 {
		return *e, false, err
	}
	is, err := d.entry(u, of.nameless)
	if err != nil {
		return *e, false, err
	}
	inner, err := d.read(&is)
	return inner, true, err
}

func (d *debugTypes) differs(u *debuginfo.Unit, e *debugEntry, kernel *kernelTypes) (bool, error) {
	candidates := kernel.layouts(e.name, layoutKinds[e.Tag])
	if len(candidates) == 0 {
		return false, nil
	}
	of, ok, err := d.described(u, e)
	if err != nil || !ok {
		return false, err
	}
	for _, c := range candidates {
		if same, err := d.same(u, &of, c); err != nil || same {
			return false, err
		}
	}
	is := &typeLayout{kind: layoutKinds[e.Tag], values: of.Tag == debuginfo.TagEnumeration, size: int(sizeInBytes(&of))}
	w := placeWalk{d: d, u: u, do: func(p place) bool {
		is.add(memberPlace{name: string(p.name), at: p.at, width: p.width, size: p.size})
		return true
	}}
	if err := w.open(&of, 0, 0, 0); err != nil || len(is.members) == 0 {
		return false, err
	}
	same, different := compareWithKernel(is, candidates)
	return same == nil && len(different) > 0, nil
}

// same reports whether an entry describes the same members in the same order.
func (d *debugTypes) same(u *debuginfo.Unit, e *debugEntry, was *typeLayout) (bool, error) {
	if int(sizeInBytes(e)) != was.size {
		return false, nil
	}
	n := 0
	w := placeWalk{d: d, u: u, do: func(p place) bool {
		if n == len(was.members) {
			n++
			return false
		}
		m := &was.members[n]
		if m.at != p.at || m.width != p.width || !sameSize(m.size, p.size) || m.name != string(p.name) {
			return false
		}
		n++
		return true
	}}
	err := w.open(e, 0, 0, 0)
	return n == len(was.members) && !w.stopped, err
}

// place is a member as memberPlace has it. Its name holds until the next one.
type place struct {
	name  []byte
	at    uint64
	width uint32
	size  int
}

// placeWalk goes through the members of a type as typeLayout.open does, and through
// the values of an enum.
type placeWalk struct {
	d       *debugTypes
	u       *debuginfo.Unit
	do      func(place) bool
	path    []byte // names of the members around
	opened  int    // members that were looked at
	stopped bool
}

// open goes through the members of e, with the first bytes of path in front of their names.
func (w *placeWalk) open(e *debugEntry, prefix int, from uint64, depth int) error {
	return w.d.parts(w.u, e, func(p *debugEntry) (bool, error) {
		isValue := p.Tag == debuginfo.TagEnumerator
		if !isValue && !isMember(p) {
			return true, nil
		}
		switch w.opened++; {
		case w.opened > maxMembers:
			w.stopped = true
		case isValue:
			w.stopped = !w.do(place{name: p.name, at: valueOfEnum(sizeInBytes(e), uint64(p.at))})
		case prefix > 0 && prefix+len(p.name) > maxPath:
		case len(p.name) > 0:
			return w.named(p, prefix, from, depth)
		case depth <= maxTypeDepth:
			inner, err := w.d.unnamed(w.u, p.of)
			if err != nil {
				return false, err
			}
			if err := w.open(&inner, prefix, from+uint64(p.at), depth+1); err != nil {
				return false, err
			}
		}
		return !w.stopped, nil
	})
}

func (w *placeWalk) named(p *debugEntry, prefix int, from uint64, depth int) (more bool, err error) {
	of, err := w.d.memberType(w.u, p.of)
	if err != nil {
		return false, err
	}
	is := place{name: p.name, at: from + uint64(p.at), width: uint32(max(p.width, 0))}
	if is.width == 0 {
		is.size = int(of.size)
	}
	if prefix > 0 {
		w.path = append(w.path[:prefix], p.name...)
		is.name = w.path
	}
	if w.stopped = !w.do(is); w.stopped || of.nameless == 0 || depth > maxTypeDepth {
		return !w.stopped, nil
	}
	at, err := w.d.entry(w.u, of.nameless)
	if err != nil {
		return false, err
	}
	inner, err := w.d.read(&at)
	if err != nil || inner.Tag == debuginfo.TagEnumeration {
		return true, err
	}
	w.path = append(append(w.path[:prefix], p.name...), '.')
	err = w.open(&inner, len(w.path), is.at, depth+1)
	return !w.stopped, err
}
