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
