package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/klplint/klplint/klp"
)

// item is one thing that entries are looked for by.
type item struct {
	kind, value, object string
	position            int64
}

const kindFunc = "func"

// itemsOf lists what a module is found by, each once.
func itemsOf(m *klp.Module) []item {
	seen := make(map[item]bool)
	var out []item
	add := func(it item) {
		if !seen[it] {
			seen[it] = true
			out = append(out, it)
		}
	}
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		for j := range o.Funcs {
			if f := &o.Funcs[j]; f.Name != "" {
				add(funcItem(o.Name, o.Literal, f.Name, f.Position()))
			}
		}
	}
	return out
}

// funcItem is equal for two funcs that klp_find_func() takes for one. An object
// that a static table spells "vmlinux" is another one than the kernel image.
func funcItem(object string, literal bool, name string, position uint64) item {
	if literal {
		object = strconv.Quote(object)
	}
	// Position is 64 bits without sign and the column has one: equal stays equal.
	return item{kind: kindFunc, value: short(name), object: short(object), position: int64(position)}
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
