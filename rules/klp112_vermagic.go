package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/internal/symbolname"
	"github.com/klplint/klplint/klp"
)

var klp112 = moduleRule(&Rule{
	Severity: Error,
	Since:    "0.1",
	Tags:     []string{"module", "load"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP112",
		Doc: `vermagic is missing or unreadable

The loader refuses a module without vermagic unless it was built to force such
loads (kernel/module/main.c: check_modinfo, try_to_force_load), and compares the
string with its own, word by word (kernel/module/version.c: same_magic). It is
also what tells klplint the kernel that a module is for: without it, nothing that
differs between releases can be judged.

Fix: build the module with Kbuild, and do not strip .modinfo.`,
	},
}, func(m *klp.Module) []Finding {
	v := &m.Vermagic
	switch {
	case v.Raw == "":
		return []Finding{{
			Message:  ".modinfo has no vermagic",
			Location: modinfoEntry(m, "vermagic"),
			Kernel:   accepted("tainted, where CONFIG_MODULE_FORCE_LOAD is set, as Debian does; ENOEXEC elsewhere"),
		}}
	case v.Release == "" || !printable(v.Raw):
		return []Finding{{
			Message:  `vermagic "` + symbolname.Cut(v.Raw) + `" does not start with a kernel release`,
			Location: modinfoEntry(m, "vermagic"),
			Kernel:   refused("ENOEXEC", "version magic '"+symbolname.Cut(v.Raw)+"' should be that of the kernel"),
		}}
	}
	return nil
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
