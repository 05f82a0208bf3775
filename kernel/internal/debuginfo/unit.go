package debuginfo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// ErrDamaged says that debug information leads beyond its end, or means nothing.
var ErrDamaged = errors.New("damaged debug information")

var errSplit = errors.New("its entries are in another file (split DWARF)")

// Sections are those parts of a file that units are read from. Info is read a
// unit at a time; the others are small, and in memory. Relocations have been
// applied to Info, and to StrOffsets.
type Sections struct {
	Order           binary.ByteOrder
	Info            io.ReaderAt
	InfoSize        int64
	Abbrev          []byte
	Str, LineStr    []byte
	StrOffsets      []byte
	MaxUnit, MaxAll int64 // bounds in bytes: of one unit, and of Info
	Types           bool  // types are asked for: where these have units of their own is an error
}

// Unit is one compilation unit. It holds until the next one is read.
type Unit struct {
	header
	sections   *Sections
	b          []byte // all of it
	abbrevs    []abbrev
	all        []attribute
	strOffsets uint64
}

// Units calls do with one compilation unit after another. The error is do's, or
// says why a unit cannot be read.
func (s *Sections) Units(do func(*Unit) error) error {
	if s.InfoSize > s.MaxAll {
		return fmt.Errorf("debug information of %d bytes: the limit is %d", s.InfoSize, s.MaxAll)
	}
	u := Unit{sections: s}
	for at := int64(0); at < s.InfoSize; at += int64(u.size) {
		if err := u.read(at); err != nil {
			return err
		}
		switch {
		case u.code:
		case s.Types:
			return fmt.Errorf("unit at %#x: %w", at, ErrTypeUnits)
		default:
			continue
		}
		if err := do(&u); err != nil {
			return fmt.Errorf("unit at %#x: %w", at, err)
		}
	}
	return nil
}

// read reads the unit at an offset of .debug_info in the place of the last one;
// of one that is no compilation unit the header alone.
func (u *Unit) read(at int64) error {
	s := u.sections
	head := make([]byte, min(headerBytes, s.InfoSize-at))
	if _, err := s.Info.ReadAt(head, at); err != nil {
		return err
	}
	var err error
	if u.header, err = parseHeader(head, s.Order, at, uint64(s.InfoSize-at)); err != nil || !u.code {
		return err
	}
	size := int64(u.size)
	if size > s.MaxUnit {
		return fmt.Errorf("unit at %#x: %d bytes, the limit is %d", at, size, s.MaxUnit)
	}
	if u.abbrev >= uint64(len(s.Abbrev)) {
		return fmt.Errorf("unit at %#x: abbreviations at %#x: %w", at, u.abbrev, ErrDamaged)
	}
	if u.abbrevs, u.all, err = parseAbbrevs(s.Abbrev[u.abbrev:], s.Order, u.abbrevs, u.all, u.fixed); err != nil {
		return fmt.Errorf("unit at %#x: abbreviations at %#x: %w", at, u.abbrev, err)
	}
	if s.Types && slices.ContainsFunc(u.all, func(a attribute) bool { return a.form == formRefSig8 }) {
		return fmt.Errorf("unit at %#x: %w", at, ErrTypeUnits)
	}
	if int64(cap(u.b)) < size {
		u.b = make([]byte, size+size/4)
	}
	u.b = u.b[:size]
	if _, err := s.Info.ReadAt(u.b, at); err != nil {
		return err
	}
	u.strOffsets = 2 * u.offset // behind the header, where no attribute says otherwise
	if u.First() >= u.Len() {
		return nil
	}
	first, err := u.Entry(u.First())
	if err != nil {
		return fmt.Errorf("unit at %#x: %w", at, err)
	}
	for name, v := range first.Attributes {
		switch name {
		case AttrStrOffsetsBase:
			c := v.cursor()
			u.strOffsets = c.uint(u.offset)
		case attrDwoName, attrGNUDwoName:
			return fmt.Errorf("unit at %#x: %w", at, errSplit)
		}
	}
	return nil
}

// header is the header of one unit (DWARF 5, section 7.5.1).
type header struct {
	start   int64  // of the unit in .debug_info
	size    uint64 // bytes, the length field included
	entries int    // where the entries begin, from start
	version uint64
	abbrev  uint64 // offset in .debug_abbrev
	address uint64 // bytes of an address
	offset  uint64 // bytes of an offset: 4 or 8
	code    bool   // a compilation unit: no type unit, no partial one
}

// headerBytes is the longest header that parseHeader reads.
const headerBytes = 32

// Unit types of DWARF 5.
const (
	utCompile  = 0x01
	utPartial  = 0x03
	utSkeleton = 0x04
)

// parseHeader reads the header of the unit at start, of which b holds the first
// bytes.
func parseHeader(b []byte, order binary.ByteOrder, start int64, left uint64) (header, error) {
	c := cursor{b: b, order: order}
	u := header{start: start, offset: 4, code: true}
	length := c.uint(4)
	if length == 0xffffffff {
		u.offset = 8
		length = c.uint(8)
	}
	if c.bad || length > left-uint64(c.at) {
		return u, fmt.Errorf("unit at %#x: %w", start, ErrDamaged)
	}
	u.size = length + uint64(c.at)
	u.version = c.uint(2)
	switch u.version {
	case 2, 3, 4:
		u.abbrev = c.uint(u.offset)
		u.address = c.uint(1)
	case 5:
		kind := c.uint(1)
		u.address = c.uint(1)
		u.abbrev = c.uint(u.offset)
		u.code = kind == utCompile || kind == utPartial
		if kind == utSkeleton {
			return u, fmt.Errorf("unit at %#x: %w", start, errSplit)
		}
	default:
		return u, fmt.Errorf("unit at %#x: DWARF version %d", start, u.version)
	}
	if c.bad || u.address != 8 && u.address != 4 {
		return u, fmt.Errorf("unit at %#x: %w", start, ErrDamaged)
	}
	u.entries = c.at
	return u, nil
}
