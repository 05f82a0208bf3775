package report

import (
	"slices"

	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/lint"
)

// moduleReport is all that a report for people says of one module.
type moduleReport struct {
	path   string
	module *policy.Module // nil for a path that is none of the modules
	errors []*lint.Error
	open   []int // findings that are neither waived nor known
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
	r := l.Verdict
	for i := range r.Modules {
		at(r.Modules[i].Path).module = &r.Modules[i]
	}
	for i := range r.Errors {
		g := at(r.Errors[i].Path)
		g.errors = append(g.errors, &r.Errors[i])
	}
	for i := range r.Findings {
		g := at(r.Findings[i].Module)
		if !l.accepted(i) {
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
	switch l.Verdict.ExitCode {
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
