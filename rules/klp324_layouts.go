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
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.2",
	Tags:     []string{"kernel", "types", "crash"},
	Types:    true,
	Analyzer: &analysis.Analyzer{
		Name: "KLP324",
		Doc: `type layout differs from the kernel's

The replacement accesses the kernel's data by the offsets that it was compiled with.
Where the module's definition of a struct, union or enum is not the kernel's (a copy
of a private definition that has changed, another configuration), it reads and
writes the wrong bytes. Without CONFIG_MODVERSIONS the loader compares no types
(kernel/module/version.c: check_version), and with it only those of exported
symbols. Compared are the types in the module's own BTF (Documentation/bpf/btf.rst),
or in its debug information where it has none, with those in the kernel's BTF, by
name; one most of whose members have other names is considered another type, and in a
livepatch of modules also one of which only the name is the kernel's: no function of
vmlinux that is replaced or called, and no struct of the kernel, leads to it. A moved
member of a type that is reachable from the replacements' parameters is an error,
everything else a warning. Where only some of the replacements are described (a file
compiled without debug information, or with -femit-struct-debug-baseonly), the rule is
evaluated for these and listed as not evaluated for the others.

Fix: include the kernel's own header, or copy the definition from the source of this
kernel, and build with its configuration.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	differences, err := k.TypesOf(m).CompareLayouts()
	if err != nil && !errors.Is(err, kernel.ErrUndescribed) {
		return nil, typesMissing(err)
	}
	where, section := "BTF", ".BTF"
	if m.BTF == nil {
		where, section = "debug information", ".debug_info"
	}
	var c collector
	for _, d := range differences {
		if c.full() {
			continue
		}
		f := finding.Finding{
			Message:  fmt.Sprintf("%s of the module's %s: %s", show(d.Type), where, names.Cut(d.What)),
			Location: placeIn(m, section, 0),
			Kernel:   accepted("the replacement reads and writes other bytes than the kernel"),
		}
		if !d.Moved || !d.Reached {
			f.Severity = finding.Warning
			f.Kernel = accepted("whether that matters depends on which members the code uses")
		}
		c.add(f)
	}
	if err != nil {
		err = typesMissing(err)
	}
	return c.findings(), err
})

// typesMissing is what a rule about types lacks.
func typesMissing(err error) error {
	for _, missing := range []error{kernel.ErrNoTypes, kernel.ErrOtherBase} {
		if errors.Is(err, missing) {
			return &MissingInput{Needs: missing.Error()}
		}
	}
	if errors.Is(err, kernel.ErrUndescribed) || errors.Is(err, kernel.ErrNoPrototype) || errors.Is(err, kernel.ErrNoModuleTypes) {
		return &MissingInput{Needs: names.Cut(err.Error())}
	}
	return &MissingInput{Needs: "BTF that can be read: " + names.Cut(err.Error())}
}
