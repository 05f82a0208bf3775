package rules

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
)

var klp407 = NewSetRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.1",
	Tags:     []string{"set", "replace"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP407",
		Doc: `the verdict depends on how a list of replace sets is read

The proposed u32 *replace_sets, in the place of the bool that klp_enable_patch()
reads (kernel/livepatch/core.c), has two readings, and which one holds is open
(ajL-Y3dapC1FiAwx@redhat.com, 17 June 2026). Positional: a livepatch belongs to
the first set of its list, and replaces those of all listed. Flat: it belongs to
all of them alike, and replaces whatever shares one. So {2} after {1,2} is active
beside it under one reading, and takes its place under the other.

Both are judged unless --model names one. Where they agree the other rules
report; where they do not, this one does, with both verdicts.

Fix: avoid lists whose meaning depends on the reading (give a later livepatch a
set that no active list names), or choose the reading of your kernel with --model.`,
	},
}, func(s *Set) ([]finding.Finding, error) {
	if s.problem != "" || len(s.judged) < 2 {
		return nil, s.missing()
	}
	members := s.byClass()
	var findings []finding.Finding
	for _, i := range s.candidates {
		next := s.Members[i]
		if s.unread[next.class] {
			continue
		}
		if f, ok := s.readingsDiffer(next, members); ok {
			findings = append(findings, f)
		}
	}
	return findings, s.missing()
})

// byClass lists the members of each class.
func (s *Set) byClass() [][]*Member {
	out := make([][]*Member, len(s.classes))
	for _, m := range s.Members {
		out[m.class] = append(out[m.class], m)
	}
	return out
}

func (s *Set) readingsDiffer(next *Member, members [][]*Member) (finding.Finding, bool) {
	out := finding.Finding{Module: next.Path, Location: next.Replace.At}
	total := 0
	for _, class := range s.relations.of(next.class).either {
		for _, active := range members[class][:min(len(members[class]), maxListed+1)] {
			if active != next && len(out.Related) < maxListed {
				out.Related = append(out.Related, finding.Related{Module: active.Path, Message: active.title() + " has " + active.Replace.String() + ": " + s.bothVerdicts(active, next), Location: active.Replace.At})
				if out.Message == "" {
					out.Message = fmt.Sprintf("what loading %s (%s) does to %s (%s) depends on the reading of the sets: %s",
						next.title(), next.Replace.String(), active.title(), active.Replace.String(), s.bothVerdicts(active, next))
				}
			}
		}
		total += len(members[class])
		if class == next.class {
			total--
		}
	}
	if total == 0 {
		return finding.Finding{}, false
	}
	if total > 1 {
		out.Message += fmt.Sprintf("; so with %s", plural(total-1, "more module", "more modules"))
	}
	return out, true
}

// bothVerdicts says what each model makes of an ordered pair.
func (s *Set) bothVerdicts(active, next *Member) string {
	verdicts := s.verdicts(active, next)
	parts := make([]string, 0, len(s.judged))
	for i, j := range s.judged {
		parts = append(parts, fmt.Sprintf("under %s it %s", j.model.Name(), verdicts[i]))
	}
	return strings.Join(parts, ", ")
}
