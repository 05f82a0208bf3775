package patched

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/klp"
)

// TestFuncs: the positions 0 and 1 are one func, an object that stands twice in one
// module counts once, and what several patch comes first.
func TestFuncs(t *testing.T) {
	module := func(objects ...klp.Object) *klp.Module { return &klp.Module{Patch: klp.Patch{Objects: objects}} }
	object := func(name string, funcs ...klp.Func) klp.Object { return klp.Object{Name: name, Funcs: funcs} }
	got := Funcs([]*klp.Module{
		module(object("vmlinux", klp.Func{Name: "a"}, klp.Func{Name: "z"}), object("vmlinux", klp.Func{Name: "z", Sympos: 1})),
		module(object("ext4", klp.Func{Name: "a"})),
		module(object("vmlinux", klp.Func{Name: "z", Sympos: 2}, klp.Func{Name: "z", Sympos: 1})),
	})
	want := []Func{
		{Object: "vmlinux", Name: "z", By: []int{0, 2}},
		{Object: "ext4", Name: "a", By: []int{1}},
		{Object: "vmlinux", Name: "a", By: []int{0}},
		{Object: "vmlinux", Name: "z,2", By: []int{2}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("funcs (-want +got):\n%s", diff)
	}
	if got := Funcs(nil); len(got) != 0 {
		t.Errorf("funcs of no module: %v", got)
	}
}
