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
	t := o.table
	if t.len() == 0 {
		return nil
	}
	t.likeOnce.Do(t.buildLike)
	base := names.FuncBase(name)
	var copies, near []string
	for _, i := range append(t.find(base), t.copiesOf[base]...) {
		if candidate := string(t.name(i)); candidate != name && t.function(i) {
			copies = append(copies, candidate)
		}
	}
	for length := len(name) - maxSlip; len(name) >= 4 && length <= len(name)+maxSlip; length++ {
		for _, i := range t.ofLength[length] {
			if candidate := t.name(i); slip(candidate, name) && names.FuncBase(string(candidate)) != base {
				near = append(near, string(candidate))
			}
		}
	}
	slices.Sort(copies)
	slices.Sort(near)
	all := slices.Compact(append(slices.Compact(copies), slices.Compact(near)...))
	return all[:min(len(all), maxSimilar)]
}

// buildLike sorts a table's functions by what Similar asks for: one pass for all
// questions.
func (t *symbolTable) buildLike() {
	t.copiesOf, t.ofLength = make(map[string][]int), make(map[int][]int)
	for i := range t.len() {
		if !t.function(i) {
			continue
		}
		name := t.name(i)
		t.ofLength[len(name)] = append(t.ofLength[len(name)], i)
		if bytes.IndexByte(name, '.') <= 0 {
			continue
		}
		if base := names.FuncBase(string(name)); len(base) < len(name) {
			t.copiesOf[base] = append(t.copiesOf[base], i)
		}
	}
}

// function reports whether a symbol may be a function: not data, and not the
// padding before one.
func (t *symbolTable) function(i int) bool {
	return code(t.kinds[i]) && !bytes.HasPrefix(t.name(i), []byte("__pfx_"))
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

// maxSlip is by how many letters the lengths of two names may differ in slip.
const maxSlip = 2

// slip reports whether two names differ by one insertion, removal,
// replacement, or exchange of neighbours; long names may differ by two
// neighbouring letters. Their lengths differ by maxSlip at most. Linear in the length.
func slip(a []byte, b string) bool {
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
