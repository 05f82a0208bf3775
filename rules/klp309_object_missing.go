package rules

import (
	"errors"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

var klp309 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"kernel", "object"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP309",
		Doc: `target module does not exist in this kernel

An object is compared with the names of modules as they are loaded
(kernel/livepatch/core.c: klp_find_object_module, klp_module_coming). One that no
module has, that is built into vmlinux, or that is spelled differently ('-' for '_',
".ko" at the end) is never patched, and nothing says so.

A module from elsewhere (DKMS, a vendor's package) counts as missing until its
directory is given too (another --kernel), or its file beside the livepatch.

Fix: name the object as /proc/modules does; a built-in driver belongs to vmlinux.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	var c collector
	var w wanting
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		if o.Name == klp.VmlinuxObjectName || o.Name == "" {
			continue
		}
		_, err := k.Object(o.Name)
		var none *kernel.NoSuchModule
		switch {
		case err == nil || c.full():
		case errors.As(err, &none):
			c.add(finding.Finding{
				Message:  names.Cut(none.Error()),
				Object:   o.Name,
				Location: o.At,
				Kernel:   accepted("the livepatch loads, and this object is never patched"),
			})
		case errors.Is(err, kernel.ErrUnknownObject):
			w.add("the kernel's module directory")
		default:
			w.add("module " + names.Cut(o.Name) + ", which cannot be read: " + names.Cut(err.Error()))
		}
	}
	return c.findings(), w.err()
})
