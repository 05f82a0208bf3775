package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp308 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.1",
	Tags:     []string{"kernel", "load", "exports"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP308",
		Doc: `imported symbol does not match this kernel

The loader resolves every undefined symbol among the exports (kernel/module/main.c:
resolve_symbol). A missing one, or one exported to GPL-compatible modules only, is
-ENOENT; a CRC that differs (CONFIG_MODVERSIONS) or a namespace that the module does
not import is -EINVAL. The CRC of module_layout covers struct module itself: if it
differs, the load fails with -ENOEXEC at once (kernel/module/version.c:
check_modstruct_version). So does an export of the module's own that vmlinux has too
(verify_exported_symbols). Since 7.1 a module that exports symbols itself needs a
byte of flags for each (__kflagstab), or gets -ENOEXEC too.

An import without an entry in __versions is refused by Debian's kernels and gets a
warning from mainline; a module without the section is loaded with a taint where
CONFIG_MODULE_FORCE_LOAD allows it.

Fix: build against this kernel's Module.symvers; reach what is not exported
through a livepatch symbol (.klp.sym.*).`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	var c collector
	if r, bad := k.CheckStructModule(m); bad {
		c.add(finding.Finding{
			Message:  r.Reason,
			Location: klp.Location{Section: "__versions", Symbol: "module_layout"},
			Kernel:   refused(r.Errno, names.Cut(r.Message)),
		})
	}
	if r, bad := k.CheckExportFlags(m); bad {
		c.add(finding.Finding{
			Message:  r.Reason,
			Location: klp.Location{Section: "__ksymtab"},
			Kernel:   refused(r.Errno, names.Cut(r.Message)),
		})
	}
	if r, bad := k.CheckExports(m); bad {
		c.add(finding.Finding{
			Message:  names.Cut(r.Reason),
			Location: klp.Location{Section: "__ksymtab_strings"},
			Kernel:   refused(r.Errno, names.Cut(r.Message)),
		})
	}
	if k.TaintsForVersions(m) && len(c.list) == 0 {
		c.add(finding.Finding{
			Severity: finding.Warning,
			Message:  "the module has no __versions section, which this kernel checks",
			Kernel:   warns("module_layout: kernel tainted."),
		})
	}
	if k.RefusesMissingCRC() == klp.No {
		if list := k.WithoutCRC(m); len(list) > 0 {
			var others []string
			for i := range list[1:] {
				others = append(others, list[1+i].Name)
			}
			c.add(finding.Finding{
				Severity: finding.Warning,
				Identity: others,
				Message:  fmt.Sprintf("%s no entry in __versions, the first is %s", plural(len(list), "import has", "imports have"), show(list[0].Name)),
				Location: klp.Location{Section: "__versions", Symbol: list[0].Name},
				Kernel:   warns(names.Cut(m.Name) + ": no symbol version for " + names.Cut(list[0].Name)),
			})
		}
	}
	for _, r := range k.CheckImports(m) {
		if c.full() {
			continue
		}
		c.add(finding.Finding{
			Message:  names.Cut(r.Reason),
			Location: klp.Location{Section: ".symtab", Symbol: r.Import.Name},
			Kernel:   refused(r.Errno, names.Cut(r.Message)),
		})
	}
	var w wanting
	if unknown := k.UnknownImports(m); len(unknown) > 0 {
		w.add(fmt.Sprintf("Module.symvers, for the exports of modules (%s)", someOf(unknown, len(unknown))))
	}
	return c.findings(), w.err()
})
