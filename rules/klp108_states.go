package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp108 = NewModuleRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.1",
	Tags:     []string{"module", "states"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP108",
		Doc: `states that the kernel does not see

The kernel reads the states up to the first id 0 and finds the first of
duplicate ids (kernel/livepatch/state.c: klp_get_state). What stands behind is
accepted without a word. Duplicates then count differently: of the patch being
loaded the first entry of an id is compared, of an installed patch every entry
(klp_is_patch_compatible), so a later version of the same patch may be refused.

Fix: one entry an id, with the version that holds; ids are not 0, and the array
ends with an entry of zeros.`,
	},
}, func(m *klp.Module) ([]finding.Finding, error) {
	p := &m.Patch
	var c collector
	duplicates(len(p.States), func(i int) (uint64, bool) { return p.States[i].ID, false }, func(first, i int) {
		if c.full() {
			return
		}
		s := &p.States[i]
		message := fmt.Sprintf("state %d is listed twice", s.ID)
		if a, b := p.States[first].Version, s.Version; a != b {
			message += fmt.Sprintf(", with versions %d and %d", a, b)
		}
		c.add(finding.Finding{
			Message:  message,
			Location: s.At,
			Kernel:   accepted(fmt.Sprintf("klp_get_state() finds version %d only", p.States[first].Version)),
			Related:  []finding.Related{{Module: m.Path, Message: "the first one", Location: p.States[first].At}},
		})
	})
	if n := p.StatesBehindEnd; n > 0 && !c.full() {
		c.add(finding.Finding{
			Message:  plural(n, "state stands", "states stand") + " behind an id 0, which ends the array",
			Location: p.StatesAt,
			Kernel:   accepted("the entries behind id 0 are never read"),
		})
	}
	return c.findings(), nil
})
