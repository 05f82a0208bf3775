package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
)

var klp402 = NewSetRule(&Rule{
	Severity: finding.Error,
	Since:    "0.1",
	Tags:     []string{"set", "conflict", "states"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP402",
		Doc: `two livepatches use the same state id across replace sets

Under the replace-set proposals a state belongs to one set: a load is refused
with EINVAL when an active livepatch that stays has a state id that the new one
lists too, whatever the versions (kernel/livepatch/state.c: klp_is_patch_compatible,
in the second posting, 20260529034542.68766-3-laoar.shao@gmail.com). Mainline has
no such rule; there KLP403 judges the versions.

Fix: give the states of livepatches of different sets different ids, or put the
livepatches into one set.`,
	},
}, func(s *Set) ([]finding.Finding, error) {
	if s.problem != "" || !s.underSets() {
		return nil, s.missing()
	}
	var findings []finding.Finding
	folds := newFolder(s)
	for i, id := range s.states.ids {
		f, ok := folds.fold(s.states.of(uint32(i)), stays)
		if !ok {
			continue
		}
		next, active := s.Members[f.next.member], s.Members[f.active.member]
		findings = append(findings, finding.Finding{
			Module: next.Path, Location: next.stateAt(f.next.row), Kernel: incompatible(next),
			Message: fmt.Sprintf("%s and %s, which %s does not replace, both use state %d: under %s the load is refused with EINVAL when %s%s",
				next.title(), active.title(), next.title(), id, s.modelNames(), s.when(active, next), f.more()),
			Related: s.related(&f, fmt.Sprintf("uses state %d too", id), (*Member).stateAt),
		})
	}
	return findings, s.missing()
})
