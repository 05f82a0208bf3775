package elfread

import (
	"encoding/binary"
	"math/bits"
)

// stride of scan, in bytes. A text of at least scanStride+2 bytes holds, wherever
// it stands, three bytes in a row of which the first is at a multiple of scanStride.
const scanStride = 8

// needles are two byte strings to look for at once: of every eight bytes only
// three are looked at, in a table of what the strings hold. Names in .debug_str
// share their letters so much that bytes.Index, which jumps to the next first
// letter, takes several times as long.
type needles struct {
	texts [2]string       // of scanStride+2 bytes at least
	table [1 << 12]uint16 // by three bytes: bit scanStride*i+j for byte j of text i
}

func newNeedles(a, b string) *needles {
	n := &needles{texts: [2]string{a, b}}
	for i, t := range n.texts {
		for j := range scanStride {
			n.table[trigram(uint32(t[j])|uint32(t[j+1])<<8|uint32(t[j+2])<<16)] |= 1 << (scanStride*i + j)
		}
	}
	return n
}

// trigram hashes the lowest three bytes of v.
func trigram(v uint32) uint32 { return v << 8 * 0x9E3779B1 >> 20 }

// in returns the set of texts that b contains, bit i for the i-th.
func (n *needles) in(b []byte) (found uint8) {
	i := 0
	const block = 4 * scanStride
	for ; i+block <= len(b); i += block {
		w := b[i : i+block : i+block]
		h0 := n.table[trigram(binary.LittleEndian.Uint32(w))]
		h1 := n.table[trigram(binary.LittleEndian.Uint32(w[scanStride:]))]
		h2 := n.table[trigram(binary.LittleEndian.Uint32(w[2*scanStride:]))]
		h3 := n.table[trigram(binary.LittleEndian.Uint32(w[3*scanStride:]))]
		if h0|h1|h2|h3 != 0 {
			found |= n.verify(b, i, h0) | n.verify(b, i+scanStride, h1) |
				n.verify(b, i+2*scanStride, h2) | n.verify(b, i+3*scanStride, h3)
		}
	}
	for ; i+4 <= len(b); i += scanStride {
		if hits := n.table[trigram(binary.LittleEndian.Uint32(b[i:]))]; hits != 0 {
			found |= n.verify(b, i, hits)
		}
	}
	if i+3 <= len(b) {
		found |= n.verify(b, i, ^uint16(0))
	}
	return found
}

// verify returns the texts of which one of the hits, with its byte at i, is true.
func (n *needles) verify(b []byte, i int, hits uint16) (found uint8) {
	for ; hits != 0; hits &= hits - 1 {
		bit := bits.TrailingZeros16(hits)
		t, start := n.texts[bit/scanStride], i-bit%scanStride
		if start >= 0 && start+len(t) <= len(b) && string(b[start:start+len(t)]) == t {
			found |= 1 << (bit / scanStride)
		}
	}
	return found
}
