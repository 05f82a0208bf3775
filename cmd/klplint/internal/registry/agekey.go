package registry

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// ageKey orders names as names.Natural does, and names that are equal by the
// second string, in a form that any database sorts alike: hex digits stand in
// one order in every collation. The newest of a lineage is so found by an index.
func ageKey(name, path string) string {
	return hex.EncodeToString(appendNatural(appendNatural(nil, name), path))
}

// appendNatural appends a key of s. A run of digits becomes '0', its length
// without leading zeros, and the digits; the end is 0, below every byte of a
// name, and s itself behind it tells names apart that differ in leading zeros.
func appendNatural(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		if !digit(s[i]) {
			b = append(b, s[i])
			i++
			continue
		}
		start := i
		for i < len(s) && digit(s[i]) {
			i++
		}
		number := strings.TrimLeft(s[start:i], "0")
		b = append(b, '0')
		b = binary.BigEndian.AppendUint16(b, uint16(min(len(number), 0xffff)))
		b = append(b, number...)
	}
	b = append(b, 0)
	b = append(b, s...)
	return append(b, 0)
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
