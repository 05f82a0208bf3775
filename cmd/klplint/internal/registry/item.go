package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/klplint/klplint/klp"
)

// funcItem is a func that entries are looked for by.
type funcItem struct{ name, object string }

// funcsOf lists the funcs that a module patches, each once, by all names that
// their code is known to have.
func funcsOf(m *klp.Module) []funcItem {
	seen := make(map[funcItem]bool)
	var out []funcItem
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		for j := range o.Funcs {
			for _, name := range append([]string{o.Funcs[j].Name}, o.Funcs[j].Aliases...) {
				name, _, _ = strings.Cut(name, ",")
				it := funcItem{short(escape(name)), objectName(o)}
				if it.name != "" && !seen[it] {
					seen[it] = true
					out = append(out, it)
				}
			}
		}
	}
	return out
}

// objectsOf lists the objects of funcs, each once.
func objectsOf(funcs []funcItem) []string {
	seen := make(map[string]bool)
	var out []string
	for _, f := range funcs {
		if !seen[f.object] {
			seen[f.object] = true
			out = append(out, f.object)
		}
	}
	return out
}

// objectName tells an object that a static table spells "vmlinux" from the
// kernel image.
func objectName(o *klp.Object) string {
	if o.Literal {
		return short(strconv.Quote(o.Name))
	}
	return short(escape(o.Name))
}

// short bounds what goes into an index. A name longer than any kernel takes
// keeps its head, and a digest tells it from others.
func short(s string) string {
	const longest = 512 // KSYM_NAME_LEN
	if len(s) <= longest {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	head := s[:64]
	return cutRunes(head) + "#" + hex.EncodeToString(sum[:])
}

// cutRunes drops a rune that was cut in two.
func cutRunes(s string) string {
	for len(s) > 0 && s[len(s)-1] >= 0x80 {
		s = s[:len(s)-1]
	}
	return s
}
