package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp117 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"module", "crash"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP117",
		Doc: `patch can be enabled twice

klp_enable_patch() puts the patch on the kernel's list of patches without looking
whether it is there (kernel/livepatch/core.c: klp_init_patch). A second call with
the same patch, for instance as a retry, corrupts the list, which the kernel then
walks forever; 6.1, 6.12 and 7.3 all hang.

Fix: call klp_enable_patch() once and return its result; a failed insmod can be
repeated.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	if !m.Init.Repeats {
		return nil, nil
	}
	at := m.Init.At
	if n := len(m.Init.Enables); n > 0 {
		at = m.Init.Enables[n-1].At
	}
	return []finding.Finding{{
		Message:  "the init function can call klp_enable_patch() twice with the same patch",
		Location: at,
		Kernel:   crashes("the second call never returns: the kernel walks a corrupted list forever"),
	}}, nil
})
