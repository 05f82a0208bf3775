package report

import (
	"slices"

	"github.com/klplint/klplint/lint"
)

// moduleReport is all that a report for people says of one module.
type moduleReport struct {
	path    string
	module  *lint.Module // nil for a path that is none of the modules
	errors  []*lint.Error
	open    []int // findings that are neither waived nor known
	settled []int // the others
}

// byModule groups what was found, in the order of the modules; paths that are
// none of them, such as a baseline's, come last.
func (l *Lint) byModule() []moduleReport {
	var out []moduleReport
	index := make(map[string]int)
	at := func(path string) *moduleReport {
		i, ok := index[path]
		if !ok {
			i = len(out)
			index[path] = i
			out = append(out, moduleReport{path: path})
		}
		return &out[i]
	}
	r := l.Result
	for i := range r.Modules {
		at(r.Modules[i].Path).module = &r.Modules[i]
	}
	for i := range r.Errors {
		g := at(r.Errors[i].Path)
		g.errors = append(g.errors, &r.Errors[i])
	}
	for i := range r.Findings {
		g := at(r.Findings[i].Module)
		if l.accepted(i) {
			g.settled = append(g.settled, i)
		} else {
			g.open = append(g.open, i)
		}
	}
	for i := range out {
		slices.SortStableFunc(out[i].open, func(a, b int) int { return int(r.Findings[b].Severity) - int(r.Findings[a].Severity) })
	}
	return out
}

// verdict is the run's own, by its exit code.
func (l *Lint) verdict() string {
	switch l.ExitCode {
	case 0:
		return "pass"
	case 1:
		return "fail"
	}
	return "could not check everything"
}

func (g *moduleReport) verdictSuffix() string {
	if g.module == nil {
		return ""
	}
	return ": " + string(g.module.Verdict)
}

// why says in one clause, not escaped, why a finding does not count; "" for
// one that does.
func (m Mark) why() string {
	if !m.Waived {
		if m.Known {
			return "known"
		}
		return ""
	}
	s := "waived"
	if m.Owner != "" {
		s += " by " + m.Owner
	}
	if m.Until != "" {
		s += " until " + m.Until
	}
	return s + ": " + m.Reason
}
