package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp214 = demandRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.2",
	Tags:     []string{"kernel", "config", "code", "crash"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP214",
		Doc: `function that is called through a pointer does not begin with ENDBR

With CONFIG_X86_KERNEL_IBT, on processors with indirect branch tracking, a call
through a pointer must lead to ENDBR64: the module's init and exit functions, the
callbacks of its objects, and all functions whose address it takes. Else the
processor raises a control protection fault, which is an oops ("Missing ENDBR";
arch/x86/kernel/cet.c: do_kernel_cp_fault). A function in .ibt_endbr_seal loses its
ENDBR64 at load (arch/x86/kernel/alternative.c: apply_seal_endbr). Replacements need
none: ftrace returns into them.

Fix: compile with the kernel's own flags (-fcf-protection=branch), run objtool with
--ibt on the linked object, and leave no function without ENDBR that is called
through a pointer.`,
	},
}, &endbr)

var endbr = demand{
	options: []string{"X86_KERNEL_IBT"},
	has:     "ENDBR64 at the start of each function that is called through a pointer",
	without: "an oops at the first call, on processors with indirect branch tracking",
	logs:    "",
	arch:    klp.X86_64,
	lacks: func(m *klp.Module) []finding.Finding {
		var list []finding.Finding
		if p := m.Indirect.NoLanding; p.Count > 0 {
			list = append(list, finding.Finding{Message: places(p) + " called through a pointer, without ENDBR64", Identity: unlistedPlaces(p), Unshown: max(0, p.Count-len(p.First)), Location: p.First[0]})
		}
		if p := m.Indirect.Sealed; p.Count > 0 {
			list = append(list, finding.Finding{
				Message:  places(p) + " called through a pointer, and in .ibt_endbr_seal, which takes ENDBR64 away",
				Identity: unlistedPlaces(p), Unshown: max(0, p.Count-len(p.First)), Location: p.First[0],
			})
		}
		return list
	},
}

// places names the functions of a list, with the verb: "f is", "f and g are",
// "f and 3 others are".
func places(p klp.Places) string {
	first := names.Cut(p.First[0].Symbol)
	switch {
	case p.Count == 1:
		return first + " is"
	case p.Count == 2 && len(p.First) == 2:
		return first + " and " + names.Cut(p.First[1].Symbol) + " are"
	}
	return fmt.Sprintf("%s and %d other functions are", first, p.Count-1)
}

// unlistedPlaces are the functions that places counts and does not name, as far as
// they were gathered, for finding.Finding.Identity.
func unlistedPlaces(p klp.Places) []string {
	if p.Count <= 2 {
		return nil
	}
	var out []string
	for _, at := range p.First[1:] {
		out = append(out, at.Symbol)
	}
	return out
}
