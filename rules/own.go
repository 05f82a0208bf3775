package rules

import (
	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// NewModuleRule completes a rule of the caller's own that judges one module: it
// sets the analyzer's Requires, ResultType and Run, and returns r. What check
// leaves empty in a finding (rule, severity, module) is filled in. check must
// not change the module; it may return a *MissingInput beside findings, and any
// other error means that the module could not be checked.
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

// NewSetRule completes a rule of the caller's own that judges the modules of
// one kernel together; each of its findings names its Module. Errors are as
// with NewModuleRule.
func NewSetRule(r *Rule, check func(*Set) ([]finding.Finding, error)) *Rule { return setRule(r, check) }
