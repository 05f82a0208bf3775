package report

import (
	"io"
	"strconv"
	"unicode/utf8"
)

// encoder appends JSON to one buffer that is used again and again: with
// thousands of modules encoding/json's reflection and its allocation for each
// value would cost more than reading the modules. Calls come in the order of
// the output; commas are put where they are due.
type encoder struct {
	b   []byte
	w   io.Writer
	err error // the first error of w; later output is dropped
}

func newEncoder(w io.Writer) *encoder {
	return &encoder{b: make([]byte, 0, flushAt+8<<10), w: w}
}

// flushAt is the number of bytes that are gathered before they are written.
const flushAt = 32 << 10

// flush writes what was gathered, but for the last byte.
func (e *encoder) flush() {
	n := len(e.b)
	if n < 2 {
		return
	}
	if e.err == nil {
		_, e.err = e.w.Write(e.b[:n-1])
	}
	// The last byte stays: comma looks at it.
	e.b[0] = e.b[n-1]
	e.b = e.b[:1]
}

// finish writes all that is left.
func (e *encoder) finish() error {
	if e.err == nil {
		_, e.err = e.w.Write(e.b)
	}
	e.b = e.b[:0]
	return e.err
}

func (e *encoder) flushIf() {
	if len(e.b) >= flushAt {
		e.flush()
	}
}

func (e *encoder) comma() {
	switch n := len(e.b); {
	case n == 0:
	case e.b[n-1] == '"', e.b[n-1] == '}', e.b[n-1] == ']', e.b[n-1] >= '0' && e.b[n-1] <= '9', e.b[n-1] == 'e':
		e.b = append(e.b, ',') // behind a value; true and false end with e
	}
}

// key writes a member's name. Names are the constants of this package.
func (e *encoder) key(name string) {
	e.comma()
	e.b = append(e.b, '"')
	e.b = append(e.b, name...)
	e.b = append(e.b, '"', ':')
}

// open begins an object '{' or a list '['.
func (e *encoder) open(c byte) {
	e.comma()
	e.b = append(e.b, c)
}

func (e *encoder) close(c byte) { e.b = append(e.b, c) }

// str writes a member with a string that may come from a module.
func (e *encoder) str(name, value string) {
	e.key(name)
	e.b = appendJSONString(e.b, value)
}

// strIf leaves an empty string out.
func (e *encoder) strIf(name, value string) {
	if value != "" {
		e.str(name, value)
	}
}

func (e *encoder) uint(name string, value uint64) {
	e.key(name)
	e.b = strconv.AppendUint(e.b, value, 10)
}

func (e *encoder) int(name string, value int64) {
	e.key(name)
	e.b = strconv.AppendInt(e.b, value, 10)
}

func (e *encoder) bool(name string, value bool) {
	e.key(name)
	e.b = strconv.AppendBool(e.b, value)
}

// strs writes a member with a list of strings, [] for a nil one.
func (e *encoder) strs(name string, values []string) {
	e.key(name)
	e.open('[')
	for _, v := range values {
		e.comma()
		e.b = appendJSONString(e.b, v)
	}
	e.close(']')
}

// appendJSONString appends s as a JSON string. Characters that could steer or
// deceive a terminal are escaped, which JSON allows for any character; bytes
// that are no UTF-8 become U+FFFD, as JSON has no way to say them.
func appendJSONString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := rune(c), 1
		if c >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
			if isVisible(r) && (r != utf8.RuneError || size > 1) {
				i += size
				continue
			}
		}
		b = append(b, s[start:i]...)
		switch {
		case r == '"', r == '\\':
			b = append(b, '\\', c)
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r > 0xffff: // a surrogate pair
			for _, u := range [2]rune{0xd800 + (r-0x10000)>>10, 0xdc00 + (r-0x10000)&0x3ff} {
				b = append(b, '\\', 'u', hex[u>>12&15], hex[u>>8&15], hex[u>>4&15], hex[u&15])
			}
		default:
			b = append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		}
		i += size
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
