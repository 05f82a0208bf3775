package kernel

import (
	"slices"

	"github.com/klplint/klplint/klp"
)

// Aliases returns the other names of the function that a func of a livepatch
// means, as klp.Func.Aliases keeps them; nil where nothing is known of the
// object's addresses, and where klp_find_object_symbol() finds no function.
func (k *Kernel) Aliases(object, name string, sympos uint64) []string {
	o, err := k.Object(object)
	if err != nil || o.table.hidden {
		return nil
	}
	self, ok := o.table.meant(name, sympos)
	if !ok {
		return nil
	}
	var list []string
	for _, i := range o.table.aliases(self) {
		other := string(o.table.name(i))
		list = append(list, klp.AliasName(other, uint64(slices.Index(o.table.find(other), i)+1)))
	}
	slices.Sort(list)
	return list
}

// meant is the function that klp_find_object_symbol() finds.
func (t *symbolTable) meant(name string, sympos uint64) (i int, ok bool) {
	found := t.find(name)
	if sympos == 0 && len(found) > 1 || sympos > uint64(len(found)) || len(found) == 0 {
		return 0, false
	}
	return found[max(1, sympos)-1], true
}
