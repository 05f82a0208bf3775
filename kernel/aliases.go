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
	found := o.table.find(name)
	if sympos == 0 && len(found) > 1 || sympos > uint64(len(found)) || len(found) == 0 {
		return nil
	}
	var list []string
	for _, i := range o.table.aliases(found[max(1, sympos)-1]) {
		other := string(o.table.name(i))
		list = append(list, klp.AliasName(other, uint64(slices.Index(o.table.find(other), i)+1)))
	}
	slices.Sort(list)
	return list
}
