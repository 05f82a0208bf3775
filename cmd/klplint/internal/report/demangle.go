package report

import (
	"strings"

	"github.com/ianlancetaylor/demangle"
)

// maxDemangled bounds a demangled name to 1<<12 bytes. Without a bound a
// name of 199 bytes can grow to megabytes.
const maxDemangled = 12

// demangled returns what a Rust or C++ symbol is called in its source, or ""
// for a name that is not mangled. Suffixes of the compiler (".cold",
// ".llvm.123") and the kernel's prefixes (__pfx_, __cfi_) stay around it.
func demangled(name string) string {
	rest := name
	for _, p := range [...]string{"__pfx_", "__cfi_"} {
		rest = strings.TrimPrefix(rest, p)
	}
	if len(rest) < 3 || rest[0] != '_' || rest[1] != 'R' && rest[1] != 'Z' {
		return ""
	}
	prefix := name[:len(name)-len(rest)]
	plain, suffix := rest, ""
	if i := strings.IndexByte(rest, '.'); i > 0 {
		plain, suffix = rest[:i], rest[i:]
	}
	s, err := demangle.ToString(plain, demangle.MaxLength(maxDemangled))
	if err != nil || s == plain {
		return ""
	}
	return prefix + s + suffix
}
