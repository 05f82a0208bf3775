package rules

import (
	"reflect"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// The three forms of a rule. Each completes the rule's analyzer (Requires,
// ResultType, Run) and returns the rule. They exist because a rule's Run needs
// the rule itself, which a composite literal cannot name.

// moduleRule defines a rule that judges one module alone.
func moduleRule(r *Rule, check func(*klp.Module) []finding.Finding) *Rule {
	return define(r, func(pass *analysis.Pass) (string, []finding.Finding, error) {
		m := module(pass)
		if !m.IsLivepatch() && !r.AnyKind {
			return m.Path, nil, nil
		}
		return m.Path, check(m), nil
	}, ModuleInput)
}

// kernelRule defines a rule that judges one module against its target kernel.
// It may return a *MissingInput beside findings.
func kernelRule(r *Rule, check func(*klp.Module, klp.Target) ([]finding.Finding, error)) *Rule {
	return define(r, func(pass *analysis.Pass) (string, []finding.Finding, error) {
		m := module(pass)
		if !m.IsLivepatch() {
			return m.Path, nil, nil
		}
		findings, err := check(m, target(pass))
		return m.Path, findings, err
	}, ModuleInput, KernelInput)
}

// setRule defines a rule that judges the modules of one kernel together; each
// of its findings names its Module. It may return a *MissingInput beside
// findings.
func setRule(r *Rule, check func(*Set) ([]finding.Finding, error)) *Rule {
	return define(r, func(pass *analysis.Pass) (string, []finding.Finding, error) {
		findings, err := check(set(pass))
		return "", findings, err
	}, SetInput)
}

func define(r *Rule, run func(*analysis.Pass) (string, []finding.Finding, error), requires ...*analysis.Analyzer) *Rule {
	a := r.Analyzer
	a.Requires = requires
	a.ResultType = reflect.TypeFor[[]finding.Finding]()
	a.Run = func(pass *analysis.Pass) (any, error) {
		path, findings, err := run(pass)
		result, reportErr := report(pass, r, path, findings)
		if err == nil {
			err = reportErr
		}
		return result, err
	}
	return r
}
