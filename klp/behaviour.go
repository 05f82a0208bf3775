package klp

// Behaviour gathers what differs between kernel releases in the answers to a
// livepatch. It is made by package kernel from a release and from what is
// known of the target, and used by packages replace and rules.
type Behaviour struct {
	Release string // as in vermagic; "" when unknown

	// InitEEXIST is the errno that insmod sees when a module's init function
	// fails with -EEXIST: "EEXIST" up to some release, "EBUSY" on 7.3.4
	// (kernel/module/main.c: do_init_module). Two names mean that it is not
	// known which of the two this release gives; the more likely one is first.
	InitEEXIST []string
	// NullNameCrashes: a replacing patch with a NULL old_name oopses while
	// another patch is installed; refused by klp_check_patch() since 7.3, and
	// on s390x, where address 0 can be read, by klp_init_func().
	NullNameCrashes Tri
	// Sympos01 says whether klp_find_func() treats sympos 0 and 1 as equal
	// ("livepatch: Match old_sympos 0 and 1 in klp_find_func()"). Without it a
	// replacing patch that differs so from an installed one fails with EEXIST.
	Sympos01 Tri
	// ThisModuleSizeChecked: the loader compares the size of
	// .gnu.linkonce.this_module with its struct module (6.12, 7.3; not 6.1).
	ThisModuleSizeChecked Tri
	// RefusesVmlinuxInModuleRela: klp_resolve_symbols() refuses .klp.sym.vmlinux.*
	// in a module-specific section (5.8 and later).
	RefusesVmlinuxInModuleRela Tri
	// ExportFlagsDemanded: the loader refuses a module that exports symbols
	// without their flags in __kflagstab (7.1 and later).
	ExportFlagsDemanded Tri
	// RefusesModuleNamespace: a module that imports a namespace "module:..." is
	// refused (6.16 and later).
	RefusesModuleNamespace Tri
	// BTFLayout: the kernel knows a module's BTF of which the header tells the layout of
	// kinds (7.3; others refuse it).
	BTFLayout Tri
	// StringTableChecked: the loader refuses a string table that does not begin or end
	// with a NUL, and symbols whose names lie beyond it (7.3; not 6.12).
	StringTableChecked Tri
	// LookupWithinRegion: kallsyms looks for a module's symbol in the memory that
	// holds the address. Where it does not, a symbol of any lower address will do,
	// such as one of .modinfo or __versions in the loader's copy of the file
	// (kernel/module/kallsyms.c: find_kallsyms_symbol; 6.12; not 6.1).
	LookupWithinRegion Tri
	// SysfsAttributes are the files that the kernel puts into every livepatch's
	// folder in sysfs, where an object of that name then has no room
	// (kernel/livepatch/core.c: klp_patch_attrs).
	SysfsAttributes []string
	// KsymNameLen is KSYM_NAME_LEN, the limit of old_name with its NUL: 128
	// before 6.1, 512 since; 0 when unknown.
	KsymNameLen int
	// KlpSymNameWidth is the width of the name in klp_resolve_symbols()'s scan:
	// 127 before 6.1, 511 since; 0 when unknown.
	KlpSymNameWidth int
}

// ModuleNameLen is MODULE_NAME_LEN on 64-bit kernels: the limit of an object's
// name with its NUL (include/linux/moduleparam.h).
const ModuleNameLen = 56

// Tri is yes, no, or not known.
type Tri int8

// The three answers. The zero Tri is Unknown.
const (
	Unknown Tri = iota
	No
	Yes
)

// String returns "unknown", "no" or "yes".
func (t Tri) String() string {
	switch t {
	case No:
		return "no"
	case Yes:
		return "yes"
	}
	return "unknown"
}
