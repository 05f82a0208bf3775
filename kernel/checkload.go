package kernel

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"
	"strings"

	"github.com/klplint/klplint/klp"
)

// CheckLoad lists what the module loader refuses before the module's init
// function runs (kernel/module/main.c: load_module). The first entry is the one
// whose errno insmod reports: checks that end the load come in the kernel's
// order; of the symbols, which are all looked at before the load ends, the
// last refused one decides and comes first.
func (k *Kernel) CheckLoad(m *klp.Module) []klp.Refusal {
	var refused []klp.Refusal
	for _, check := range []func(*klp.Module) (klp.Refusal, bool){
		k.CheckThisModule, k.CheckStructModule, k.CheckVermagic, k.CheckLivepatch, k.CheckExportFlags,
	} {
		if r, bad := check(m); bad {
			refused = append(refused, r)
		}
	}
	imports := k.CheckImports(m)
	if n := len(imports); n > 1 {
		imports = append([]ImportRefusal{imports[n-1]}, imports[:n-1]...)
	}
	for _, r := range imports {
		refused = append(refused, r.Refusal)
	}
	if r, bad := k.CheckExports(m); bad {
		refused = append(refused, r)
	}
	return refused
}

// CheckThisModule compares the module's struct module with this kernel's
// (elf_validity_cache_index_mod). Kernels up to 6.1 do not look.
func (k *Kernel) CheckThisModule(m *klp.Module) (klp.Refusal, bool) {
	if k.behaviourFor(m).ThisModuleSizeChecked != klp.Yes || k.types.ModuleSize == 0 || m.ThisModuleSize == 0 || m.ThisModuleSize == k.types.ModuleSize {
		return klp.Refusal{}, false
	}
	return klp.Refusal{
		Errno:   "ENOEXEC",
		Message: fmt.Sprintf("module %s: .gnu.linkonce.this_module section size must match the kernel's built struct module size at run time", moduleNameOf(m)),
		Reason:  fmt.Sprintf(".gnu.linkonce.this_module has %d bytes, this kernel's struct module has %d", m.ThisModuleSize, k.types.ModuleSize),
	}, true
}

// behaviourFor is how this kernel answers to the module; one of unknown release
// is taken for the one that the module was built for.
func (k *Kernel) behaviourFor(m *klp.Module) klp.Behaviour {
	return BehaviourFor(k, m.Vermagic.Release)
}

// CheckStructModule compares the CRC that the module records for module_layout,
// the symbol that stands for struct module and what hangs on it, with this
// kernel's (kernel/module/version.c: check_modstruct_version). The loader looks
// before it reads vermagic.
func (k *Kernel) CheckStructModule(m *klp.Module) (klp.Refusal, bool) {
	const symbol = "module_layout"
	e, found, _ := k.Export(symbol)
	switch {
	case !found || !e.HasCRC || m.HasLayoutCRC && uint64(e.CRC) == m.LayoutCRC:
		return klp.Refusal{}, false
	case !m.HasLayoutCRC && !HasVersions(m):
		if force, known := k.Config("MODULE_FORCE_LOAD"); !known || force == "y" {
			return klp.Refusal{}, false // TaintsForVersions
		}
		return klp.Refusal{Errno: "ENOEXEC", Reason: "the module has no __versions, and this kernel has no CONFIG_MODULE_FORCE_LOAD"}, true
	case !m.HasLayoutCRC:
		if k.RefusesMissingCRC() != klp.Yes {
			return klp.Refusal{}, false
		}
		return klp.Refusal{
			Errno:   "ENOEXEC",
			Message: fmt.Sprintf("%s: no symbol version for %s", moduleNameOf(m), symbol),
			Reason:  "__versions has no entry for " + symbol,
		}, true
	}
	return klp.Refusal{
		Errno:   "ENOEXEC",
		Message: fmt.Sprintf("%s: disagrees about version of symbol %s", moduleNameOf(m), symbol),
		Reason:  fmt.Sprintf("the CRC of %s is %#08x, this kernel's %#08x: its struct module has another layout", symbol, m.LayoutCRC, e.CRC),
	}, true
}

// TaintsForVersions reports whether this kernel takes the module and marks
// itself tainted because the module has no __versions at all
// (kernel/module/main.c: try_to_force_load).
func (k *Kernel) TaintsForVersions(m *klp.Module) bool {
	e, found, _ := k.Export("module_layout")
	return found && e.HasCRC && !HasVersions(m)
}

// RefusesMissingCRC says whether the kernel refuses an import of which
// __versions has no entry. Debian's kernels do; mainline warns, since 4.4
// (kernel/module/version.c: check_version).
func (k *Kernel) RefusesMissingCRC() klp.Tri {
	switch banner := k.Banner(); {
	case banner == "":
		return klp.Unknown
	case strings.Contains(banner, "Debian"):
		return klp.Yes
	}
	return klp.No
}

// WithoutCRC lists the imports that have a CRC in this kernel and none in the
// module, where the module has __versions.
func (k *Kernel) WithoutCRC(m *klp.Module) []klp.Import {
	var list []klp.Import
	if !HasVersions(m) {
		return nil
	}
	for _, i := range m.Imports {
		if e, found, _ := k.Export(i.Name); found && e.HasCRC && !i.HasCRC {
			list = append(list, i)
		}
	}
	return list
}

// moduleNameOf returns the name the loader's messages show.
func moduleNameOf(m *klp.Module) string {
	if m.Name != "" {
		return m.Name
	}
	return "(missing .modinfo section or name field)"
}

// HasVersions reports whether the module has __versions, which makes the
// kernel leave the release out of the comparison of vermagic.
func HasVersions(m *klp.Module) bool {
	return slices.ContainsFunc(m.Sections, func(s klp.Section) bool { return s.Name == "__versions" && s.Flags&uint64(elf.SHF_ALLOC) != 0 })
}

// CheckVermagic answers same_magic() (kernel/module/version.c).
func (k *Kernel) CheckVermagic(m *klp.Module) (klp.Refusal, bool) {
	if k.vermagic == "" {
		return klp.Refusal{}, false
	}
	ours, theirs := wholeVermagic(k.vermagic), m.Vermagic.Raw
	if theirs == "" && !m.Modinfo.Has("vermagic") {
		// try_to_force_load(): taken, and the kernel tainted, where forced
		// loading is configured.
		if force, known := k.Config("MODULE_FORCE_LOAD"); !known || force == "y" {
			return klp.Refusal{}, false
		}
		return klp.Refusal{Errno: "ENOEXEC", Reason: "the module has no vermagic, and this kernel has no CONFIG_MODULE_FORCE_LOAD"}, true
	}
	a, b := ours, theirs
	if HasVersions(m) {
		a, b = afterRelease(a), afterRelease(b)
	}
	if a == b {
		return klp.Refusal{}, false
	}
	return klp.Refusal{
		Errno:   "ENOEXEC",
		Message: fmt.Sprintf("%s: version magic '%s' should be '%s'", moduleNameOf(m), theirs, ours),
		Reason:  fmt.Sprintf("vermagic is %q, this kernel's %q", theirs, ours),
	}, true
}

// wholeVermagic puts back the space that ends a kernel's own string, which not
// every reader keeps: each of its words but the last architecture's has one
// behind it (include/linux/vermagic.h).
func wholeVermagic(v string) string {
	for _, word := range []string{" SMP", " preempt", " preempt_rt", " mod_unload", " modversions"} {
		if strings.HasSuffix(v, word) {
			return v + " "
		}
	}
	return v
}

func afterRelease(vermagic string) string {
	if i := strings.IndexByte(vermagic, ' '); i >= 0 {
		return vermagic[i:]
	}
	return ""
}

// CheckLivepatch answers check_modinfo_livepatch() of a kernel without
// CONFIG_LIVEPATCH.
func (k *Kernel) CheckLivepatch(m *klp.Module) (klp.Refusal, bool) {
	if !m.Modinfo.Has("livepatch") {
		return klp.Refusal{}, false
	}
	answer, reason := k.Livepatch()
	if answer != klp.No {
		return klp.Refusal{}, false
	}
	return klp.Refusal{
		Errno:   "ENOEXEC",
		Message: fmt.Sprintf("%s: module is marked as livepatch module, but livepatch support is disabled", moduleNameOf(m)),
		Reason:  reason,
	}, true
}

// CheckExportFlags looks for what 7.1 brought: a module that exports symbols needs their flags in
// __kflagstab, which the build tools of older kernels do not write
// (kernel/module/main.c: check_export_symbol_sections).
func (k *Kernel) CheckExportFlags(m *klp.Module) (klp.Refusal, bool) {
	demanded := k.behaviourFor(m).ExportFlagsDemanded == klp.Yes || k.image != nil && k.image.exportFlags
	if !demanded {
		return klp.Refusal{}, false
	}
	exports, flags := false, false
	for i := range m.Sections {
		switch s := &m.Sections[i]; s.Name {
		case "__ksymtab":
			exports = exports || s.Size > 0
		case "__kflagstab":
			flags = flags || s.Size > 0
		}
	}
	if !exports || flags {
		return klp.Refusal{}, false
	}
	return klp.Refusal{
		Errno:   "ENOEXEC",
		Message: moduleNameOf(m) + ": no flags for exported symbols",
		Reason:  "the module exports symbols (__ksymtab) without flags (__kflagstab), which this kernel requires: it was built for a kernel before 7.1",
	}, true
}

// CheckExports looks for an export of the module that vmlinux exports too
// (kernel/module/main.c: verify_exported_symbols).
func (k *Kernel) CheckExports(m *klp.Module) (klp.Refusal, bool) {
	for _, name := range m.Exports {
		if e, found, _ := k.Export(name); found && e.Module == vmlinux {
			return klp.Refusal{
				Errno:   "ENOEXEC",
				Message: fmt.Sprintf("%s: exports duplicate symbol %s (owned by kernel)", moduleNameOf(m), name),
				Reason:  "the module exports " + name + ", and so does vmlinux",
			}, true
		}
	}
	return klp.Refusal{}, false
}

// ImportRefusal is why an imported symbol stops the load.
type ImportRefusal struct {
	Import klp.Import
	klp.Refusal
}

// CheckImports answers resolve_symbol() for every undefined symbol, in
// symbol-table order. Symbols whose absence cannot be proven are left out;
// UnknownImports lists them.
func (k *Kernel) CheckImports(m *klp.Module) []ImportRefusal {
	license, _ := m.Modinfo.Get("license")
	proprietary := fmt.Sprintf("the licence is %q", license)
	if m.NameDistrusted() {
		proprietary = "modules named " + m.StructName + " are taken for proprietary ones"
	}
	namespaces := map[string]bool{}
	for _, e := range m.Modinfo.Entries {
		if e.Key == "import_ns" {
			namespaces[e.Value] = !e.Bare
		}
	}
	allowMissing, _ := k.Config("MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS")
	name := moduleNameOf(m)
	var refused []ImportRefusal
	for _, i := range m.Imports {
		wanted := importName(m.Arch, i.Name)
		if wanted == "" {
			continue
		}
		e, found, known := k.Export(wanted)
		switch {
		case !found && !known:
			continue
		case !found && i.Weak:
			continue
		case !found:
			refused = append(refused, ImportRefusal{i, klp.Refusal{
				Errno:   "ENOENT",
				Message: fmt.Sprintf("%s: Unknown symbol %s (err -2)", name, i.Name),
				Reason:  fmt.Sprintf("%s is not exported by this kernel", i.Name),
			}})
		case e.GPL && !m.GPLCompatible():
			refused = append(refused, ImportRefusal{i, klp.Refusal{
				Errno:   "ENOENT",
				Message: fmt.Sprintf("%s: Unknown symbol %s (err -2)", name, i.Name),
				Reason:  fmt.Sprintf("%s is exported to GPL-compatible modules only, and %s", i.Name, proprietary),
			}})
		case e.HasCRC && !i.HasCRC && HasVersions(m) && k.RefusesMissingCRC() == klp.Yes:
			refused = append(refused, ImportRefusal{i, klp.Refusal{
				Errno:   "EINVAL",
				Message: fmt.Sprintf("%s: no symbol version for %s", name, i.Name),
				Reason:  fmt.Sprintf("__versions has no entry for %s", i.Name),
			}})
		case i.HasCRC && e.HasCRC && i.CRC != uint64(e.CRC):
			refused = append(refused, ImportRefusal{i, klp.Refusal{
				Errno:   "EINVAL",
				Message: fmt.Sprintf("%s: disagrees about version of symbol %s", name, i.Name),
				Reason:  fmt.Sprintf("CRC of %s is %#08x, this kernel's %#08x", i.Name, i.CRC, e.CRC),
			}})
		case e.Namespace != "" && allowMissing != "y" && !namespaceAllowed(e.Namespace, cmp.Or(m.StructName, m.Name), namespaces):
			refused = append(refused, ImportRefusal{i, klp.Refusal{
				Errno:   "EINVAL",
				Message: fmt.Sprintf("%s: module uses symbol (%s) from namespace %s, but does not import it.", name, i.Name, e.Namespace),
				Reason:  fmt.Sprintf("%s is exported in namespace %s, which the module does not import", i.Name, e.Namespace),
			}})
		}
	}
	return refused
}

// namespaceAllowed: a module imports a namespace by name; "module:a,b-*" admits
// the modules that it lists (6.16 and later) and cannot be imported.
func namespaceAllowed(namespace, module string, imported map[string]bool) bool {
	list, ok := strings.CutPrefix(namespace, "module:")
	if !ok {
		return imported[namespace]
	}
	dashed := strings.ReplaceAll(module, "_", "-")
	for _, pattern := range strings.Split(list, ",") {
		pattern = strings.ReplaceAll(pattern, "_", "-")
		if stem, glob := strings.CutSuffix(pattern, "*"); pattern == dashed || glob && strings.HasPrefix(dashed, stem) {
			return true
		}
	}
	return false
}

// UnknownImports lists the imported symbols that are not among the known
// exports while those of modules are not known.
func (k *Kernel) UnknownImports(m *klp.Module) []string {
	var unknown []string
	for _, i := range m.Imports {
		wanted := importName(m.Arch, i.Name)
		if wanted == "" {
			continue
		}
		if _, found, known := k.Export(wanted); !found && !known && !i.Weak {
			unknown = append(unknown, i.Name)
		}
	}
	return unknown
}
