package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp212 = demandRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.2",
	Tags:     []string{"kernel", "config", "code", "security"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP212",
		Doc: `returns through a thunk that the loader does not know

With CONFIG_MITIGATION_RETHUNK (CONFIG_RETHUNK before 6.9) functions return through
__x86_return_thunk, and the loader rewrites each such branch as the mitigation of
Retbleed and similar attacks requires, by the list .return_sites that objtool writes
(arch/x86/kernel/alternative.c: apply_returns). A branch that is not in the list
keeps the thunk, which on an affected processor is either unprotected or warns at
its first use: 6.12 prints "Unpatched return thunk in use. This should not happen!".
A function that ends with a return instruction, as without -mfunction-return, is not
protected at all; objtool calls it a naked return.

Fix: run objtool on the module's objects with --rethunk, as the kernel's own build
does (scripts/Makefile.lib), and keep .return_sites and its relocations when the
module is stripped.`,
	},
}, &returnThunks)

var returnThunks = demand{
	options: []string{"MITIGATION_RETHUNK", "RETHUNK"},
	has:     "an entry of .return_sites for each return through __x86_return_thunk, and no other returns",
	without: "the returns stay as the compiler left them: WARNING \"Unpatched return thunk in use\", or no protection",
	lacks: func(m *klp.Module) []finding.Finding {
		var list []finding.Finding
		if p := m.Returns.Plain; p.Count > 0 {
			list = append(list, finding.Finding{
				Message: places(p) + " without protected returns", Identity: unlistedPlaces(p), Unshown: max(0, p.Count-len(p.First)), Location: p.First[0],
				Kernel: accepted("these returns are not protected"),
			})
		}
		if m.Returns.Sites >= m.Returns.ThroughThunk {
			return list
		}
		return append(list, finding.Finding{
			Message: fmt.Sprintf("%s through __x86_return_thunk, but %s in .return_sites",
				plural(m.Returns.ThroughThunk, "return", "returns"), plural(m.Returns.Sites, "entry", "entries")),
			Location: placeIn(m, ".return_sites", 0),
		})
	},
}
