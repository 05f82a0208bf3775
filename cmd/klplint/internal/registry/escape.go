package registry

import (
	"reflect"
	"strings"
	"unicode/utf8"
)

// Strings in a module are bytes, and both engines keep text that is UTF-8. A
// byte that is not part of any becomes a character of its own in the last
// private plane, where no name has one; one that is there by itself is kept as
// its bytes.
const (
	firstByte = 0x10ff00
	lastByte  = 0x10ffff
)

func isByte(r rune) bool { return firstByte <= r && r <= lastByte }

// escape returns s as UTF-8; unescape gives it back.
func escape(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, isByte) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || isByte(r) {
			for _, c := range []byte(s[i : i+n]) {
				b.WriteRune(firstByte + rune(c))
			}
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

func unescape(s string) string {
	if !strings.ContainsFunc(s, isByte) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if isByte(r) {
			b.WriteByte(byte(r - firstByte))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// unescapeAll gives back every string below v.
func unescapeAll(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(unescape(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			unescapeAll(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			unescapeAll(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			unescapeAll(v.Index(i))
		}
	}
}
