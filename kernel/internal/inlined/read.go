package inlined

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
)

// Sections are those parts of a vmlinux that tell what was inlined. Info is read
// a unit at a time; the others are small, and in memory.
type Sections struct {
	Order           binary.ByteOrder
	Info            io.ReaderAt
	InfoSize        int64
	Abbrev          []byte
	Str, LineStr    []byte
	StrOffsets      []byte
	MaxUnit, MaxAll int64 // bounds in bytes: of one unit, and of Info
}

// Pair says that a function was inlined into another one, at least once.
type Pair struct {
	Callee, Caller string
	File           string // the last part of the name of the unit's source file
}

// ErrAcrossUnits says that entries refer to other units, as link-time
// optimization writes them: what was inlined is not read then.
var ErrAcrossUnits = errors.New("functions inlined across units (link-time optimization)")

// maxPairs bounds the answer; an allyesconfig kernel has fewer functions.
const maxPairs = 1 << 21

// Read returns the pairs whose callee is wanted, sorted, each once.
func Read(s Sections, wanted func(name []byte) bool) ([]Pair, error) {
	if s.InfoSize > s.MaxAll {
		return nil, fmt.Errorf("debug information of %d bytes: the limit is %d", s.InfoSize, s.MaxAll)
	}
	r := reader{s: s, wanted: wanted, names: map[string]string{}, seen: map[Pair]bool{}}
	for at := int64(0); at < s.InfoSize; {
		n, err := r.unit(at)
		if err != nil {
			return nil, err
		}
		at += n
	}
	list := make([]Pair, 0, len(r.seen))
	for p := range r.seen {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.Callee, b.Callee), cmp.Compare(a.Caller, b.Caller), cmp.Compare(a.File, b.File))
	})
	return list, nil
}

// reader goes through the units. Its slices are used again for each.
type reader struct {
	s       Sections
	wanted  func([]byte) bool
	names   map[string]string // each name once in memory
	seen    map[Pair]bool
	buf     []byte
	abbrevs []abbrev
	all     []attribute

	u          unit
	file       string
	strOffsets uint64
	subs       map[int]subprogram // by offset in the unit
	calls      []call
	stack      []scope
}

// subprogram is what a DW_TAG_subprogram says of itself.
type subprogram struct {
	name   []byte
	origin int // offset of the entry that names it, 0 for none
}

// call is one inlined copy: both are offsets of subprograms in the unit.
type call struct{ callee, caller int }

// scope is an entry with children: the concrete function around them, 0 for none.
type scope struct{ function int }

// unit reads the unit at an offset and returns its size.
func (r *reader) unit(at int64) (int64, error) {
	head := make([]byte, min(headerBytes, r.s.InfoSize-at))
	if _, err := r.s.Info.ReadAt(head, at); err != nil {
		return 0, err
	}
	u, err := parseHeader(head, r.s.Order, at, uint64(r.s.InfoSize-at))
	if err != nil {
		return 0, err
	}
	size := int64(u.size)
	if !u.code {
		return size, nil
	}
	if size > r.s.MaxUnit {
		return 0, fmt.Errorf("unit at %#x: %d bytes, the limit is %d", at, size, r.s.MaxUnit)
	}
	if u.abbrev >= uint64(len(r.s.Abbrev)) {
		return 0, fmt.Errorf("unit at %#x: abbreviations at %#x: %w", at, u.abbrev, errDamaged)
	}
	if r.abbrevs, r.all, err = parseAbbrevs(r.s.Abbrev[u.abbrev:], r.s.Order, r.abbrevs, r.all); err != nil {
		return 0, fmt.Errorf("unit at %#x: abbreviations at %#x: %w", at, u.abbrev, err)
	}
	if int64(cap(r.buf)) < size {
		r.buf = make([]byte, size+size/4)
	}
	r.buf = r.buf[:size]
	if _, err := r.s.Info.ReadAt(r.buf, at); err != nil {
		return 0, err
	}
	r.u, r.file, r.calls, r.stack = u, "", r.calls[:0], r.stack[:0]
	r.strOffsets = 2 * r.u.offset // behind the header, where no attribute says otherwise
	if r.subs == nil {
		r.subs = map[int]subprogram{}
	}
	clear(r.subs)
	if err := r.entries(); err != nil {
		return 0, fmt.Errorf("unit at %#x: %w", at, err)
	}
	r.pairs()
	return size, nil
}

// entries goes through the entries of the unit.
func (r *reader) entries() error {
	c := cursor{b: r.buf, at: r.u.entries, order: r.s.Order}
	for c.at < len(c.b) {
		offset := c.at
		code := c.leb()
		if code == 0 {
			if len(r.stack) > 0 {
				r.stack = r.stack[:len(r.stack)-1]
			}
			continue
		}
		if code >= uint64(len(r.abbrevs)) {
			return errDamaged
		}
		a := &r.abbrevs[code]
		function := 0
		if len(r.stack) > 0 {
			function = r.stack[len(r.stack)-1].function
		}
		e, err := r.entry(&c, a)
		if err != nil {
			return err
		}
		switch a.tag {
		case tagCompileUnit:
			r.file = r.intern([]byte(path.Base(string(e.name))))
		case tagSubprogram:
			r.subs[offset] = subprogram{e.name, e.origin}
			function = 0
			if e.concrete {
				function = offset
			}
		case tagInlinedSubroutine:
			if function != 0 && e.origin != 0 {
				r.calls = append(r.calls, call{e.origin, function})
			}
		}
		if a.children {
			r.stack = append(r.stack, scope{function})
		}
	}
	if c.bad {
		return errDamaged
	}
	return nil
}

// entry is what matters of one entry.
type entry struct {
	name     []byte
	origin   int // offset in the unit
	concrete bool
}

// entry reads the attributes of an entry: those that are asked for of the kinds
// that matter, all others only to pass over them.
func (r *reader) entry(c *cursor, a *abbrev) (entry, error) {
	var e entry
	var name *value
	matters := a.tag == tagSubprogram || a.tag == tagInlinedSubroutine || a.tag == tagCompileUnit
	for _, at := range a.attributes {
		from, form := c.at, at.form
		for form == formIndirect {
			form = c.leb()
			from = c.at
		}
		if err := r.pass(c, form); err != nil {
			return e, err
		}
		if c.bad {
			return e, errDamaged
		}
		if !matters {
			continue
		}
		v := value{cursor{b: c.b[:c.at], at: from, order: c.order}, form}
		switch at.name {
		case attrName:
			name = &v
		case attrStrOffsetsBase:
			r.strOffsets = v.uint(r.u.offset)
		case attrAbstractOrigin, attrSpecification:
			origin, err := r.reference(v)
			if err != nil {
				return e, err
			}
			e.origin = origin
		case attrLowPC, attrRanges:
			e.concrete = true
		}
	}
	if name != nil {
		e.name = r.string(*name) // the base of the offsets to strings may stand behind it
	}
	return e, nil
}

// value is the value of one attribute, which has been passed over already.
type value struct {
	cursor
	form uint64
}

// pass passes over a value.
func (r *reader) pass(c *cursor, form uint64) error {
	switch form {
	case formFlagPresent, formImplicitConst:
	case formData1, formFlag, formRef1, formStrx1, formAddrx1:
		c.take(1)
	case formData2, formRef2, formStrx1 + 1, formAddrx1 + 1:
		c.take(2)
	case formStrx1 + 2, formAddrx1 + 2:
		c.take(3)
	case formData4, formRef4, formStrx4, formAddrx4, formRefSup4:
		c.take(4)
	case formData8, formRef8, formRefSig8, formRefSup8:
		c.take(8)
	case formData16:
		c.take(16)
	case formAddr:
		c.take(r.u.address)
	case formRefAddr:
		if r.u.version == 2 {
			c.take(r.u.address)
		} else {
			c.take(r.u.offset)
		}
	case formStrp, formLineStrp, formStrpSup, formSecOffset:
		c.take(r.u.offset)
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
		return fmt.Errorf("attribute of form %#x", form)
	}
	return nil
}

// string reads a string of any form; nil for one that is not there.
func (r *reader) string(c value) []byte {
	switch c.form {
	case formString:
		from := c.skipString()
		if c.bad {
			return nil
		}
		return c.b[from : c.at-1]
	case formStrp:
		return stringAt(r.s.Str, c.uint(r.u.offset))
	case formLineStrp:
		return stringAt(r.s.LineStr, c.uint(r.u.offset))
	case formStrx:
		return r.indexed(c.leb())
	case formStrx1, formStrx1 + 1, formStrx1 + 2, formStrx4:
		return r.indexed(c.uint(c.form - formStrx1 + 1))
	}
	return nil
}

// indexed reads a string through .debug_str_offsets.
func (r *reader) indexed(i uint64) []byte {
	at := r.strOffsets + i*r.u.offset
	if i > uint64(len(r.s.StrOffsets)) || at > uint64(len(r.s.StrOffsets)) {
		return nil
	}
	c := cursor{b: r.s.StrOffsets, at: int(at), order: r.s.Order}
	offset := c.uint(r.u.offset)
	if c.bad {
		return nil
	}
	return stringAt(r.s.Str, offset)
}

func stringAt(b []byte, at uint64) []byte {
	if at >= uint64(len(b)) {
		return nil
	}
	end := bytes.IndexByte(b[at:], 0)
	if end < 0 {
		return nil
	}
	return b[at:][:end]
}

// reference reads a reference to an entry of the same unit.
func (r *reader) reference(c value) (int, error) {
	var to uint64
	switch c.form {
	case formRef1:
		to = c.uint(1)
	case formRef2:
		to = c.uint(2)
	case formRef4:
		to = c.uint(4)
	case formRef8:
		to = c.uint(8)
	case formRefUdata:
		to = c.leb()
	case formRefAddr:
		size := r.u.offset
		if r.u.version == 2 {
			size = r.u.address
		}
		to = c.uint(size) - uint64(r.u.start)
		if to >= r.u.size {
			return 0, ErrAcrossUnits
		}
	default:
		return 0, ErrAcrossUnits
	}
	if to >= r.u.size {
		return 0, errDamaged
	}
	return int(to), nil
}

// maxOrigins bounds how many entries lead to the one with the name.
const maxOrigins = 8

func (r *reader) nameOf(offset int) []byte {
	for range maxOrigins {
		s, ok := r.subs[offset]
		if !ok || s.name != nil {
			return s.name
		}
		offset = s.origin
	}
	return nil
}

// pairs takes up the inlined copies of the unit.
func (r *reader) pairs() {
	for _, c := range r.calls {
		callee := r.nameOf(c.callee)
		if callee == nil || !r.wanted(callee) {
			continue
		}
		caller := r.nameOf(c.caller)
		if caller == nil || bytes.Equal(caller, callee) || len(r.seen) == maxPairs {
			continue
		}
		r.seen[Pair{r.intern(callee), r.intern(caller), r.file}] = true
	}
}

func (r *reader) intern(b []byte) string {
	if s, ok := r.names[string(b)]; ok {
		return s
	}
	s := string(b)
	r.names[s] = s
	return s
}
