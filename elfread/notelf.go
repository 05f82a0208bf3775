package elfread

import (
	"bytes"
	"debug/elf"
	"unicode/utf8"

	"github.com/klplint/klplint/internal/unpack"
	"github.com/klplint/klplint/klp"
)

// notELF says what a file is by its first bytes, which are not ELF's magic.
// The mistakes of real trees have names of their own: a checkout without
// git-lfs, a download that saved an error page.
func notELF(head []byte) error {
	if bytes.HasPrefix([]byte("\x7fELF"), head) {
		return &Error{Offset: int64(len(head)), Err: ErrNotELF}
	}
	if bytes.HasPrefix(head, []byte("version https://git-lfs.github.com/spec/")) {
		return ErrLFSPointer
	}
	if unpack.IsSquashfs(head) {
		return ErrSquashfs
	}
	if !isText(head) {
		return ErrNotELF
	}
	start := bytes.ToLower(bytes.TrimSpace(head))
	if bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html")) {
		return ErrHTML
	}
	return ErrText
}

// isText reports whether the bytes are UTF-8 without control characters, but
// for a character that is cut at the end.
func isText(b []byte) bool {
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		if c == utf8.RuneError && n == 1 {
			return len(b) < utf8.UTFMax && !utf8.FullRune(b)
		}
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
		b = b[n:]
	}
	return true
}

// otherClass returns KindOtherELF for an ELF file that is not a 64-bit one, as
// no module of a livepatching kernel is; else "".
func otherClass(head []byte) klp.Kind {
	if len(head) > elf.EI_CLASS && elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS32 {
		return klp.KindOtherELF
	}
	return ""
}
