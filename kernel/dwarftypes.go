package kernel

import (
	"bytes"
	"encoding/binary"
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
	wanted   map[string]bool // functions
	left     int             // entries that may still be looked at
}

func newDebugTypes(m *klp.Module) *debugTypes {
	d := &debugTypes{wanted: make(map[string]bool), sections: debuginfo.Sections{
		Order: binary.LittleEndian, Info: bytes.NewReader(m.Debug.Info), InfoSize: int64(len(m.Debug.Info)),
		Abbrev: m.Debug.Abbrev, Str: m.Debug.Str, LineStr: m.Debug.LineStr, StrOffsets: m.Debug.StrOffsets,
		MaxUnit: math.MaxInt64, MaxAll: math.MaxInt64, // it is in memory
	}}
	if m.Debug.BigEndian {
		d.sections.Order = binary.BigEndian
	}
	for i := range m.Patch.Objects {
		for j := range m.Patch.Objects[i].Funcs {
			d.wanted[m.Patch.Objects[i].Funcs[j].New.Symbol] = true
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

func readDebugEntry(from *debuginfo.Entry) (e debugEntry, err error) {
	e.Entry = *from
	var upper, count, bytesAt, bitsAt, bigBits int64
	var hasUpper, hasBits, hasBig bool
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
			bytesAt, _ = v.Int()
		case debuginfo.AttrDataBitOffset:
			bitsAt, hasBits = v.Int()
		case debuginfo.AttrBitOffset:
			bigBits, hasBig = v.Int()
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
		case hasBig: // counted from the most significant bit of the storage (DWARF 3)
			e.at = 8*bytesAt + 8*e.size - bigBits - e.width
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
		for at := u.First(); at < u.Len(); {
			e, err := d.entry(u, at)
			if err != nil {
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
			part, err := readDebugEntry(&e)
			if err != nil {
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
		e, err := readDebugEntry(&is)
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

// layoutKinds are the kinds of types that are compared.
var layoutKinds = map[uint64]string{debuginfo.TagStruct: "struct", debuginfo.TagUnion: "union", debuginfo.TagEnumeration: "enum"}

// differ reports whether a named type is there that the kernel has in another
// form only. That is all that is asked of most modules.
func (d *debugTypes) differ(kernel *kernelTypes) (bool, error) {
	found := false
	err := d.each(func(u *debuginfo.Unit, at *debuginfo.Entry) error {
		switch at.Tag {
		case debuginfo.TagStruct, debuginfo.TagUnion, debuginfo.TagEnumeration:
		default:
			return nil
		}
		if found {
			return nil
		}
		e, err := readDebugEntry(at)
		if err != nil || len(e.name) == 0 || e.declaration {
			return err
		}
		found, err = d.differs(u, &e, kernel)
		return err
	}, func() error { return nil })
	return found, err
}

func (d *debugTypes) differs(u *debuginfo.Unit, e *debugEntry, kernel *kernelTypes) (bool, error) {
	candidates := kernel.layouts(e.name, layoutKinds[e.Tag])
	for _, c := range candidates {
		if same, err := d.same(u, e, c); err != nil || same {
			return false, err
		}
	}
	if len(candidates) == 0 {
		return false, nil
	}
	is := &typeLayout{kind: layoutKinds[e.Tag], size: int(sizeInBytes(e))}
	w := placeWalk{d: d, u: u, do: func(name []byte, at uint64, width uint32) bool {
		is.add(memberPlace{name: string(name), at: at, width: width})
		return true
	}}
	if err := w.open(e, 0, 0); err != nil || len(is.members) == 0 {
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
	w := placeWalk{d: d, u: u, do: func(name []byte, at uint64, width uint32) bool {
		if n == len(was.members) {
			n++
			return false
		}
		m := &was.members[n]
		if m.at != at || m.width != width || m.name != string(name) {
			return false
		}
		n++
		return true
	}}
	err := w.open(e, 0, 0)
	return n == len(was.members) && !w.stopped, err
}

// placeWalk goes through the members of a type that have a name, those of unnamed
// members included, and through the values of an enum.
type placeWalk struct {
	d       *debugTypes
	u       *debuginfo.Unit
	do      func(name []byte, at uint64, width uint32) bool
	opened  int // members that were looked at
	stopped bool
}

func (w *placeWalk) open(e *debugEntry, from uint64, depth int) error {
	return w.d.parts(w.u, e, func(p *debugEntry) (bool, error) {
		isValue := p.Tag == debuginfo.TagEnumerator
		if !isValue && !isMember(p) {
			return true, nil
		}
		switch w.opened++; {
		case w.opened > maxMembers:
			w.stopped = true
		case len(p.name) > 0:
			w.stopped = !w.do(p.name, from+uint64(p.at), uint32(max(p.width, 0)))
		case !isValue && depth <= maxTypeDepth:
			inner, err := w.d.unnamed(w.u, p.of)
			if err != nil {
				return false, err
			}
			if err := w.open(&inner, from+uint64(p.at), depth+1); err != nil {
				return false, err
			}
		}
		return !w.stopped, nil
	})
}
