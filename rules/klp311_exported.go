package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp311 = NewKernelRule(&Rule{
	Severity:   finding.Info,
	Since:      "0.1",
	Tags:       []string{"kernel", "symbols", "hygiene"},
	NonDefault: true,
	Analyzer: &analysis.Analyzer{
		Name: "KLP311",
		Doc: `livepatch symbol names an exported symbol

A symbol of vmlinux that the kernel exports could be an ordinary import, which the
loader resolves with its CRC checked (kernel/module/main.c: check_version); a
livepatch symbol is looked up by name and position alone
(Documentation/livepatch/module-elf-format.rst). Tools do so on purpose for symbols
that modules export: an import would make the livepatch depend on the module.

Fix: none needed; where the tool allows it, import symbols that vmlinux exports.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	var c collector
	for i := range m.KlpSyms {
		s := &m.KlpSyms[i]
		if s.Tombstone || s.Malformed != "" || s.Object != klp.VmlinuxObjectName {
			continue
		}
		e, found, _ := k.Export(s.Name)
		if !found || e.Module != klp.VmlinuxObjectName || c.full() {
			continue
		}
		c.add(finding.Finding{
			Message: fmt.Sprintf("%s is exported by vmlinux and could be imported", names.Cut(s.Name)),
			Object:  s.Object, Location: s.At,
		})
	}
	var w wanting
	if _, _, known := k.Export("klp_enable_patch"); !known && len(m.KlpSyms) > 0 {
		w.add("the kernel's exports: Module.symvers or vmlinuz")
	}
	return c.findings(), w.err()
})
