package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

var klp322 = NewKernelRule(&Rule{
	Severity: finding.Warning,
	Also:     []finding.Severity{finding.Info},
	Since:    "0.2",
	Tags:     []string{"kernel", "code", "old-code"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP322",
		Doc: `other entry of a patched system call keeps the old code

A SYSCALL_DEFINE creates an entry for each ABI: __x64_sys_NAME and __ia32_sys_NAME
(arch/x86/include/asm/syscall_wrapper.h), __s390x_sys_NAME and __s390_sys_NAME
(arch/s390/include/asm/syscall_wrapper.h). Both hold or call the same body. A
livepatch of one of them does not change the other: with __x64_sys_newuname patched
on 6.12, a call by int 0x80 runs the old code. Entries at the same address are one
function. A compat entry (COMPAT_SYSCALL_DEFINE) has its own source, which may have
the same bug or not; that is only an info.

Fix: patch each entry, or the function that all of them call (__do_sys_NAME) where
the kernel has it.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	var c collector
	w := eachPosition(m, t, func(o *klp.Object, f *klp.Func, of *kernel.Object, _ kernel.Position) {
		left := func(list []kernel.Related, severity finding.Severity, what string) {
			for _, other := range list {
				if patches(o, other.Name) || c.full() {
					continue
				}
				c.add(finding.Finding{
					Severity: severity,
					Message:  fmt.Sprintf("%s: %s, %s, is not patched", patched(o, f), show(other.Name), what),
					Object:   o.Name, Func: funcName(f), Location: f.At,
					Kernel: accepted("calls by that entry run the old code"),
				})
			}
		}
		left(of.Twins(f.Name), finding.Warning, "the other entry of the same system call")
		left(of.Compats(f.Name), finding.Info, "the compat entry, which has its own source")
	})
	return c.findings(), w.err()
})
