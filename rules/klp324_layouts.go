package rules

import (
	"errors"
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

var klp324 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Since:    "0.2",
	Tags:     []string{"kernel", "types", "crash"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP324",
		Doc: `type is laid out otherwise than in the kernel

The replacement works on the kernel's own data, by the offsets that its compiler
knew. Where the module's definition of a struct, union or enum is not the kernel's
(a copy of a private definition that has changed, another configuration), it reads
and writes the wrong bytes. Without CONFIG_MODVERSIONS nothing compares types when a
module is loaded (kernel/module/version.c: check_version), and with it only those of
exported symbols. Compared are the types that the module's BTF has beside those of
its kernel, by name (Documentation/bpf/btf.rst); one whose members mostly have other
names is taken for another type. A type that the replacements' parameters lead to,
and of which a member is elsewhere, is an error, all else a warning.

Fix: include the kernel's own header, or copy the definition anew from the source of
this kernel, and build with its configuration.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	differences, err := k.CompareLayouts(m)
	if err != nil {
		return nil, typesMissing(err)
	}
	var c collector
	for _, d := range differences {
		if c.full() {
			continue
		}
		f := finding.Finding{
			Message:  fmt.Sprintf("%s of the module's BTF: %s", show(d.Type), names.Cut(d.What)),
			Location: placeIn(m, ".BTF", 0),
			Kernel:   accepted("the replacement reads and writes other bytes than the kernel"),
		}
		if !d.Moved || !d.Reached {
			f.Severity = finding.Warning
			f.Kernel = accepted("whether that matters depends on what the code uses of it")
		}
		c.add(f)
	}
	return c.findings(), nil
})

// typesMissing is what a rule about types lacks.
func typesMissing(err error) error {
	for _, missing := range []error{kernel.ErrNoTypes, kernel.ErrOtherBase, kernel.ErrNoModuleTypes} {
		if errors.Is(err, missing) {
			return &MissingInput{Needs: missing.Error()}
		}
	}
	if errors.Is(err, kernel.ErrNoPrototype) {
		return &MissingInput{Needs: names.Cut(err.Error())}
	}
	return &MissingInput{Needs: "BTF that can be read: " + names.Cut(err.Error())}
}
