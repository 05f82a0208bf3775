package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp215 = demandRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.2",
	Tags:     []string{"kernel", "config", "code", "crash", "security"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP215",
		Doc: `code without what the kernel's control-flow integrity requires

With CONFIG_CFI (CONFIG_CFI_CLANG before 6.18) a call through a pointer compares a
hash of the function's type, which clang -fsanitize=kcfi writes in front of each
function that can be called so (__cfi_NAME on x86_64). A function without it, such as
a callback in a module that gcc compiled, cannot be called: the kernel reports "CFI
failure" and ends with an oops (kernel/cfi.c: report_cfi_failure). The module's own
calls that compare are listed in .kcfi_traps; where it has none, they are not
protected. With CONFIG_ARM64_BTI_KERNEL such calls must lead to a BTI instruction,
else the processor raises an exception (arch/arm64/kernel/traps.c: do_el1_bti).

Fix: compile with the kernel's own compiler and flags (Makefile: CC_FLAGS_CFI;
arch/arm64/Makefile: -mbranch-protection), and keep .kcfi_traps and its relocations
when the module is stripped.`,
	},
}, &typeHashes, &branchTargets)

var typeHashes = demand{
	options: []string{"CFI", "CFI_CLANG"},
	has:     "the hash of its type in front of each function that is called through a pointer, and .kcfi_traps",
	without: "an oops at the first call (\"CFI failure\"), or no protection",
	arch:    klp.X86_64,
	lacks: func(m *klp.Module) []finding.Finding {
		var list []finding.Finding
		if p := m.Indirect.Untyped; p.Count > 0 {
			list = append(list, finding.Finding{Message: places(p) + " called through a pointer, without the hash of its type in front", Identity: unlistedPlaces(p), Unshown: max(0, p.Count-len(p.First)), Location: p.First[0]})
		}
		if hasSection(m, ".retpoline_sites") && !hasSection(m, ".kcfi_traps") {
			list = append(list, finding.Finding{
				Message:  "the module calls through pointers (.retpoline_sites), and has no .kcfi_traps",
				Location: placeIn(m, ".retpoline_sites", 0),
			})
		}
		return list
	},
}

var branchTargets = demand{
	options: []string{"ARM64_BTI_KERNEL"},
	has:     "a BTI instruction at the start of each function that is called through a pointer",
	without: "an oops at the first call, on processors with BTI",
	arch:    klp.ARM64,
	lacks: func(m *klp.Module) []finding.Finding {
		p := m.Indirect.NoLanding
		if p.Count == 0 {
			return nil
		}
		return []finding.Finding{{Message: places(p) + " called through a pointer, without BTI", Identity: unlistedPlaces(p), Unshown: max(0, p.Count-len(p.First)), Location: p.First[0]}}
	},
}
