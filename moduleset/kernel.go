package moduleset

import (
	"cmp"
	"strings"

	"github.com/klplint/klplint/klp"
)

// Kernel is what modules have in common that may meet: a machine runs one
// kernel, and loads what was built for it. Builds of one release differ in the
// flags of the vermagic, of which SMP and preempt_rt are two
// (kernel/module/main.c: same_magic()).
type Kernel struct {
	Release string // of the vermagic; "" where the module does not say it
	Arch    klp.Arch
	Flags   string // of the vermagic, with a space between them
}

// KernelOf returns the kernel that a module was built for.
func KernelOf(m *klp.Module) Kernel {
	return Kernel{m.Vermagic.Release, m.Arch, strings.Join(m.Vermagic.Flags, " ")}
}

// Compare orders kernels by release, architecture and flags.
func (k Kernel) Compare(o Kernel) int {
	return cmp.Or(cmp.Compare(k.Release, o.Release), cmp.Compare(k.Arch, o.Arch), cmp.Compare(k.Flags, o.Flags))
}
