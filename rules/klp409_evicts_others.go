package rules

import (
	"fmt"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

var klp409 = NewSetRule(&Rule{
	Severity: finding.Info,
	Since:    "0.1",
	Tags:     []string{"set", "replace"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP409",
		Doc: `loading it evicts livepatches of other sets or of other owners

A load that replaces removes what it replaces at the end of its transition
(kernel/livepatch/core.c: klp_discard_replaced_patches). A vendor should not touch
a customer's livepatches: two that conflict should refuse each other, and only
whoever administers the machine should override that (Petr Mladek, 17 June 2026, on
replace sets). Here a load would remove a livepatch that is of another set than its
own, which is information, or that another owner ships, which is a warning. Owners
are known where the modules come from a registry that records them.

Fix: keep to a set of one's own; list only sets that one ships oneself.`,
	},
}, func(s *Set) ([]finding.Finding, error) {
	if s.problem != "" {
		return nil, s.missing()
	}
	members := s.byClass()
	known := make(map[classOwner]*bystanders)
	var findings []finding.Finding
	for _, i := range s.candidates {
		m := s.Members[i]
		if s.unread[m.class] {
			continue
		}
		k := classOwner{m.class, m.Owner}
		if known[k] == nil {
			known[k] = s.bystanders(k, members)
		}
		findings = append(findings, s.evicts(m, known[k])...)
	}
	return findings, s.missing()
})

type classOwner struct {
	class uint32
	owner string
}

// bystanders are what a load evicts beyond its own: of other owners, and of
// other sets of the same or an unknown owner.
type bystanders struct {
	ofOwners, ofSets         []*Member // at most maxListed+1
	ownersTotal, setsTotal   int
	ownersEither, setsEither bool // some only under one reading or value
}

func (s *Set) bystanders(k classOwner, members [][]*Member) *bystanders {
	b := &bystanders{}
	r := s.relations.of(k.class)
	for _, want := range []fate{goes, depends} {
		for _, class := range r.list(want) {
			otherSet := s.otherSet(class, k.class)
			for _, m := range members[class] {
				switch {
				case m.Owner != k.owner && m.Owner != "" && k.owner != "":
					b.ownersTotal++
					b.ownersEither = b.ownersEither || want == depends
					if len(b.ofOwners) <= maxListed {
						b.ofOwners = append(b.ofOwners, m)
					}
				case otherSet:
					b.setsTotal++
					b.setsEither = b.setsEither || want == depends
					if len(b.ofSets) <= maxListed {
						b.ofSets = append(b.ofSets, m)
					}
				}
			}
		}
	}
	return b
}

// otherSet reports whether members of a class belong to a set that the class
// being loaded does not belong to, under any model that is judged.
func (s *Set) otherSet(active, next uint32) bool {
	if active == next || !s.underSets() {
		return false
	}
	return slices.ContainsFunc(s.judged, func(j judged) bool {
		return slices.ContainsFunc(j.readings[active], func(a replace.Reading) bool {
			return slices.ContainsFunc(j.readings[next], func(n replace.Reading) bool {
				return slices.ContainsFunc(a.Sets, func(set uint32) bool { return !slices.Contains(n.Sets, set) })
			})
		})
	})
}

func (s *Set) evicts(m *Member, b *bystanders) []finding.Finding {
	var out []finding.Finding
	if b.ownersTotal > 0 {
		f := s.evictsOf(m, b.ofOwners, b.ownersTotal, b.ownersEither, "of another owner")
		f.Severity = finding.Warning
		out = append(out, f)
	}
	if b.setsTotal > 0 {
		out = append(out, s.evictsOf(m, b.ofSets, b.setsTotal, b.setsEither, "of another set"))
	}
	return out
}

func (s *Set) evictsOf(m *Member, list []*Member, total int, either bool, what string) finding.Finding {
	verb := "evicts"
	if either {
		verb = "may evict"
	}
	titles := make([]string, 0, len(list))
	f := finding.Finding{Module: m.Path, Location: m.Replace.At}
	for _, o := range list[:min(len(list), maxListed)] {
		titles = append(titles, o.title())
		message := o.title() + " has " + o.Replace.String()
		if o.Owner != "" {
			message += ", owner " + o.Owner
		}
		f.Related = append(f.Related, finding.Related{Module: o.Path, Message: message, Location: klp.Location{}})
	}
	f.Message = fmt.Sprintf("loading %s (%s) %s %s %s: %s", m.title(), m.Replace.String(), verb, plural(total, "livepatch", "livepatches"), what, someOf(titles, total))
	return f
}
