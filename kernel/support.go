package kernel

import "github.com/klplint/klplint/klp"

// Livepatch reports whether this kernel has CONFIG_LIVEPATCH, and what says so:
// its configuration, else whether a whole list of its symbols has
// klp_enable_patch(), else whether its types have struct klp_patch, which
// include/linux/livepatch.h defines with that option alone. The reason is ""
// where the answer is Unknown.
func (k *Kernel) Livepatch() (answer klp.Tri, reason string) {
	const entry = "klp_enable_patch"
	if value, known := k.Config("LIVEPATCH"); known {
		if value == "y" {
			return klp.Yes, "CONFIG_LIVEPATCH=y"
		}
		return klp.No, "this kernel has no CONFIG_LIVEPATCH"
	}
	if k.vmlinux.len() >= fewestSymbols {
		if len(k.vmlinux.find(entry)) > 0 {
			return klp.Yes, "it has " + entry + "()"
		}
		return klp.No, "this kernel has no " + entry + "(): it was built without CONFIG_LIVEPATCH"
	}
	switch {
	case k.types.Layout != nil:
		return klp.Yes, "its BTF has struct klp_patch"
	case k.types.ModuleSize > 0:
		return klp.No, "this kernel's BTF has no struct klp_patch: it was built without CONFIG_LIVEPATCH"
	}
	return klp.Unknown, ""
}

// fewestSymbols is what a whole list of a kernel's symbols has at least: those
// of the smallest configuration with modules are some 15,000, while a list of a
// few names may be somebody's excerpt.
const fewestSymbols = 10000
