package lint

import (
	"cmp"
	"slices"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/rules"
)

// gather makes the result of the outcomes, in an order that does not depend on
// who finished first.
func (j *job) gather(sets []setOutcome) *Result {
	r := &Result{Modules: make([]Module, 0, len(j.config.Inputs)), Errors: slices.Clone(j.config.Unusable)}
	var n notEvaluated
	for i := range j.outcomes {
		out := &j.outcomes[i]
		if out.err != nil {
			r.Errors = append(r.Errors, *out.err)
		}
		if i >= len(j.config.Inputs) {
			continue
		}
		m := out.module
		switch {
		case out.err != nil: // no module to count
		case !out.livepatch:
			r.Summary.Skipped++
			if !j.sources[i].Named {
				continue
			}
			m.NoLivepatch = true
		default:
			r.Summary.Modules++
			n.judged++
			if out.noKernel {
				n.noKernel = append(n.noKernel, m.Path)
			}
		}
		if out.judgement != nil {
			r.take(out.judgement, m.Path, &n)
		}
		r.Modules = append(r.Modules, m)
	}
	for i := range sets {
		r.takeSet(&sets[i], j.schedule.set, &n)
	}
	for _, id := range kernelRules(j.schedule.module) {
		n.add(id, rules.KernelInput.Name, n.noKernel)
	}
	r.NotEvaluated = n.list()
	r.finish()
	return r
}

// take adds what the rules said about one module.
func (r *Result) take(j *judgement, path string, n *notEvaluated) {
	r.Findings = append(r.Findings, j.findings...)
	for _, e := range j.errors {
		r.Errors = append(r.Errors, Error{Path: path, Rule: e.rule, Message: e.message})
	}
	for _, m := range j.missing {
		n.add(m.rule, m.needs, []string{path})
	}
}

// takeSet adds what the set rules said about one group. An error of theirs
// concerns every candidate of the group.
func (r *Result) takeSet(s *setOutcome, steps []step, n *notEvaluated) {
	r.Findings = append(r.Findings, s.judgement.findings...)
	for _, path := range s.candidates {
		for _, e := range s.judgement.errors {
			r.Errors = append(r.Errors, Error{Path: path, Rule: e.rule, Message: e.message})
		}
	}
	for _, m := range s.judgement.missing {
		n.add(m.rule, m.needs, s.candidates)
	}
	for i := range steps {
		st := &steps[i]
		switch {
		case st.rule == nil:
		case s.alone:
			n.add(st.rule.ID(), rules.SetInput.Name, s.candidates)
		case s.unknown:
			n.add(st.rule.ID(), "vermagic", s.candidates)
		case s.judgement.noKernel && st.needsKernel:
			n.add(st.rule.ID(), rules.KernelInput.Name, s.candidates)
		}
	}
}

// notEvaluated gathers what rules could not judge, and folds what holds for
// every module into one entry.
type notEvaluated struct {
	judged   int // livepatch modules
	noKernel []string
	modules  map[missing][]string
}

func (n *notEvaluated) add(rule, needs string, modules []string) {
	if len(modules) == 0 {
		return
	}
	if n.modules == nil {
		n.modules = make(map[missing][]string)
	}
	key := missing{rule, needs}
	n.modules[key] = append(n.modules[key], modules...)
}

func (n *notEvaluated) list() []NotEvaluated {
	var list []NotEvaluated
	for key, modules := range n.modules {
		if len(modules) == n.judged {
			list = append(list, NotEvaluated{Rule: key.rule, Needs: key.needs})
			continue
		}
		for _, path := range modules {
			list = append(list, NotEvaluated{Rule: key.rule, Module: path, Needs: key.needs})
		}
	}
	sortNotEvaluated(list)
	return list
}

func sortNotEvaluated(list []NotEvaluated) {
	slices.SortFunc(list, func(a, b NotEvaluated) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Module, b.Module), cmp.Compare(a.Needs, b.Needs))
	})
}

// markErrored marks every module that an error names: errors and
// modules are both in the order of paths.
func (r *Result) markErrored() {
	i := 0
	for _, e := range r.Errors {
		for i < len(r.Modules) && r.Modules[i].Path < e.Path {
			i++
		}
		for k := i; k < len(r.Modules) && r.Modules[k].Path == e.Path; k++ {
			r.Modules[k].Errored = true
		}
	}
}

func (r *Result) sort() {
	slices.SortStableFunc(r.Findings, compareFindings)
	slices.SortStableFunc(r.Errors, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Section, b.Section), cmp.Compare(a.Offset, b.Offset),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
	slices.SortStableFunc(r.Modules, func(a, b Module) int { return cmp.Compare(a.Path, b.Path) })
}

func compareFindings(a, b finding.Finding) int {
	return cmp.Or(
		cmp.Compare(a.Module, b.Module),
		cmp.Compare(a.Location.Section, b.Location.Section),
		cmp.Compare(a.Location.Offset, b.Location.Offset),
		cmp.Compare(a.Rule, b.Rule),
		cmp.Compare(a.Object, b.Object),
		cmp.Compare(a.Func, b.Func),
		cmp.Compare(a.Message, b.Message),
	)
}
