package names

import (
	"strings"
	"unicode/utf8"

	"github.com/ianlancetaylor/demangle"
)

// maxLength is the power of two that bounds a demangled name: 12 means 4,096
// characters. Without it a symbol of 199 bytes grows to 29 MB.
const maxLength = 12

// MaxShown is the length in bytes at which Show cuts a name. The longest name
// that a kernel takes, KSYM_NAME_LEN of 512, is longer; the full name is in
// the module.
const MaxShown = 160

// prefixes stand before the mangled name where the compiler emits a second
// symbol for one function: padding before the entry, and kCFI's type preamble.
var prefixes = [...]string{"__pfx_", "__cfi_"}

// Demangle returns the readable form of a mangled name, at most 4,096
// characters of it, and whether the name was mangled. Prefixes that the kernel
// build adds are passed over and are not part of the readable form.
func Demangle(name string) (string, bool) {
	for _, p := range prefixes {
		name = strings.TrimPrefix(name, p)
	}
	if !strings.HasPrefix(name, "_R") && !strings.HasPrefix(name, "_Z") {
		return "", false
	}
	readable, err := demangle.ToString(name, demangle.MaxLength(maxLength))
	if err != nil {
		return "", false
	}
	return readable, true
}

// Show returns the name as a message shows it: "(none)" for an empty one, cut
// at MaxShown, with the demangled form behind it where there is one. It does
// not escape; that is the report's work.
func Show(name string) string {
	if name == "" {
		return "(none)"
	}
	readable, ok := Demangle(name)
	if !ok {
		return Cut(name)
	}
	return Cut(name) + " (" + Cut(readable) + ")"
}

// Cut shortens text to at most MaxShown bytes and says so with "...".
func Cut(text string) string {
	if len(text) <= MaxShown {
		return text
	}
	end := MaxShown - len("...")
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}
