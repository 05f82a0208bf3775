package registry

import (
	"slices"
	"testing"

	"github.com/klplint/klplint/klp"
)

// What was known of a func's other names when it was judged is kept in both
// forms, and it is found by each of them.
func TestAliasesAreKept(t *testing.T) {
	m := &klp.Module{Path: "a.ko", Name: "a", Kind: klp.KindLivepatch, Patch: klp.Patch{Found: true, Objects: []klp.Object{
		{Name: "ext4", Funcs: []klp.Func{{Name: "plain"}}},
		{Name: klp.VmlinuxObjectName, Null: true, Funcs: []klp.Func{{Name: "plain"}, {Name: "entry", Aliases: []string{"body", "twin,2"}}}},
	}}}
	row := compact(m)
	small, err := expand(row)
	if err != nil {
		t.Fatal(err)
	}
	text, err := encode(m)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, back := range []*klp.Module{small, whole} {
		for i := range m.Patch.Objects {
			for j := range m.Patch.Objects[i].Funcs {
				if got, want := back.Patch.Objects[i].Funcs[j].Aliases, m.Patch.Objects[i].Funcs[j].Aliases; !slices.Equal(got, want) {
					t.Errorf("func %d of object %d: %q, want %q", j, i, got, want)
				}
			}
		}
	}
	for _, name := range []string{"entry", "body", "twin"} {
		if !slices.Contains(funcsOf(whole), funcItem{name, klp.VmlinuxObjectName}) {
			t.Errorf("not found by %s: %v", name, funcsOf(whole))
		}
	}
	for cut := range row[1:] { // a row that ends early, or names a func that is not there
		if short, err := expand(row[:cut+1]); err == nil && len(short.Patch.Objects[1].Funcs[1].Aliases) != 0 {
			t.Errorf("the first %d bytes have aliases: %q", cut+1, short.Patch.Objects[1].Funcs[1].Aliases)
		}
	}
	m.Patch.Objects[1].Funcs[1].Aliases = nil
	bare := compact(m)
	if _, err := expand(append(bare, 9, 0, 1, 1, 'x')); err == nil {
		t.Error("aliases of a tenth object were taken")
	}
}
