package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/klplint/klplint/finding"
)

// View is how the reports for a terminal, text and table, show findings. It
// changes neither what counts nor what reports for programs have.
type View struct {
	// GroupBy is GroupByModule, GroupByRule or GroupByPair; "" is by module.
	GroupBy string
	// MaxPerRule bounds the findings of a rule that are shown; 0 is no bound.
	MaxPerRule int
	// Statistics shows the number of findings of each rule in their place.
	Statistics bool
}

// The ways to group findings.
const (
	GroupByModule = "module"
	GroupByRule   = "rule"
	GroupByPair   = "pair" // the module, and the other that the finding is about
)

// viewed is a finding that is shown.
type viewed struct {
	*finding.Finding
	rest  string // what is said behind the message
	group string // the heading that it stands below, not escaped
}

// view yields the findings that count, as the View wants them.
func (l *Lint) view() iter.Seq[viewed] {
	return func(yield func(viewed) bool) {
		if l.View.MaxPerRule == 0 && (l.View.GroupBy == "" || l.View.GroupBy == GroupByModule) {
			for f, rest := range l.counting() {
				if !yield(viewed{f, rest, f.Module}) {
					return
				}
			}
			return
		}
		for _, v := range l.arranged() {
			if !yield(v) {
				return
			}
		}
	}
}

// arranged are the findings that are shown, in groups.
func (l *Lint) arranged() []viewed {
	var all []viewed
	total, shown := make(map[string]int), make(map[string]int)
	for f, rest := range l.counting() {
		total[f.Rule]++
		all = append(all, viewed{f, rest, l.groupOf(f)})
	}
	if l.View.GroupBy == GroupByRule || l.View.GroupBy == GroupByPair {
		slices.SortStableFunc(all, func(a, b viewed) int { return cmp.Compare(a.group, b.group) })
	}
	most := l.View.MaxPerRule
	if most == 0 {
		return all
	}
	kept := all[:0]
	for _, v := range all {
		if shown[v.Rule]++; shown[v.Rule] > most {
			continue
		}
		if n := total[v.Rule] - most; shown[v.Rule] == most && n > 0 {
			v.rest += "; " + count(n, "more finding") + " of this rule (--max-per-rule)"
		}
		kept = append(kept, v)
	}
	return kept
}

// groupOf is the heading of a finding.
func (l *Lint) groupOf(f *finding.Finding) string {
	switch l.View.GroupBy {
	case GroupByRule:
		if r := l.ruleByID(f.Rule); r != nil {
			return f.Rule + " " + r.Title()
		}
		return f.Rule
	case GroupByPair:
		for _, r := range f.Related {
			if r.Module != "" && r.Module != f.Module {
				return f.Module + " and " + r.Module
			}
		}
	}
	return f.Module
}

// ruleCount is a line of the statistics.
type ruleCount struct {
	rule, title string
	severity    finding.Severity
	n           int
}

// statistics counts the findings of each rule and severity, most first.
func (l *Lint) statistics() []ruleCount {
	var list []ruleCount
	for i := range l.Verdict.Findings {
		if l.accepted(i) {
			continue
		}
		f := &l.Verdict.Findings[i].Finding
		at := slices.IndexFunc(list, func(c ruleCount) bool { return c.rule == f.Rule && c.severity == f.Severity })
		if at < 0 {
			c := ruleCount{rule: f.Rule, severity: f.Severity}
			if r := l.ruleByID(f.Rule); r != nil {
				c.title = r.Title()
			}
			at, list = len(list), append(list, c)
		}
		list[at].n += max(1, f.More)
	}
	slices.SortFunc(list, func(a, b ruleCount) int {
		return cmp.Or(-cmp.Compare(a.severity, b.severity), -cmp.Compare(a.n, b.n), cmp.Compare(a.rule, b.rule))
	})
	return list
}

// statisticsText writes a line for each rule that found something: the number,
// the severity, the rule and its title.
func (l *Lint) statisticsText(w io.Writer, o Options) error {
	b := bufio.NewWriter(w)
	for _, c := range l.statistics() {
		fmt.Fprintf(b, "%d %s %s %s\n", c.n, o.paint(severityStyle(c.severity), c.severity.String()), Escape(c.rule), Escape(c.title))
	}
	return b.Flush()
}

// statisticsTable is the same as a table.
func (l *Lint) statisticsTable(w io.Writer, o Options) error {
	t := newTable(o, column{title: "findings", right: true, fixed: true}, column{title: "severity", fixed: true}, column{title: "rule", fixed: true}, column{title: "what it finds"})
	for _, c := range l.statistics() {
		t.add(text(fmt.Sprint(c.n)), styled(severityStyle(c.severity), c.severity.String()), text(c.rule), text(c.title))
	}
	return t.write(w)
}
