package elfread

import "github.com/klplint/klplint/klp"

// xzHeaderSize is enough for the stream header of 12 bytes and the largest block
// header, 1,024 bytes.
const xzHeaderSize = 12 + 1024

// xzHeader reads the headers at the start of an xz stream; nil where they are
// cut off or none.
func xzHeader(b []byte) *klp.XZStream {
	if len(b) < 14 || b[6] != 0 {
		return nil
	}
	x := &klp.XZStream{Check: int(b[7] & 0xf)}
	size := (int(b[12]) + 1) * 4
	if b[12] == 0 || len(b) < 12+size {
		return x
	}
	flags, rest := b[13], b[14:12+size]
	for _, bit := range []byte{0x40, 0x80} { // sizes of the block, packed and unpacked
		if flags&bit != 0 {
			_, rest = xzNumber(rest)
		}
	}
	for range flags&3 + 1 {
		var id, properties uint64
		id, rest = xzNumber(rest)
		properties, rest = xzNumber(rest)
		if properties > uint64(len(rest)) {
			return x
		}
		x.Filters, rest = append(x.Filters, id), rest[properties:]
	}
	return x
}

// xzNumber reads a number of seven bits a byte.
func xzNumber(b []byte) (v uint64, rest []byte) {
	for i := 0; i < len(b) && i < 9; i++ {
		v |= uint64(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return v, b[i+1:]
		}
	}
	return 0, nil
}
