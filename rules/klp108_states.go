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

The kernel reads the states up to the first id 0 and finds the first of duplicate
ids (kernel/livepatch/state.c: klp_get_state). All others are silently ignored.
Duplicates count differently when patches are compared (klp_is_patch_compatible): in
the patch being loaded only the first entry of an id, in an installed patch every
entry, so a later version of the same patch may be refused.

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
			Related:  []finding.Related{{Module: m.Path, Message: "first occurrence", Location: p.States[first].At}},
		})
	})
	if n := p.StatesBehindEnd; n > 0 && !c.full() {
		c.add(finding.Finding{
			Message:  plural(n, "state follows", "states follow") + " an entry with id 0, which ends the array",
			Location: p.StatesAt,
			Kernel:   accepted("entries after id 0 are never read"),
		})
	}
	return c.findings(), nil
})
