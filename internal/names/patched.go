package names

import "strconv"

// Object returns the name of a patched object as it is shown. One that a static
// table spells "vmlinux" as a string (literal), which the kernel never applies,
// is in quotes.
func Object(name string, literal bool) string {
	if literal {
		return strconv.Quote(name)
	}
	return name
}

// Func returns the name of an old function with ",N" for a sympos above 1: 0
// and 1 mean the same symbol.
func Func(name string, sympos uint64) string {
	if sympos > 1 {
		return name + "," + strconv.FormatUint(sympos, 10)
	}
	return name
}
