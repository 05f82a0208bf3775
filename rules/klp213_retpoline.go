package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp213 = demandRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.2",
	Tags:     []string{"kernel", "config", "code", "security"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP213",
		Doc: `module is not marked as compiled with retpolines

With CONFIG_MITIGATION_RETPOLINE (CONFIG_RETPOLINE before 6.9) modpost writes
retpoline=Y into every module. Where Spectre v2 is mitigated, the loader considers a
module without it vulnerable: it warns, and from then on
/sys/devices/system/cpu/vulnerabilities/spectre_v2 reports the whole machine as
vulnerable (kernel/module/main.c: check_modinfo_retpoline;
arch/x86/kernel/cpu/bugs.c: retpoline_module_ok).

Fix: compile with the kernel's own flags (arch/x86/Makefile: RETPOLINE_CFLAGS), and
let modpost write the module's .modinfo.`,
	},
}, &retpolines)

var retpolines = demand{
	options: []string{"MITIGATION_RETPOLINE", "RETPOLINE"},
	has:     "retpoline=Y in .modinfo",
	without: "spectre_v2 in sysfs turns vulnerable", logs: "loading module not compiled with retpoline compiler",
	lacks: func(m *klp.Module) []finding.Finding {
		// The loader looks at presence alone (get_modinfo()).
		if m.Modinfo.Has("retpoline") {
			return nil
		}
		return []finding.Finding{{Message: ".modinfo has no retpoline entry", Location: placeIn(m, ".modinfo", 0)}}
	},
}
