package rules

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp313 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"kernel", "layout", "crash"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP313",
		Doc: `livepatch structs are not laid out as in this kernel

A static table holds struct klp_patch, klp_object, klp_func and klp_state as the
headers laid them out (include/linux/livepatch.h); debug options change their sizes,
and releases the offsets of their fields. The kernel walks the tables with its own
layout and checks nothing: it reads names and pointers from the wrong places.

kpatch-build's and klp-build's modules carry tables of their own layout, and are
compared where their debug information describes the structs of their init code.

Fix: build the module against the headers of the kernel that it is for.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	// A layout that came from a kernel's BTF or from the table by release is no
	// evidence of how the module was built.
	if m.Layout.Source != klp.LayoutRelocations && m.Layout.Source != klp.LayoutSymbols && m.Layout.Source != klp.LayoutDWARF {
		return nil, nil
	}
	theirs := k.Layout()
	if theirs == nil {
		return nil, &MissingInput{Needs: "the layout of the kernel's livepatch structs: vmlinuz with BTF, or BTF"}
	}
	differences := layoutDifferences(&m.Layout, theirs)
	if len(differences) == 0 {
		return nil, nil
	}
	return []finding.Finding{{
		Message:  "the module's structs differ from this kernel's: " + strings.Join(differences, "; "),
		Location: m.Patch.At,
		Kernel:   accepted("the kernel reads the tables with its own layout, and gets wrong names and pointers"),
	}}, nil
})

// layoutDifferences compares what the module's own evidence tells. Relocations
// and symbols show the strides of the arrays and the offsets that hold
// pointers; only debug information knows the rest.
func layoutDifferences(m, k *klp.Layout) []string {
	var list []string
	compare := func(what string, ours, theirs uint64) {
		if ours != 0 && theirs != 0 && ours != theirs {
			list = append(list, fmt.Sprintf("%s is %d, in this kernel %d", what, ours, theirs))
		}
	}
	compare("the size of klp_object", m.ObjectSize, k.ObjectSize)
	compare("the size of klp_func", m.FuncSize, k.FuncSize)
	if m.HasStates && k.HasStates {
		compare("the size of klp_state", m.StateSize, k.StateSize)
		compare("the offset of klp_patch.states", m.PatchStates, k.PatchStates)
	}
	compare("the offset of klp_object.funcs", m.ObjectFuncs, k.ObjectFuncs)
	compare("the offset of klp_func.new_func", m.FuncNew, k.FuncNew)
	if m.Source == klp.LayoutDWARF {
		compare("the size of klp_patch", m.PatchSize, k.PatchSize)
		compare("the offset of klp_patch.replace", m.PatchReplace, k.PatchReplace)
		compare("the offset of klp_func.old_sympos", m.FuncSympos, k.FuncSympos)
		if m.HasCallbacks && k.HasCallbacks {
			compare("the offset of klp_object.callbacks", m.ObjectCallbacks, k.ObjectCallbacks)
		}
	}
	return list
}
