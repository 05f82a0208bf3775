package lint

import (
	"errors"
	"slices"

	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// RunSet judges modules that were read before, by the set rules of c alone. It
// is for callers that keep the baseline elsewhere than in files: they read the
// candidates with Run, Config.ModuleRulesOnly and Config.Keep, make members of
// both, and may ask again with another baseline.
//
// All members are for one moduleset.Kernel; target is what is
// known of that kernel, or nil. Unlike in Run a candidate that is alone is
// judged too: the caller knows that there is nothing beside it. Members belong
// to the call. Of c the choice of rules and Set are used.
func RunSet(c Config, members []*moduleset.Member, target klp.Target) (*Result, error) {
	c.Inputs, c.Baseline, c.ModuleRulesOnly = nil, nil, false
	j, err := newJob(c)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	var out setOutcome
	var files []string
	release := ""
	for _, m := range members {
		files, release = append(files, m.Path), m.Release
		if m.Baseline {
			continue
		}
		out.candidates = append(out.candidates, m.Path)
		r.Modules = append(r.Modules, Module{Path: m.Path, Name: m.Name, SHA256: m.SHA256})
	}
	if len(out.candidates) == 0 {
		return nil, errors.New("no candidate among the members")
	}
	options := j.config.Set
	options.Target = target
	options.Behaviour = kernel.BehaviourFor(target, release)
	if release == "" {
		out.unknown = true
	} else {
		out.judgement = newRunner(j.schedule.set).set(moduleset.New(members, options), files, target)
	}
	n := notEvaluated{judged: len(out.candidates)}
	r.takeSet(&out, j.schedule.set, &n)
	r.NotEvaluated = n.list()
	r.Summary.Modules = len(out.candidates)
	r.finish()
	return r, nil
}

// Merged is r with what another run, over modules of r, has found. Modules are
// those of r.
func (r *Result) Merged(o *Result) *Result {
	m := &Result{
		Findings:     slices.Concat(r.Findings, o.Findings),
		Errors:       slices.Concat(r.Errors, o.Errors),
		NotEvaluated: slices.Concat(r.NotEvaluated, o.NotEvaluated),
		Modules:      slices.Clone(r.Modules),
		Summary:      r.Summary,
	}
	sortNotEvaluated(m.NotEvaluated)
	m.finish()
	return m
}

// finish sorts and counts what was gathered.
func (r *Result) finish() {
	r.sort()
	r.markErrored()
	r.count()
}
