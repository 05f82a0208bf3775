package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

var klp316 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"kernel", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP316",
		Doc: `size of struct module differs from this kernel's

.gnu.linkonce.this_module is the module's struct module as its headers laid it out
(include/linux/module.h). Kernels such as 6.12 and 7.3 refuse any size but their own
(kernel/module/main.c: elf_validity_cache_index_mod); 6.1 does not check, and
accesses the fields at its own offsets.

Fix: build the module with the configuration of the kernel that it is for.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	want := k.ModuleStructSize()
	switch {
	case m.ThisModuleSize == 0:
		return nil, nil
	case want == 0:
		return nil, &MissingInput{Needs: "the size of the kernel's struct module: BTF, or its module directory"}
	case m.ThisModuleSize == want:
		return nil, nil
	}
	answer := accepted("this kernel does not compare the sizes, and uses its own offsets in the module's struct")
	if r, bad := k.CheckThisModule(m); bad {
		answer = refused(r.Errno, names.Cut(r.Message))
	} else if kernel.BehaviourFor(k, m.Vermagic.Release).ThisModuleSizeChecked == klp.Unknown {
		answer = noted(refused("ENOEXEC", ""), "where the kernel compares the sizes, as 6.12 and later do")
	}
	return []finding.Finding{{
		Message:  fmt.Sprintf(".gnu.linkonce.this_module has %d bytes, this kernel's struct module has %d", m.ThisModuleSize, want),
		Location: klp.Location{Section: ".gnu.linkonce.this_module"},
		Kernel:   answer,
	}}, nil
})
