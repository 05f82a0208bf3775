package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp312 = NewKernelRule(&Rule{
	Severity: finding.Error,
	Also:     []finding.Severity{finding.Warning, finding.Info},
	Since:    "0.1",
	Tags:     []string{"kernel", "load", "config"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP312",
		Doc: `kernel is not configured for the livepatch

Without CONFIG_LIVEPATCH the loader refuses a module that is marked as a livepatch
(kernel/module/main.c: check_modinfo_livepatch). Without reliable stack traces it
loads, but tasks switch only when they leave the kernel, and the transition may
never end (kernel/livepatch/core.c: klp_enable_patch). With CONFIG_MODULE_SIG_FORCE
an unsigned module is refused; that is only an info, because modules are checked
before they are signed.

Fix: load the livepatch on a kernel that is configured for it.`,
	},
}, func(m *klp.Module, t klp.Target) ([]finding.Finding, error) {
	k, err := kernelOf(t)
	if err != nil {
		return nil, err
	}
	var c collector
	if r, bad := k.CheckLivepatch(m); bad {
		c.add(finding.Finding{Message: "the kernel has no CONFIG_LIVEPATCH", Kernel: refused(r.Errno, names.Cut(r.Message))})
		return c.findings(), nil
	}
	if _, known := k.Config("LIVEPATCH"); !known {
		return nil, &MissingInput{Needs: "the kernel's .config"}
	}
	// s390 and others call it HAVE_RELIABLE_STACKTRACE; it follows from the
	// unwinder on x86 (ORC), so a kernel with the frame pointer lacks it.
	if reliable, _ := k.Config("HAVE_RELIABLE_STACKTRACE"); reliable != "y" {
		c.add(finding.Finding{
			Severity: finding.Warning,
			Message:  "the kernel has no reliable stack traces (CONFIG_HAVE_RELIABLE_STACKTRACE)",
			Kernel:   warns("This architecture doesn't have support for the livepatch consistency model."),
		})
	}
	if force, _ := k.Config("MODULE_SIG_FORCE"); force == "y" && m.Signature == nil {
		c.add(finding.Finding{
			Severity: finding.Info,
			Message:  "the module is not signed, and the kernel loads only signed modules (CONFIG_MODULE_SIG_FORCE)",
			Kernel:   refused("EKEYREJECTED", ""),
		})
	}
	return c.findings(), nil
})
