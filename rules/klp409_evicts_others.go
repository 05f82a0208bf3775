package rules

import (
	"fmt"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/moduleset"
)

var klp409 = NewSetRule(&Rule{
	Severity: finding.Info,
	Also:     []finding.Severity{finding.Warning},
	Since:    "0.1",
	Tags:     []string{"set", "replace"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP409",
		Doc: `load evicts livepatches of other sets or other owners

A load that replaces removes what it replaces at the end of its transition
(kernel/livepatch/core.c: klp_discard_replaced_patches). A vendor should not touch a
customer's livepatches: two that conflict should refuse each other, and only the
administrator should override that (Petr Mladek, 17 June 2026, on replace sets).
Here a load would remove a livepatch of another set (an info), or one that another
owner ships (a warning). Owners are known where the modules come from a registry
that records them.

Fix: use a set of your own; list only sets that you ship yourself.`,
	},
}, func(s *moduleset.Set) ([]finding.Finding, error) {
	if !s.Judged() {
		return nil, missing(s)
	}
	owned := slices.ContainsFunc(s.Members, func(m *moduleset.Member) bool { return m.Owner != "" })
	if !owned && !s.RefusesSharing() {
		return nil, missing(s) // there are neither owners nor sets
	}
	foreign := func(p moduleset.Pair) bool { return otherOwner(p) || otherSet(s, p) }
	return atBoth(s, evictions(s, foreign), weightOfEviction, func(p moduleset.Pair) pairFinding {
		evicts := "evicts"
		if p.Effect != moduleset.Evicts {
			evicts = "may evict"
		}
		var out pairFinding
		what := "of another set"
		if otherOwner(p) {
			what = "of another owner"
		}
		out.places = []pairPlace{{next: side{p.Next.Replace.At, fieldAndOwner(p.Next)}, active: side{says: fieldAndOwner(p.Active)}}}
		out.Identity = longFields(p)
		out.Message = fmt.Sprintf("loading %s (%s) %s %s, a livepatch %s", p.Next.Title(), p.Next.Replace.String(), evicts, p.Active.Title(), what)
		return out
	})
})

func weightOfEviction(p moduleset.Pair) weight {
	if otherOwner(p) {
		return weight{severity: finding.Warning}
	}
	return weight{severity: finding.Info}
}

func fieldAndOwner(m *moduleset.Member) string {
	text := "has " + m.Replace.String()
	if m.Owner != "" {
		text += ", owner " + m.Owner
	}
	return text
}

func otherOwner(p moduleset.Pair) bool {
	return p.Active.Owner != p.Next.Owner && p.Active.Owner != "" && p.Next.Owner != ""
}

// otherSet reports whether Active belongs to a set that Next does not belong to,
// under any model that is judged.
func otherSet(s *moduleset.Set, p moduleset.Pair) bool {
	next, active := p.Next.Class(), p.Active.Class()
	if active == next || !s.RefusesSharing() {
		return false
	}
	for i := range s.Models() {
		for _, a := range active.Readings(i) {
			for _, n := range next.Readings(i) {
				if slices.ContainsFunc(a.Sets, func(set uint32) bool { return !slices.Contains(n.Sets, set) }) {
					return true
				}
			}
		}
	}
	return false
}
