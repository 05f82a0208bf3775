package rules

import (
	"fmt"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

var klp412 = NewSetRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.1",
	Tags:     []string{"set", "replace"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP412",
		Doc: `two lists of replace sets partially overlap

The proposed u32 *replace_sets, in the place of the bool of struct klp_patch
(include/linux/livepatch.h), lists the sets that a livepatch stands for. Two lists
that partially overlap, such as {1,2} and {2,3}, have no agreed meaning: each would
replace half of what the other stands for, and whether they may coexist was asked
and not answered (Petr Mladek, 17 June 2026). KLP408 checks each list by itself.

Fix: let one list contain the other, or have nothing in common with it.`,
	},
}, func(s *moduleset.Set) ([]finding.Finding, error) {
	lists := make(map[*moduleset.Class][]uint32)     // without repetitions
	belonging := make(map[uint32][]*moduleset.Class) // by set
	for _, c := range s.Classes() {
		if r := c.Replace(); r.Kind == klp.KindSets && r.Known() {
			lists[c] = slices.Compact(slices.Sorted(slices.Values(r.Sets)))
			for _, n := range lists[c] {
				belonging[n] = append(belonging[n], c)
			}
		}
	}
	pairs := func(yield func(moduleset.Pair) bool) {
		for _, next := range s.Candidates() {
			for _, c := range overlapping(next.Class(), lists, belonging) {
				for _, active := range c.Members {
					if !yield(moduleset.Pair{Active: active, Next: next}) {
						return
					}
				}
			}
		}
	}
	return reportPairs(s, pairs, always, func(p moduleset.Pair) pairFinding {
		next, active := p.Next.Replace.String(), p.Active.Replace.String()
		return pairFinding{
			Finding: finding.Finding{Identity: longFields(p), Message: fmt.Sprintf("%s (%s) and %s (%s) partially overlap, which has no agreed meaning", p.Next.Title(), next, p.Active.Title(), active)},
			places:  []pairPlace{{next: side{p.Next.Replace.At, "has " + next}, active: side{p.Active.Replace.At, "has " + active}}},
		}
	})
})

// overlapping returns the classes that have a part of their list in common with
// the class, where each of the two is more than that.
func overlapping(next *moduleset.Class, lists map[*moduleset.Class][]uint32, belonging map[uint32][]*moduleset.Class) []*moduleset.Class {
	common := make(map[*moduleset.Class]int)
	var order, out []*moduleset.Class
	for _, n := range lists[next] {
		for _, c := range belonging[n] {
			if common[c]++; common[c] == 1 {
				order = append(order, c)
			}
		}
	}
	for _, c := range order {
		if n := common[c]; n < len(lists[c]) && n < len(lists[next]) {
			out = append(out, c)
		}
	}
	return out
}
