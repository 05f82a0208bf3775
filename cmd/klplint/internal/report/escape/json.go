package escape

import (
	"bytes"
	"unicode/utf8"
)

// AppendJSON appends JSON text to dst and writes every character that Line
// would escape as \u, which JSON allows for any character of a string. src is
// what encoding/json writes: control characters below the blank are escaped in
// it, and it is UTF-8.
func AppendJSON(dst, src []byte) []byte {
	for len(src) > 0 {
		plain := bytes.IndexFunc(src, func(r rune) bool { return r >= 0x7f && !Visible(r) })
		if plain < 0 {
			break
		}
		dst = append(dst, src[:plain]...)
		r, size := utf8.DecodeRune(src[plain:])
		if r > 0xffff { // a surrogate pair
			dst = appendUnicode(dst, 0xd800+(r-0x10000)>>10)
			r = 0xdc00 + (r-0x10000)&0x3ff
		}
		dst = appendUnicode(dst, r)
		src = src[plain+size:]
	}
	return append(dst, src...)
}

func appendUnicode(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
