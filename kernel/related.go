package kernel

import (
	"bytes"
	"slices"
	"strings"

	"github.com/klplint/klplint/internal/names"
)

// Related is a symbol that has to do with another one of the same object.
type Related struct {
	Name    string
	Addr    uint64 // as in Position; meaningless unless HasAddr
	HasAddr bool
	File    string // source file of a local symbol, where a symbol table tells it; else ""
}

// maxRelated bounds what Clones and Aliases return.
const maxRelated = 64

// Clones returns the copies that the compiler made of a function or of a part
// of it, with code of their own: name.part.0, name.isra.0, name.constprop.0.
// Unlikely halves (.cold) are reached from their function alone and are none.
// Without source files a copy of another function of the same name cannot be
// told apart.
func (o *Object) Clones(name string) []Related {
	t := o.table
	if t.len() == 0 {
		return nil
	}
	t.clonesOnce.Do(t.buildClones)
	return o.related(t.clones[name])
}

// Aliases returns the other names of what is at a position, counted from 1.
func (o *Object) Aliases(name string, sympos uint64) []Related {
	t := o.table
	found := t.find(name)
	if sympos == 0 || sympos > uint64(len(found)) || t.hidden {
		return nil
	}
	return o.related(t.aliases(found[sympos-1]))
}

// aliases returns the other functions at the place of one, but for those of its
// own name: two symbols of one name at one place are found as one.
func (t *symbolTable) aliases(self int) []int {
	var same []int
	note := func(i int) {
		if i != self && code(t.kinds[i]) && !bytes.Equal(t.name(i), t.name(self)) && len(same) < maxRelated {
			same = append(same, i)
		}
	}
	if t.sections != nil { // a module's table has the file's order
		for i := range t.len() {
			if t.addrs[i] == t.addrs[self] && t.sections[i] == t.sections[self] {
				note(i)
			}
		}
		return same
	}
	for i := self - 1; i >= 0 && t.addrs[i] == t.addrs[self]; i-- {
		note(i)
	}
	for i := self + 1; i < t.len() && t.addrs[i] == t.addrs[self]; i++ {
		note(i)
	}
	return same
}

// Twins returns the other entries that the kernel makes of one system call, by
// the names that the macros give them (arch/x86/include/asm/syscall_wrapper.h,
// arch/s390/include/asm/syscall_wrapper.h). They have the same body, inlined or
// called, and none is an alias of name.
func (o *Object) Twins(name string) []Related {
	var list []Related
	for _, pair := range twinPrefixes {
		for i, prefix := range pair {
			if call, ok := strings.CutPrefix(name, prefix); ok {
				list = append(list, o.entry(pair[1-i]+call)...)
			}
		}
	}
	return o.withoutAliases(name, list)
}

// Compats returns the entries of the same system call for tasks of another
// width, which have source of their own (COMPAT_SYSCALL_DEFINE).
func (o *Object) Compats(name string) []Related {
	var list []Related
	for _, c := range compatPrefixes {
		if call, ok := strings.CutPrefix(name, c.native); ok {
			list = append(list, o.entry(c.compat+call)...)
		}
	}
	return o.withoutAliases(name, list)
}

// twinPrefixes are the prefixes of the two entries that one macro makes.
var twinPrefixes = [...][2]string{
	{"__x64_sys_", "__ia32_sys_"},
	{"__x64_compat_sys_", "__ia32_compat_sys_"},
	{"__s390x_sys_", "__s390_sys_"},
}

// compatPrefixes are the prefixes of native entries and of their compat forms.
var compatPrefixes = [...]struct{ native, compat string }{
	{"__x64_sys_", "__ia32_compat_sys_"},
	{"__s390x_sys_", "__s390_compat_sys_"},
	{"__arm64_sys_", "__arm64_compat_sys_"},
}

// entry returns the first symbol of the name, if there is one.
func (o *Object) entry(name string) []Related {
	found := o.table.find(name)
	return o.related(found[:min(len(found), 1)])
}

func (o *Object) withoutAliases(name string, list []Related) []Related {
	aliases := o.Aliases(name, 1)
	return slices.DeleteFunc(list, func(r Related) bool {
		return slices.ContainsFunc(aliases, func(a Related) bool { return a.Name == r.Name })
	})
}

func (o *Object) related(indices []int) []Related {
	var list []Related
	for _, i := range indices {
		r := Related{Name: string(o.table.name(i)), File: o.table.file(i)}
		if !o.table.hidden {
			r.Addr, r.HasAddr = o.table.addrs[i], true
		}
		list = append(list, r)
	}
	return list
}

// buildClones finds all copies of a table: one pass for all questions.
func (t *symbolTable) buildClones() {
	t.clones = make(map[string][]int)
	for i := range t.len() {
		name := t.name(i)
		if bytes.IndexByte(name, '.') <= 0 || !code(t.kinds[i]) || bytes.HasPrefix(name, []byte("__pfx_")) || bytes.HasPrefix(name, []byte("__cfi_")) {
			continue
		}
		s := string(name)
		base := names.FuncBase(s)
		suffixes := s[len(base):]
		if strings.Contains(suffixes, ".cold") || !strings.Contains(suffixes, ".part.") && !strings.Contains(suffixes, ".isra.") && !strings.Contains(suffixes, ".constprop.") {
			continue
		}
		if len(t.clones[base]) < maxRelated {
			t.clones[base] = append(t.clones[base], i)
		}
	}
}
