package inlined

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// errDamaged says that debug information leads beyond its end, or means nothing.
var errDamaged = errors.New("damaged debug information")

// cursor reads bytes one after the other. After an error all reads give zero.
type cursor struct {
	b     []byte
	at    int
	order binary.ByteOrder
	bad   bool
}

func (c *cursor) take(n uint64) []byte {
	if c.bad || n > uint64(len(c.b)-c.at) {
		c.bad = true
		return nil
	}
	b := c.b[c.at : c.at+int(n)]
	c.at += int(n)
	return b
}

// uint reads an unsigned number of 1, 2, 3, 4 or 8 bytes.
func (c *cursor) uint(size uint64) uint64 {
	b := c.take(size)
	if b == nil {
		return 0
	}
	switch size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(c.order.Uint16(b))
	case 3:
		if c.order == binary.BigEndian {
			return uint64(b[0])<<16 | uint64(b[1])<<8 | uint64(b[2])
		}
		return uint64(b[2])<<16 | uint64(b[1])<<8 | uint64(b[0])
	case 4:
		return uint64(c.order.Uint32(b))
	}
	return c.order.Uint64(b)
}

// leb reads a ULEB128 number; a signed one is read as many bytes, which is all
// that is asked of those.
func (c *cursor) leb() uint64 {
	var v uint64
	for shift := uint(0); shift < 64; shift += 7 {
		b := c.uint(1)
		v |= (b & 0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	c.bad = true
	return 0
}

// skipString passes over a string that ends with NUL, and returns where it begins.
func (c *cursor) skipString() int {
	from := c.at
	for c.at < len(c.b) {
		c.at++
		if c.b[c.at-1] == 0 {
			return from
		}
	}
	c.bad = true
	return from
}

// unit is the header of one unit (DWARF 5, section 7.5.1).
type unit struct {
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
func parseHeader(b []byte, order binary.ByteOrder, start int64, left uint64) (unit, error) {
	c := cursor{b: b, order: order}
	u := unit{start: start, offset: 4, code: true}
	length := c.uint(4)
	if length == 0xffffffff {
		u.offset = 8
		length = c.uint(8)
	}
	if c.bad || length > left-uint64(c.at) {
		return u, fmt.Errorf("unit at %#x: %w", start, errDamaged)
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
			return u, fmt.Errorf("unit at %#x: its entries are in another file (split DWARF)", start)
		}
	default:
		return u, fmt.Errorf("unit at %#x: DWARF version %d", start, u.version)
	}
	if c.bad || u.address != 8 && u.address != 4 {
		return u, fmt.Errorf("unit at %#x: %w", start, errDamaged)
	}
	u.entries = c.at
	return u, nil
}
