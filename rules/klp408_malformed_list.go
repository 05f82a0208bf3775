package rules

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

var klp408 = NewSetRule(&Rule{
	Severity: finding.Warning,
	Since:    "0.1",
	Tags:     []string{"set", "replace"},
	Analyzer: &analysis.Analyzer{
		Name: "KLP408",
		Doc: `malformed list of replace sets

The proposed u32 *replace_sets, in the place of the bool of struct klp_patch
(include/linux/livepatch.h), ends at the first 0 (Petr Mladek, 17 June 2026). So a
0 among other numbers is either its end or a set that no kernel sees, and a NULL
list is left undefined. A number that stands twice says nothing more, and hints
at a list that was put together wrongly. Two lists that overlap in part, such as
{1,2} and {2,3}, have no agreed meaning: each would replace half of what the other
stands for, and whether they may coexist was asked and not answered.

Fix: list each set once, none of them 0, and let a list contain the other or have
nothing in common with it.`,
	},
}, func(s *Set) ([]finding.Finding, error) {
	overlaps := newOverlaps(s)
	var findings []finding.Finding
	for _, i := range s.candidates {
		m := s.Members[i]
		for _, what := range malformed(m.Replace) {
			findings = append(findings, finding.Finding{Module: m.Path, Location: m.Replace.At, Message: m.title() + " " + what})
		}
		if f, ok := overlaps.finding(m); ok {
			findings = append(findings, f)
		}
	}
	return findings, nil
})

// malformed says what is wrong with a module's own lists.
func malformed(r *klp.Replace) []string {
	if !r.Known() {
		return nil
	}
	var out []string
	list, field := r.Sets, "replace_sets"
	switch {
	case r.Kind == klp.KindSets && r.SetsNull:
		return []string{"has a NULL list of replace sets, which the proposal leaves undefined"}
	case r.Kind == klp.KindSets && len(r.Sets) == 0:
		return []string{"has an empty list of replace sets, which the proposal leaves undefined"}
	case r.Kind == klp.KindSet:
		list, field = r.Supersedes, "supersedes"
		if slices.Contains(list, r.Set) {
			out = append(out, fmt.Sprintf("names set %d, its own, in supersedes: it replaces that one anyway", r.Set))
		}
	case r.Kind == klp.KindFlag:
		return nil
	}
	if twice := repeated(list); len(twice) > 0 {
		out = append(out, fmt.Sprintf("lists %s more than once in %s", sets(twice), field))
	}
	if len(list) > 1 && slices.Contains(list, 0) {
		out = append(out, fmt.Sprintf("lists set 0 among others in %s: a kernel ends the list at the first 0", field))
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

// sets is "set 1" or "sets 1, 2 and 3 more".
func sets(list []uint32) string {
	var b strings.Builder
	b.WriteString("set")
	if len(list) > 1 {
		b.WriteByte('s')
	}
	for i, n := range list[:min(len(list), maxListed)] {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, " %d", n)
	}
	if more := len(list) - maxListed; more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return b.String()
}

// overlaps finds lists that have a part in common and are each more than that.
type overlaps struct {
	set     *Set
	lists   [][]uint32 // by class, without repetitions; nil for other fields
	bySet   map[uint32][]uint32
	members [][]*Member
	common  []uint32 // scratch by class
	known   map[uint32][]uint32
}

func newOverlaps(s *Set) *overlaps {
	o := &overlaps{set: s, lists: make([][]uint32, len(s.classes)), bySet: make(map[uint32][]uint32), common: make([]uint32, len(s.classes)), known: make(map[uint32][]uint32)}
	for class := range s.classes {
		r := &s.classes[class]
		if r.Kind != klp.KindSets || !r.Known() || len(r.Sets) == 0 {
			continue
		}
		o.lists[class] = slices.Compact(slices.Sorted(slices.Values(r.Sets)))
		for _, n := range o.lists[class] {
			o.bySet[n] = append(o.bySet[n], uint32(class))
		}
	}
	if len(o.bySet) > 0 {
		o.members = s.byClass()
	}
	return o
}

// of returns the classes whose list overlaps that of the class in part.
func (o *overlaps) of(class uint32) []uint32 {
	if out, ok := o.known[class]; ok {
		return out
	}
	var touched, out []uint32
	for _, n := range o.lists[class] {
		for _, x := range o.bySet[n] {
			if o.common[x] == 0 {
				touched = append(touched, x)
			}
			o.common[x]++
		}
	}
	for _, x := range touched {
		if n := int(o.common[x]); n < len(o.lists[x]) && n < len(o.lists[class]) {
			out = append(out, x)
		}
		o.common[x] = 0
	}
	slices.Sort(out)
	o.known[class] = out
	return out
}

// finding names the members whose list overlaps a candidate's. Of two
// candidates the later one has the finding.
func (o *overlaps) finding(m *Member) (finding.Finding, bool) {
	if o.lists[m.class] == nil {
		return finding.Finding{}, false
	}
	out := finding.Finding{Module: m.Path, Location: m.Replace.At}
	total := 0
	for _, class := range o.of(m.class) {
		for _, other := range o.members[class] {
			if !other.Baseline && other.index > m.index {
				continue
			}
			if total++; total > maxListed {
				out.Message += ", and so does " + m.title() + " with others that are not listed"
				return out, true
			}
			if total == 1 {
				out.Message = fmt.Sprintf("%s (%s) and %s (%s) overlap in part, which has no agreed meaning", m.title(), m.Replace.String(), other.title(), other.Replace.String())
			}
			out.Related = append(out.Related, finding.Related{Module: other.Path, Message: other.title() + " has " + other.Replace.String(), Location: other.Replace.At})
		}
	}
	if total > 1 {
		out.Message += fmt.Sprintf("; so with %s", plural(total-1, "more module", "more modules"))
	}
	return out, total > 0
}
