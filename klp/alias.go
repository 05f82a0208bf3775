package klp

import (
	"strconv"
	"strings"
)

// AliasTarget is a Target that knows which names are one function. The kernel
// keys what is patched on the address (kernel/livepatch/patch.c: klp_find_ops),
// of which several names may have one: __x64_sys_getpid and __do_sys_getpid.
type AliasTarget interface {
	// Aliases returns the other names of the function that klp_find_object_symbol()
	// finds, as Func.Aliases keeps them.
	Aliases(object, name string, sympos uint64) []string
}

// FindAliases notes the aliases of each func that the target knows, and leaves
// those alone that were found before where it knows none.
func FindAliases(m *Module, t Target) {
	k, ok := t.(AliasTarget)
	if !ok {
		return
	}
	m.eachApplied(func(o *Object, f *Func) {
		if list := k.Aliases(o.Name, f.Name, f.Sympos); len(list) > 0 {
			f.Aliases = list
		}
	})
}

// eachApplied visits the funcs with a name of the objects that are applied: one that
// spells vmlinux out never is.
func (m *Module) eachApplied(visit func(*Object, *Func)) {
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		if o.Literal {
			continue
		}
		for j := range o.Funcs {
			if f := &o.Funcs[j]; f.Name != "" {
				visit(o, f)
			}
		}
	}
}

// Code returns the name and the position that stand for the func's code: its
// own, or those of the alias that comes first. Funcs of one object whose codes
// are equal are one function of the kernel; what is not known of aliases leaves
// names to compare.
func (f *Func) Code() (name string, position uint64) {
	return FirstName(f.Name, f.Position(), f.Aliases)
}

// FirstName is Code of a func with the name, the position and the aliases.
func FirstName(name string, position uint64, aliases []string) (string, uint64) {
	for _, a := range aliases {
		other, number, found := strings.Cut(a, ",")
		at := uint64(1)
		if found {
			n, err := strconv.ParseUint(number, 10, 64)
			if err != nil {
				continue
			}
			at = n
		}
		if other < name || other == name && at < position {
			name, position = other, at
		}
	}
	return name, position
}

// AliasName is how Func.Aliases spells a name at a position.
func AliasName(name string, position uint64) string {
	if position > 1 {
		return name + "," + strconv.FormatUint(position, 10)
	}
	return name
}
