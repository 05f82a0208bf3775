package rules

import (
	"fmt"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp411 = NewSetRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.1",
	Tags:     []string{"set", "conflict", "shadow"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP411",
		Doc: `two livepatches that may be active together use the same shadow-variable id

Shadow variables live in one table of the whole kernel, found by object address
and id (kernel/livepatch/shadow.c). Two livepatches that use one number for
different data read and free each other's, and nothing checks it; for replace sets
the proposal leaves it to the authors ("developers must assign unique shadow
IDs", 20260529034542.68766-3-laoar.shao@gmail.com). Ids are arguments of calls: only
constants that could be decoded from the code are compared.

Fix: give each livepatch's shadow data an id of its own, or, where the data is
shared on purpose, let one livepatch replace the other.`,
	},
}, func(s *Set) ([]finding.Finding, error) {
	if s.problem != "" {
		return nil, s.missing()
	}
	var findings []finding.Finding
	folds := newFolder(s)
	for i, id := range s.shadows.ids {
		rows := s.shadows.of(uint32(i))
		f, ok := folds.fold(rows, stays)
		may := "may be active together"
		if !ok {
			if f, ok = folds.fold(rows, depends); !ok {
				continue
			}
			may = "may be active together, depending on how replace is set or read,"
		}
		next, active := s.Members[f.next.member], s.Members[f.active.member]
		findings = append(findings, finding.Finding{
			Module: next.Path, Location: next.shadowAt(f.next.row), Kernel: accepted("the two share the data behind the id"),
			Undecided: s.fate(active, next) == depends,
			Message:   fmt.Sprintf("%s and %s %s and both use shadow-variable id %#x%s", next.title(), active.title(), may, id, f.more()),
			Related:   s.related(&f, fmt.Sprintf("uses shadow-variable id %#x too", id), (*Member).shadowAt),
		})
	}
	return findings, s.missing()
})

func (m *Member) shadowAt(row uint32) klp.Location { return m.location(m.shadows[row].at) }
