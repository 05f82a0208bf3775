package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

var klp317 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"kernel"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP317",
		Doc: `none of the given kernels matches the module

A livepatch is built from the functions of one kernel, whose release is in its
vermagic (kernel/module/version.c: same_magic). Of several given kernels the one of
that release and architecture is the target; here there is none, so no check that
needs a kernel was made.

Fix: give the kernel that the module was built for, or leave this module out.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	none, ok := t.(*kernel.Mismatch)
	if !ok {
		return nil, nil
	}
	return []finding.Finding{{
		Message:  names.Cut(none.Error()),
		Location: klp.Location{Section: ".modinfo"},
	}}, nil
})
