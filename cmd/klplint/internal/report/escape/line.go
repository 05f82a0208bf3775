package escape

import (
	"unicode"
	"unicode/utf8"
)

// Line returns s such that it stays on its line and cannot steer a terminal:
// control characters, line and paragraph separators, characters that reorder
// or hide text (Unicode's Cf, bidi controls among them), private-use and
// unassigned ones and bytes that are no UTF-8 become \n, \t, \xNN or \u{N}
// escapes. The backslash itself stays as it is, because paths and messages
// hold it.
func Line(s string) string {
	if Plain(s) {
		return s
	}
	return string(appendEscaped(make([]byte, 0, len(s)+16), s))
}

// Plain reports whether s is printable ASCII only: Line leaves it as it is.
func Plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}

func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size <= 1, r < 0x20, r == 0x7f:
			switch c := s[i]; c {
			case '\n':
				b = append(b, `\n`...)
			case '\r':
				b = append(b, `\r`...)
			case '\t':
				b = append(b, `\t`...)
			default:
				b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
			}
		case r < utf8.RuneSelf || Visible(r):
			b = append(b, s[i:i+size]...)
		default:
			b = append(b, `\u{`...)
			shift := 12
			for r>>(shift+4) != 0 {
				shift += 4
			}
			for ; shift >= 0; shift -= 4 {
				b = append(b, hex[r>>shift&15])
			}
			b = append(b, '}')
		}
		i += size
	}
	return b
}

// Visible reports whether a character beyond ASCII shows itself as one.
func Visible(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.In(r, unicode.Zl, unicode.Zp) &&
		(r == '\u3000' || !unicode.Is(unicode.Zs, r)) && !isHidden(r)
}

// isHidden lists what counts as a letter or mark but takes no room: the
// Hangul fillers, variation selectors and the combining grapheme joiner.
func isHidden(r rune) bool {
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x3164, 0xffa0:
		return true
	}
	return r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef
}
