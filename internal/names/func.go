package names

import "strings"

// clones are the suffixes that gcc and clang append before a number, or alone.
var clones = [...]string{"isra", "constprop", "part", "cold", "llvm", "lto_priv", "localalias", "ipa-clone", "clone"}

// FuncBase returns the name without the suffixes of compiler copies:
// "foo.isra.0.cold" and "foo.constprop.1" are both "foo". A name that starts
// with such a suffix is returned as it is.
func FuncBase(name string) string {
	for {
		cut := cutClone(name)
		if cut == name || cut == "" {
			return name
		}
		name = cut
	}
}

// cutClone takes one suffix off, with the number behind it.
func cutClone(name string) string {
	head := name
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return name // as most are
	}
	if i > 0 && i+1 < len(name) && strings.Trim(name[i+1:], "0123456789") == "" {
		head = name[:i]
	}
	for _, c := range clones {
		if before, found := strings.CutSuffix(head, "."+c); found {
			return before
		}
	}
	return name
}
