package debuginfo

import "encoding/binary"

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

// leb reads a ULEB128 number.
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

// sleb reads an SLEB128 number.
func (c *cursor) sleb() int64 {
	var v uint64
	for shift := uint(0); shift < 64; {
		b := c.uint(1)
		v |= (b & 0x7f) << shift
		if shift += 7; b < 0x80 {
			if b&0x40 != 0 && shift < 64 {
				v |= ^uint64(0) << shift
			}
			return int64(v)
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
