package elfread

import (
	"bytes"
	"encoding/binary"
)

// searchStride is in bytes. A text of at least searchStride+3 bytes holds,
// wherever it stands, four bytes in a row of which the first is at a multiple of
// searchStride.
const searchStride = 8

// needle is a text to look for where it most probably is not: of every eight bytes
// only four are looked at, in a table of what the text holds. Names in .debug_str
// share their letters so much that bytes.Index, which jumps to the next first
// letter, takes several times as long.
type needle struct {
	text  string         // of searchStride+3 bytes at least
	table [1 << 12]uint8 // by the hash of four bytes: 1 where the text may hold them
}

func newNeedle(text string) *needle {
	n := &needle{text: text}
	for i := range searchStride {
		n.table[hashFour(binary.LittleEndian.Uint32([]byte(text[i:i+4])))] = 1
	}
	return n
}

func hashFour(v uint32) uint32 { return v * 0x9E3779B1 >> 20 }

// in reports whether b contains the text.
func (n *needle) in(b []byte) bool {
	const block = 8 * searchStride
	i := 0
	for ; i+block <= len(b); i += block {
		w := b[i : i+block : i+block]
		h := n.at(w) | n.at(w[searchStride:]) | n.at(w[2*searchStride:]) | n.at(w[3*searchStride:]) |
			n.at(w[4*searchStride:]) | n.at(w[5*searchStride:]) | n.at(w[6*searchStride:]) | n.at(w[7*searchStride:])
		// A text whose four bytes are in this block begins less than a stride before it.
		if h != 0 && bytes.Contains(b[max(0, i-searchStride):min(len(b), i+block+len(n.text))], []byte(n.text)) {
			return true
		}
	}
	return bytes.Contains(b[max(0, i-searchStride):], []byte(n.text))
}

func (n *needle) at(w []byte) uint8 { return n.table[hashFour(binary.LittleEndian.Uint32(w))] }
