package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp123 = NewModuleRule(&Rule{
	Severity:     finding.Error,
	Also:         []finding.Severity{finding.Warning},
	GateSeverity: finding.Error,
	Since:        "0.2",
	Tags:         []string{"module", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP123",
		Doc: `module name is invalid, or differs between struct module and .modinfo

A module's name is stored twice: in .modinfo, for messages, and in struct module, by
which the kernel knows it: for sysfs, for the check whether a module of that name is
loaded, and as the object that other livepatches name (kernel/module/main.c:
module_patient_check_exists, mod_sysfs_init). The latter has room for 55 bytes and a
NUL. klp_module_coming() refuses the name "vmlinux" (kernel/livepatch/core.c).

Two names that differ are a warning in lint, and an error in the gate: the rules over
sets (KLP406) and the registry know a module by its .modinfo, the kernel does not, and
would refuse beside another one what the gate took for a name of its own.

Fix: name the module by its file, as Kbuild does; do not edit the names of a built
module.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	modinfo, has := m.Modinfo.Get("name")
	at := klp.Location{Section: ".gnu.linkonce.this_module", Offset: structName}
	switch {
	case m.ThisModuleSize == 0:
		return nil, nil // KLP121
	case m.StructName == klp.VmlinuxObjectName:
		return []finding.Finding{{
			Message: "the module is named vmlinux", Location: at,
			Kernel: refused("EINVAL", "vmlinux.ko: invalid module name"),
		}}, nil
	case m.StructName == "":
		return []finding.Finding{{
			Message: "struct module has no name", Location: at,
			Kernel: refused("EINVAL", "kobject: (null): attempted to be registered with empty name!"),
		}}, nil
	case has && modinfo != m.StructName:
		return []finding.Finding{{
			Severity: finding.Warning,
			Message:  "the module is named " + names.Cut(m.StructName) + " in struct module, but " + names.Cut(modinfo) + " in .modinfo",
			Location: at,
			Kernel:   accepted("the kernel knows the module as " + names.Cut(m.StructName)),
		}}, nil
	}
	return nil, nil
})

// structName is where the name stands in struct module, on every architecture that
// livepatches (include/linux/module.h: after an enum and a list_head).
const structName = 24
