package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp120 = NewModuleRule(&Rule{
	Severity: finding.Error,
	Since:    "0.2",
	Tags:     []string{"load", "code"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP120",
		Doc: `entry of __mcount_loc that ftrace cannot patch

The loader gives the entries of __mcount_loc, on arm64, ppc64le and loongarch those
of __patchable_function_entries, to ftrace, which expects the compiler's call of
__fentry__ or a nop at each (kernel/trace/ftrace.c: ftrace_process_locs). If it
finds something else it prints "ftrace failed to modify" and is disabled until the
next boot (ftrace_bug): klp_enable_patch() then fails with ENODEV, for every later
livepatch too, and the whole machine is without tracing.

Fix: let the compiler or scripts/recordmcount.c write the section when the code is
final, and do not change the code afterwards.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	var c collector
	for i := range m.NoSites {
		e := &m.NoSites[i]
		if c.full() {
			continue
		}
		message := "an entry of " + e.At.Section + " points outside the sections of the module"
		if e.To.Section != "" {
			message = fmt.Sprintf("an entry of %s points to %s, where there is neither a call of __fentry__ nor a nop for ftrace", e.At.Section, placeName(e.To))
			if len(e.Bytes) > 0 {
				message += fmt.Sprintf(" (% x)", e.Bytes)
			}
		}
		c.add(finding.Finding{
			Message:  message,
			Location: e.At,
			Kernel:   refused("ENODEV", "ftrace failed to modify"),
		})
	}
	return c.findings(), nil
})

// placeName is SYMBOL+0xN or, without a symbol, SECTION+0xN.
func placeName(at klp.Location) string {
	if at.Symbol != "" {
		return fmt.Sprintf("%s (%s+%#x)", show(at.Symbol), show(at.Section), at.Offset)
	}
	return fmt.Sprintf("%s+%#x", show(at.Section), at.Offset)
}
