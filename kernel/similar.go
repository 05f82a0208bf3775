package kernel

import (
	"bytes"
	"slices"
	"strings"

	"github.com/klplint/klplint/internal/names"
)

// maxSimilar bounds what Similar proposes.
const maxSimilar = 5

// Similar proposes names for one that the object does not have: first the
// copies that a compiler made of the function (name.isra.0, name.constprop.0),
// or the function of which the name is a copy, then names that differ by a
// slip of one or two letters.
func (o *Object) Similar(name string) []string {
	base := names.FuncBase(name)
	var copies, near []string
	for i := range o.table.len() {
		candidate := o.table.name(i)
		if !code(o.table.kinds[i]) || bytes.HasPrefix(candidate, []byte("__pfx_")) {
			continue
		}
		switch {
		case bytes.HasPrefix(candidate, []byte(base)) && names.FuncBase(string(candidate)) == base && string(candidate) != name:
			copies = append(copies, string(candidate))
		case len(near) < 16*maxSimilar && len(name) >= 4 && slip(candidate, name):
			near = append(near, string(candidate))
		}
	}
	slices.Sort(copies)
	slices.Sort(near)
	all := slices.Compact(append(slices.Compact(copies), slices.Compact(near)...))
	return all[:min(len(all), maxSimilar)]
}

// Derived says what a symbol name is when it is no function of its own: a copy
// that the compiler made, its unlikely half, or the padding before a function.
// It returns "" for ordinary names.
func Derived(name string) string {
	switch {
	case strings.HasPrefix(name, "__pfx_"):
		return "the padding before " + strings.TrimPrefix(name, "__pfx_")
	case strings.HasPrefix(name, "__cfi_"):
		return "the type hash before " + strings.TrimPrefix(name, "__cfi_")
	case strings.HasSuffix(name, ".cold") || strings.Contains(name, ".cold."):
		return "the cold part of " + names.FuncBase(name)
	case strings.Contains(name, ".isra."), strings.Contains(name, ".constprop."):
		return "a clone of " + names.FuncBase(name) + " with changed parameters"
	case strings.Contains(name, ".part."):
		return "a part of " + names.FuncBase(name) + " that the compiler split off"
	case strings.Contains(name, ".llvm."):
		return "the local " + names.FuncBase(name) + ", renamed by ThinLTO"
	}
	return ""
}

// code reports whether nm's letter is that of text, or not known.
func code(kind byte) bool {
	switch kind {
	case 't', 'T', 'w', 'W', 0:
		return true
	}
	return false
}

// slip reports whether two names differ by one insertion, removal,
// replacement, or exchange of neighbours; long names may differ by two
// neighbouring letters. Linear in the length.
func slip(a []byte, b string) bool {
	if len(a) > len(b)+2 || len(b) > len(a)+2 {
		return false
	}
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	da, db := len(a)-head-tail, len(b)-head-tail
	limit := 1
	if len(b) >= 8 {
		limit = 2
	}
	if da == 2 && db == 2 && a[head] == b[head+1] && a[head+1] == b[head] {
		return true
	}
	return da <= limit && db <= limit && da+db > 0
}
