package rules

import (
	"reflect"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// NewModuleRule completes a rule that judges one module alone: it sets the
// analyzer's Requires, ResultType and Run, and returns r. What check leaves
// empty in a finding (rule, severity, module) is filled in. check must not
// change the module; it may return a *MissingInput beside findings, and any
// other error means that the module could not be checked.
//
// Like its two sisters it exists because a rule's Run needs the rule itself,
// which a composite literal cannot name.
func NewModuleRule(r *Rule, check func(*klp.Module) ([]finding.Finding, error)) *Rule {
	return define(r, func(pass *analysis.Pass) (string, []finding.Finding, error) {
		m := module(pass)
		if !m.IsLivepatch() && !r.AnyKind {
			return m.Path, nil, nil
		}
		findings, err := check(m)
		return m.Path, findings, err
	}, ModuleInput)
}

// NewKernelRule completes a rule that judges one module against its target
// kernel, which is never nil. Findings and errors are as with NewModuleRule.
func NewKernelRule(r *Rule, check func(*klp.Module, klp.Target) ([]finding.Finding, error)) *Rule {
	return define(r, func(pass *analysis.Pass) (string, []finding.Finding, error) {
		m := module(pass)
		if !m.IsLivepatch() {
			return m.Path, nil, nil
		}
		findings, err := check(m, target(pass))
		return m.Path, findings, err
	}, ModuleInput, KernelInput)
}

// NewSetRule completes a rule that judges the modules of one kernel together;
// each of its findings names its Module. Errors are as with NewModuleRule.
func NewSetRule(r *Rule, check func(*moduleset.Set) ([]finding.Finding, error)) *Rule {
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
		report(pass, r, path, findings)
		return findings, err
	}
	return r
}
