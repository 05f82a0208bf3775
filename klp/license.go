package klp

// GPLCompatible reports whether the kernel gives the module what is exported to
// GPL-compatible modules only, klp_enable_patch() among it: by its first license
// entry (include/linux/license.h: license_is_gpl_compatible), and not for a name
// that it distrusts. A module without an entry has none of these licences.
func (m *Module) GPLCompatible() bool {
	switch license, _ := m.Modinfo.Get("license"); license {
	case "GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL":
		return !m.NameDistrusted()
	}
	return false
}

// NameDistrusted reports whether the kernel takes modules of this name for
// proprietary ones whatever their licence (kernel/module/main.c:
// module_augment_kernel_taints, 6.1 to 7.2).
func (m *Module) NameDistrusted() bool {
	return m.StructName == "driverloader" || m.StructName == "lve"
}
