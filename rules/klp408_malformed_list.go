package rules

import (
	"fmt"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

var klp408 = NewModuleRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.1",
	Tags:     []string{"module", "replace"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP408",
		Doc: `malformed list of replace sets

The proposed u32 *replace_sets, in the place of the bool of struct klp_patch
(include/linux/livepatch.h), ends at the first 0 (Petr Mladek, 17 June 2026). So a 0
among other numbers is either its end or a set that no kernel sees, and a NULL list
is left undefined. A number that is listed twice adds nothing, and suggests a
mistake. KLP412 compares the lists of several modules.

Fix: list each set once, none of them 0.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	title := m.Path
	if m.Name != "" {
		title = names.Cut(m.Name)
	}
	list := malformed(&m.Replace)
	for i := range list {
		list[i].Location, list[i].Message = m.Replace.At, title+" "+list[i].Message
	}
	return list, nil
})

// malformed says what is wrong with a module's own lists, in clauses that follow its
// name.
func malformed(r *klp.Replace) []finding.Finding {
	if !r.Known() {
		return nil
	}
	var out []finding.Finding
	list, field := r.Sets, "replace_sets"
	switch {
	case r.Kind == klp.KindSets && r.SetsNull:
		return []finding.Finding{{Message: "has a NULL list of replace sets, which the proposal leaves undefined"}}
	case r.Kind == klp.KindSets && len(r.Sets) == 0:
		return []finding.Finding{{Message: "has an empty list of replace sets, which the proposal leaves undefined"}}
	case r.Kind == klp.KindSet:
		list, field = r.Supersedes, "supersedes"
		if slices.Contains(list, r.Set) {
			out = append(out, finding.Finding{Message: fmt.Sprintf("lists its own set %d in supersedes, which it replaces anyway", r.Set)})
		}
	case r.Kind == klp.KindFlag:
		return nil
	}
	if twice := repeated(list); len(twice) > 0 {
		out = append(out, finding.Finding{
			Message:  fmt.Sprintf("lists %s more than once in %s", numbered("set", twice), field),
			Identity: unlisted("set", twice),
		})
	}
	if len(list) > 1 && slices.Contains(list, 0) {
		out = append(out, finding.Finding{Message: fmt.Sprintf("lists set 0 among others in %s: the list ends at the first 0", field)})
	}
	return out
}

// repeated returns the numbers that stand in the list twice, in ascending order.
func repeated(list []uint32) []uint32 {
	sorted := slices.Sorted(slices.Values(list))
	var out []uint32
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] && (len(out) == 0 || out[len(out)-1] != sorted[i]) {
			out = append(out, sorted[i])
		}
	}
	return out
}
