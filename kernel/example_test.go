package kernel_test

import (
	"fmt"

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
