package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp315 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"kernel", "layout", "replace"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP315",
		Doc: `replace field of the module differs from this kernel's

In mainline a bool decides whether a livepatch replaces others
(include/linux/livepatch.h: klp_patch.replace); proposed series put a set number or
a list of sets in its place. The kernel interprets the module's bytes by its own
definition: set 0 of one reads as "does not replace" in the other, and any non-zero
byte as true.

Fix: build the module against the headers of the kernel that it is for.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	r := &m.Replace
	// An assumed field, or one taken from a kernel's BTF, is no evidence.
	if r.Kind == klp.KindUnknown || r.Kind == "" || r.FieldSource == klp.FieldAssumed || r.FieldSource == klp.FieldBTF {
		return nil, nil
	}
	layout := k.Layout()
	if layout == nil || layout.ReplaceField == klp.KindUnknown {
		return nil, &MissingInput{Needs: "the type of the kernel's replace field: vmlinuz with BTF, or BTF"}
	}
	if layout.ReplaceField == r.Kind {
		return nil, nil
	}
	return []finding.Finding{{
		Message:  fmt.Sprintf("the module was built with %s, this kernel has %s", fieldName(r.Kind), fieldName(layout.ReplaceField)),
		Location: r.At,
		Kernel:   accepted("the kernel reads the field as " + fieldName(layout.ReplaceField)),
	}}, nil
})

// fieldName is a replace field as C declares it.
func fieldName(kind klp.ReplaceKind) string {
	switch kind {
	case klp.KindFlag:
		return "bool replace"
	case klp.KindSet:
		return "unsigned int replace_set"
	case klp.KindSets:
		return "unsigned int *replace_sets"
	}
	return "an unknown field"
}
