package report

import (
	"iter"
	"slices"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/rules"
)

// shownPairs is how many findings of one rule over several modules a report for
// a terminal shows of one module. All of them count, and all stand in the reports
// for programs.
const shownPairs = 10

// counting yields the findings that count, in their order, for a terminal: of one
// module and one rule over several modules the first ten, and behind the last of
// these how many more there are, in words.
func (l *Lint) counting() iter.Seq2[*finding.Finding, string] {
	type group struct {
		module, rule string
		severity     finding.Severity
	}
	overSets := make(map[string]bool)
	for _, r := range l.Rules {
		overSets[r.ID()] = slices.Contains(r.Analyzer.Requires, rules.SetInput)
	}
	groupOf := func(f *finding.Finding) group { return group{f.Module, f.Rule, f.Severity} }
	return func(yield func(*finding.Finding, string) bool) {
		// listed are the findings of a group about one other module each, and total
		// those and what others sum up.
		listed, total, shown := make(map[group]int), make(map[group]int), make(map[group]int)
		for i := range l.Verdict.Findings {
			if f := &l.Verdict.Findings[i].Finding; overSets[f.Rule] && !l.accepted(i) {
				total[groupOf(f)] += max(1, f.More)
				if f.More == 0 {
					listed[groupOf(f)]++
				}
			}
		}
		for i := range l.Verdict.Findings {
			if l.accepted(i) {
				continue
			}
			f, rest := &l.Verdict.Findings[i].Finding, ""
			if overSets[f.Rule] {
				g := groupOf(f)
				if f.More > 0 && listed[g] > 0 {
					continue // in the number behind the last of the others
				}
				shown[g]++
				switch last := min(listed[g], shownPairs); {
				case shown[g] > shownPairs:
					continue
				case shown[g] == last && total[g] > last:
					rest = "; " + count(total[g]-last, "more finding") + " of this rule about this module"
				}
			}
			if !yield(f, rest) {
				return
			}
		}
	}
}
