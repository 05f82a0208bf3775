package klp_test

import (
	"fmt"

	"github.com/klplint/klplint/klp"
)

// Modules of tests and plans are made by hand: they are plain values.
func ExampleModule() {
	m := klp.Module{
		Name: "livepatch_fix",
		Kind: klp.KindLivepatch,
		Patch: klp.Patch{Objects: []klp.Object{{
			Name:  "vmlinux",
			Funcs: []klp.Func{{Name: "cmdline_proc_show"}},
		}}},
	}
	fmt.Println(m.IsLivepatch(), m.Patch.Objects[0].Funcs[0].Name)
	// Output: true cmdline_proc_show
}

// What a module replaces is a value with its source: it may be unknown, or
// decided only when the module is loaded.
func ExampleReplace_String() {
	for _, r := range []klp.Replace{
		{Kind: klp.KindFlag, Flag: true, Source: klp.FromData},
		{Kind: klp.KindSet, Set: 2, Supersedes: []uint32{1}, Source: klp.FromCode},
		{Kind: klp.KindFlag, Source: klp.FromRuntime},
		{Kind: klp.KindUnknown, Source: klp.FromNone},
	} {
		fmt.Println(r.String(), r.Known())
	}
	// Output:
	// replace true
	// set 2 supersedes {1} true
	// replace decided at run time false
	// unknown false
}
