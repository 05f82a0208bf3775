package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/klplint/klplint/klp"
)

// item is one thing that two modules can share.
type item struct {
	kind, value, object string
	position            int64
}

// The kinds of item.
const (
	kindFunc   = "func"
	kindState  = "state"
	kindShadow = "shadow"
	kindSet    = "set"
	kindName   = "name"
)

// itemsOf lists what a module can share with others, each once.
func itemsOf(m *klp.Module) []item {
	seen := make(map[item]bool)
	var out []item
	add := func(it item) {
		if !seen[it] {
			seen[it] = true
			out = append(out, it)
		}
	}
	add(item{kind: kindName, value: short(m.Name)})
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		for j := range o.Funcs {
			if f := &o.Funcs[j]; f.Name != "" {
				add(funcItem(o.Name, o.Literal, f.Name, f.Position()))
			}
		}
	}
	for _, s := range m.Patch.States {
		if s.ID == 0 {
			break // the kernel walks no further
		}
		add(numberItem(kindState, s.ID))
	}
	for _, s := range m.ShadowIDs {
		add(numberItem(kindShadow, s.ID))
	}
	for _, n := range setsOf(&m.Replace) {
		add(numberItem(kindSet, uint64(n)))
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

func numberItem(kind string, n uint64) item {
	return item{kind: kind, value: strconv.FormatUint(n, 10)}
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
