package rules

import (
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

var klp112 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"module", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP112",
		Doc: `vermagic is missing or unreadable

The loader refuses a module without vermagic unless it was built to force such loads
(kernel/module/main.c: check_modinfo, try_to_force_load), and compares the string
with its own (kernel/module/version.c: same_magic): all of it, or only what follows
the release where the CRCs of imported symbols are compared instead. It is also what
tells klplint the kernel that a module is for: without it, nothing that differs
between releases can be checked.

Fix: build the module with Kbuild, and do not strip .modinfo.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	v := &m.Vermagic
	if v.Release != "" && printable(v.Raw) {
		return nil, nil
	}
	f := finding.Finding{
		Location: modinfoEntry(m, "vermagic"),
		Kernel:   noted(refused("ENOEXEC", ""), "version magic '"+names.Cut(v.Raw)+"' should be that of the kernel"),
	}
	_, flags, _ := strings.Cut(v.Raw, " ")
	switch {
	case v.Raw == "" && !m.Modinfo.Has("vermagic"):
		f.Message = ".modinfo has no vermagic"
		f.Kernel = accepted("the kernel is tainted where it has CONFIG_MODULE_FORCE_LOAD, as Debian's have; ENOEXEC elsewhere")
	case v.Raw == "":
		f.Message = "vermagic is empty"
	default:
		f.Message = `vermagic "` + names.Cut(v.Raw) + `" does not start with a kernel release`
		// A kernel that compares CRCs says so in its own string.
		if printable(flags) && kernel.HasVersions(m) && slices.Contains(v.Flags, "modversions") {
			f.Kernel = accepted("the module has CRCs, so the release is not compared")
		}
	}
	return []finding.Finding{f}, nil
})

// printable reports whether the string is ASCII without control characters, as
// every vermagic is.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
