package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp100 = NewModuleRule(&Rule{
	Severity:     finding.Warning,
	GateSeverity: finding.Error,
	Since:        "0.1",
	Tags:         []string{"module", "input"},
	AnyKind:      true,
	Analyzer: &analysis.Analyzer{
		Name: "KLP100",
		Doc: `file is not a livepatch module

A livepatch has "livepatch" in its .modinfo (kernel/module/main.c:
check_modinfo_livepatch) and patch tables. This file, which was named on the command
line, has neither, and was not checked. Files met while walking a folder are skipped
and counted instead.

Fix: name the livepatch module. An object file of an intermediate build step,
or the debug file of a module, is not the module.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	if m.IsLivepatch() {
		return nil, nil
	}
	return []finding.Finding{{Message: "not a livepatch module: " + describeKind(m.Kind)}}, nil
})

func describeKind(k klp.Kind) string {
	switch k {
	case klp.KindModule:
		return "an ordinary kernel module"
	case klp.KindKpatchCore:
		return "a module for the out-of-tree kpatch core (depends=kpatch), which livepatch kernels do not use"
	case klp.KindKGraft:
		return "a kGraft module, the predecessor of livepatch"
	case klp.KindXenPayload:
		return "a live patch for the Xen hypervisor"
	case klp.KindKsplice:
		return "a Ksplice module"
	case klp.KindVmlinux:
		return "a kernel image"
	case klp.KindObjectFile:
		return "an object file that has not been linked as a module (no .gnu.linkonce.this_module)"
	}
	return "an ELF file of another kind"
}
