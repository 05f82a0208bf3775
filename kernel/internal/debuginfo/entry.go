package debuginfo

import (
	"bytes"
	"errors"
	"fmt"
	"math"
)

// ErrAcrossUnits says that an entry refers to another unit, as link-time
// optimization writes it.
var ErrAcrossUnits = errors.New("references across units (link-time optimization)")

// ErrTypeUnits says that types have units of their own, as -fdebug-types-section
// writes them.
var ErrTypeUnits = errors.New("types in units of their own")

// Entry is one entry of a unit.
type Entry struct {
	Tag      uint64 // 0 for the end of the entries below another one
	Children bool   // entries below this one follow it
	Offset   int    // in the unit
	End      int    // where the next entry begins

	unit   *Unit
	abbrev *abbrev
	values int // where the values of the attributes begin
}

// First is the offset of the unit's first entry.
func (u *Unit) First() int { return u.entries }

// Len is the size of the unit in bytes: no entry begins there or behind it.
func (u *Unit) Len() int { return len(u.b) }

// Entry reads the entry at an offset of the unit, but for its attributes.
func (u *Unit) Entry(at int) (Entry, error) {
	if at >= len(u.b) {
		return Entry{}, ErrDamaged
	}
	c := cursor{b: u.b, at: at, order: u.sections.Order}
	code := c.leb()
	if c.bad || code >= uint64(len(u.abbrevs)) {
		return Entry{}, ErrDamaged
	}
	e := Entry{Offset: at, End: c.at, unit: u, values: c.at}
	if code == 0 {
		return e, nil
	}
	e.abbrev = &u.abbrevs[code]
	e.Tag, e.Children = e.abbrev.tag, e.abbrev.children
	if n := e.abbrev.size; n >= 0 {
		c.take(uint64(n))
	} else {
		for i := range e.abbrev.attributes {
			if _, _, err := u.pass(&c, e.abbrev.attributes[i].form); err != nil {
				return e, err
			}
		}
	}
	if c.bad {
		return e, ErrDamaged
	}
	e.End = c.at
	return e, nil
}

// Value is the value of one attribute.
type Value struct {
	unit     *Unit
	form     uint64
	at       int
	implicit int64 // of formImplicitConst
}

// Attributes goes through an entry's attributes, by their names.
func (e *Entry) Attributes(yield func(name uint64, v Value) bool) {
	if e.abbrev == nil {
		return
	}
	c := cursor{b: e.unit.b, at: e.values, order: e.unit.sections.Order}
	for i := range e.abbrev.attributes {
		a := &e.abbrev.attributes[i]
		v := Value{unit: e.unit, form: a.form, at: c.at, implicit: a.implicit}
		if a.size >= 0 {
			c.at += a.size // Entry has seen that it is there
		} else {
			var err error
			if v.form, v.at, err = e.unit.pass(&c, a.form); err != nil || c.bad {
				return // as Entry has said
			}
		}
		if !yield(a.name, v) {
			return
		}
	}
}

// fixed returns what the value of a form takes in this unit, in bytes; -1 where
// the value itself tells, and for forms that are not known.
func (u *Unit) fixed(form uint64) int {
	switch form {
	case formFlagPresent, formImplicitConst:
		return 0
	case formData1, formFlag, formRef1, formStrx1, formAddrx1:
		return 1
	case formData2, formRef2, formStrx1 + 1, formAddrx1 + 1:
		return 2
	case formStrx1 + 2, formAddrx1 + 2:
		return 3
	case formData4, formRef4, formStrx4, formAddrx4, formRefSup4:
		return 4
	case formData8, formRef8, formRefSig8, formRefSup8:
		return 8
	case formData16:
		return 16
	case formAddr:
		return int(u.address)
	case formRefAddr:
		if u.version == 2 {
			return int(u.address)
		}
		return int(u.offset)
	case formStrp, formLineStrp, formStrpSup, formSecOffset:
		return int(u.offset)
	}
	return -1
}

// pass passes over a value. It returns where the value begins and its form, which
// the value itself may name.
func (u *Unit) pass(c *cursor, form uint64) (is uint64, at int, err error) {
	for form == formIndirect {
		form = c.leb()
	}
	at = c.at
	if n := u.fixed(form); n >= 0 {
		c.take(uint64(n))
		return form, at, nil
	}
	switch form {
	case formUdata, formSdata, formRefUdata, formStrx, formAddrx, formLoclistx, formRnglistx:
		c.leb()
	case formString:
		c.skipString()
	case formBlock1:
		c.take(c.uint(1))
	case formBlock2:
		c.take(c.uint(2))
	case formBlock4:
		c.take(c.uint(4))
	case formBlock, formExprloc:
		c.take(c.leb())
	default:
		return form, at, fmt.Errorf("attribute of form %#x", form)
	}
	return form, at, nil
}

func (v *Value) cursor() cursor {
	return cursor{b: v.unit.b, at: v.at, order: v.unit.sections.Order}
}

// Int is a constant; ok is false for a value of another kind.
func (v *Value) Int() (n int64, ok bool) {
	c := v.cursor()
	switch v.form {
	case formImplicitConst:
		return v.implicit, true
	case formData1, formData2, formData4, formData8:
		return int64(c.uint(uint64(v.unit.fixed(v.form)))), true
	case formSdata:
		return c.sleb(), true
	case formUdata:
		return int64(c.leb()), true
	}
	return 0, false
}

// Distance is the place of a member in bytes from the start of its struct; ok is
// false for one that is computed otherwise. Before DWARF 3 it is an expression for
// each member: DW_OP_plus_uconst and the number.
func (v *Value) Distance() (n int64, ok bool) {
	const plusUconst = 0x23
	c := v.cursor()
	var size uint64
	switch v.form {
	case formBlock1:
		size = c.uint(1)
	case formBlock2:
		size = c.uint(2)
	case formBlock4:
		size = c.uint(4)
	case formBlock, formExprloc:
		size = c.leb()
	default:
		return v.Int()
	}
	c = cursor{b: c.take(size)}
	if c.uint(1) != plusUconst {
		return 0, false
	}
	n = int64(c.leb())
	return n, !c.bad && c.at == len(c.b) && n >= 0 && n <= math.MaxUint32
}

// Flag is a flag; false for a value of another kind.
func (v *Value) Flag() bool {
	c := v.cursor()
	return v.form == formFlagPresent || v.form == formFlag && c.uint(1) != 0
}

// String is a name, a part of what the unit was read from; nil for one that is
// not there.
func (v *Value) String() []byte { return v.string(maxName) }

// Text is a string that is no name: it is cut where it is longer than 4 KiB.
func (v *Value) Text() []byte { return v.string(maxText) }

func (v *Value) string(limit int) []byte {
	c, s := v.cursor(), v.unit.sections
	switch v.form {
	case formString:
		from := c.skipString()
		if c.bad {
			return nil
		}
		return c.b[from : c.at-1]
	case formStrp:
		return stringAt(s.Str, c.uint(v.unit.offset), limit)
	case formLineStrp:
		return stringAt(s.LineStr, c.uint(v.unit.offset), limit)
	case formStrx:
		return v.unit.indexed(c.leb(), limit)
	case formStrx1, formStrx1 + 1, formStrx1 + 2, formStrx4:
		return v.unit.indexed(c.uint(v.form-formStrx1+1), limit)
	}
	return nil
}

// indexed reads a string through .debug_str_offsets.
func (u *Unit) indexed(i uint64, limit int) []byte {
	s := u.sections
	at := u.strOffsets + i*u.offset
	if i > uint64(len(s.StrOffsets)) || at > uint64(len(s.StrOffsets)) {
		return nil
	}
	c := cursor{b: s.StrOffsets, at: int(at), order: s.Order}
	offset := c.uint(u.offset)
	if c.bad {
		return nil
	}
	return stringAt(s.Str, offset, limit)
}

// maxName is what is read of a name, in bytes: no kernel has a longer one
// (include/linux/kallsyms.h: KSYM_NAME_LEN), and a million entries may share one.
const maxName = 512

// maxText is what is read of any other string: the kernel's options make up some 1,200
// bytes of what a compiler says of itself.
const maxText = 4 << 10

// stringAt is a string of a string section, cut where it is longer than the limit.
func stringAt(b []byte, at uint64, limit int) []byte {
	if at >= uint64(len(b)) {
		return nil
	}
	b = b[at:]
	switch end := bytes.IndexByte(b[:min(len(b), limit)], 0); {
	case end >= 0:
		return b[:end]
	case len(b) > limit:
		return b[:limit]
	}
	return nil
}

// Reference is the offset, in the unit, of another entry of it.
func (v *Value) Reference() (int, error) {
	var to uint64
	c := v.cursor()
	switch v.form {
	case formRef1, formRef2, formRef4, formRef8:
		to = c.uint(uint64(v.unit.fixed(v.form)))
	case formRefUdata:
		to = c.leb()
	case formRefAddr:
		to = c.uint(uint64(v.unit.fixed(v.form))) - uint64(v.unit.start)
		if to >= v.unit.size {
			return 0, ErrAcrossUnits
		}
	case formRefSig8:
		return 0, ErrTypeUnits
	default:
		return 0, ErrAcrossUnits
	}
	if to >= v.unit.size {
		return 0, ErrDamaged
	}
	return int(to), nil
}
