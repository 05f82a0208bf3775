package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp330 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.2",
	Tags:     []string{"kernel", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP330",
		Doc: `module's name is taken in this kernel

The loader refuses a name that is already in /sys/module (kernel/module/sysfs.c:
mod_sysfs_init): that of a built-in driver with parameters or a version always is. A
name of one of the kernel's loadable modules is taken while that module is loaded
(kernel/module/main.c: module_patient_check_exists), and other livepatches mistake
this one for it.

Fix: give the livepatch a name of its own, such as one that starts with "livepatch_".`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	name := m.StructName
	if name == "" {
		name = m.Name
	}
	builtin, loadable, known := k.ModuleName(name)
	f := finding.Finding{Location: klp.Location{Section: ".gnu.linkonce.this_module"}}
	switch {
	case !known:
		return nil, &MissingInput{Needs: "the kernel's module directory"}
	case builtin:
		f.Message = "this kernel has " + names.Cut(name) + " built in"
		f.Kernel = refused("EINVAL", names.Cut(name)+": module is already loaded")
	case loadable:
		f.Severity = finding.Warning
		f.Message = "this kernel has a module named " + names.Cut(name)
		f.Kernel = accepted("while the kernel's own module of that name is not loaded; EEXIST otherwise")
	default:
		return nil, nil
	}
	return []finding.Finding{f}, nil
})
