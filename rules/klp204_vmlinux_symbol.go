package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp204 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.1",
	Tags:     []string{"relocations", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP204",
		Doc: `livepatch relocations of a module use a vmlinux symbol

Since 5.8 a livepatch relocation section of a module may not use symbols of the
kernel image (kernel/livepatch/core.c: klp_resolve_symbols): those are resolved
when the livepatch itself is loaded, by sections of vmlinux. The example that
mixes them in Documentation/livepatch/module-elf-format.rst is older than the
check. Where the kernel's release is not known this is a warning.

Fix: build with a tool for the kernel's release. kpatch-build and klp-build put
relocations against vmlinux symbols into .klp.rela.vmlinux.SECTION.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.KlpRelas {
		r := &m.KlpRelas[i]
		if r.Object == "" || r.Object == klp.VmlinuxObjectName {
			continue
		}
		list := vmlinuxSymbols(m, r)
		if len(list) == 0 {
			continue
		}
		severity, release := finding.Error, ""
		switch behaviourOf(m).RefusesVmlinuxInModuleRela {
		case klp.No:
			return nil, nil
		case klp.Unknown:
			severity, release = finding.Warning, ", which kernels since 5.8 refuse"
		}
		if c.full() {
			continue
		}
		c.add(finding.Finding{
			Severity: severity,
			Message: fmt.Sprintf("%s uses %s of vmlinux%s: %s", names.Cut(r.Section),
				plural(len(list), "symbol", "symbols"), release, someOf(list, len(list))),
			Object:   r.Object,
			Identity: unlistedNames(list, maxListed),
			Location: r.At,
			Kernel: refused("EINVAL", fmt.Sprintf(
				"invalid access to vmlinux symbol '%s' from module-specific livepatch relocation section", names.Cut(list[0]))),
		})
	}
	return c.findings(), nil
})

// vmlinuxSymbols returns the symbols of the kernel image that the section uses.
func vmlinuxSymbols(m *klp.Module, r *klp.KlpRela) []string {
	var list []string
	for _, index := range r.Symbols {
		if s := &m.KlpSyms[index]; s.Object == klp.VmlinuxObjectName {
			list = append(list, s.Name)
		}
	}
	return list
}
