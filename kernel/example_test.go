package kernel_test

import (
	"fmt"
	"log"

	"github.com/klplint/klplint/kernel"
)

// What differs between releases of Linux is in one table.
func ExampleBehaviourOf() {
	for _, release := range []string{"5.0.21", "6.12.1-generic", "unknown"} {
		b := kernel.BehaviourOf(release)
		fmt.Printf("%s: refuses vmlinux in a module's relocations: %s\n", release, b.RefusesVmlinuxInModuleRela)
	}
	// Output:
	// 5.0.21: refuses vmlinux in a module's relocations: no
	// 6.12.1-generic: refuses vmlinux in a module's relocations: yes
	// unknown: refuses vmlinux in a module's relocations: unknown
}

// Any mix of a kernel's files answers as that kernel would, as far as they tell.
func ExampleLoad() {
	kernels, err := kernel.Load("testdata/synthetic")
	if err != nil {
		log.Fatal(err)
	}
	k := kernels[0]
	fmt.Println(k.Arch(), k.Counts().Symbols, "symbols")
	for _, name := range []string{"cmdline_proc_show", "label_show", "no_such_function"} {
		a := k.FindFunc("vmlinux", name, 0)
		fmt.Println(name, a.Status, a.Matches)
	}
	// Output:
	// x86_64 16 symbols
	// cmdline_proc_show found 1
	// label_show ambiguous 3
	// no_such_function missing 0
}
