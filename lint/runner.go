package lint

import (
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"reflect"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/rules"
)

// runner runs the steps of a schedule over one module, or one set, after the
// other. Everything it needs is made once and used again, so that a module
// without findings costs no allocation here. It belongs to one goroutine.
type runner struct {
	steps  []step
	passes []*analysis.Pass
	// seeds are the distinct ResultOf maps: steps that require the same have
	// the same map.
	seeds  []seed
	failed []bool // by step: it, or what it requires, gave no result

	fset        *token.FileSet
	otherFiles  []string
	readFile    func(string) ([]byte, error)
	diagnostics []analysis.Diagnostic
}

type seed struct {
	requires []*analysis.Analyzer
	results  map[*analysis.Analyzer]any
}

// judgement is what the steps said about one unit: a module or a set.
type judgement struct {
	findings []finding.Finding
	missing  []missing
	errors   []ruleError
	// noKernel: steps that need a kernel did not run, because there is none.
	noKernel bool
}

// empty: no step said anything, but perhaps for the lack of a kernel.
func (j *judgement) empty() bool {
	return len(j.findings) == 0 && len(j.missing) == 0 && len(j.errors) == 0
}

type missing struct{ rule, needs string }

type ruleError struct{ rule, message string }

func newRunner(steps []step) *runner {
	r := &runner{
		steps:      steps,
		failed:     make([]bool, len(steps)),
		fset:       token.NewFileSet(),
		otherFiles: make([]string, 1),
	}
	pkg := types.NewPackage("ko", "ko") // drivers print it; there is no Go package
	module := new(analysis.Module)
	report := func(d analysis.Diagnostic) { r.diagnostics = append(r.diagnostics, d) }
	ignore := func(analysis.Diagnostic) {} // the result says more
	for i := range steps {
		st := &steps[i]
		pass := &analysis.Pass{
			Analyzer: st.analyzer,
			Fset:     r.fset,
			Pkg:      pkg,
			Module:   module,
			ResultOf: r.seedFor(st.analyzer.Requires),
			Report:   ignore,
			ReadFile: func(name string) ([]byte, error) { return r.readFile(name) },
		}
		if st.rule != nil && st.analyzer.ResultType == nil {
			pass.Report = report
		}
		r.passes = append(r.passes, pass)
	}
	return r
}

func (r *runner) seedFor(requires []*analysis.Analyzer) map[*analysis.Analyzer]any {
	for i := range r.seeds {
		if slices.Equal(r.seeds[i].requires, requires) {
			return r.seeds[i].results
		}
	}
	results := make(map[*analysis.Analyzer]any, len(requires))
	r.seeds = append(r.seeds, seed{requires, results})
	return results
}

// give stores a result wherever it is required.
func (r *runner) give(a *analysis.Analyzer, result any) {
	for i := range r.seeds {
		if slices.Contains(r.seeds[i].requires, a) {
			r.seeds[i].results[a] = result
		}
	}
}

// module judges one module. A nil target means that no kernel is known.
func (r *runner) module(m *klp.Module, target klp.Target, livepatch bool) judgement {
	r.give(rules.ModuleInput, m)
	r.give(rules.KernelInput, target)
	r.otherFiles[0] = m.Path
	return r.run(m, target != nil, livepatch)
}

// set judges one set of modules.
func (r *runner) set(s *moduleset.Set, files []string, target klp.Target) judgement {
	r.give(rules.SetInput, s)
	r.give(rules.KernelInput, target)
	r.otherFiles = files
	return r.run(nil, target != nil, true)
}

func (r *runner) run(m *klp.Module, kernel, livepatch bool) judgement {
	var j judgement
	for i := range r.steps {
		st := &r.steps[i]
		r.failed[i] = false
		switch {
		case !livepatch && !st.anyKind:
			continue
		case st.needsKernel && !kernel:
			r.failed[i], j.noKernel = true, true
			continue
		case len(st.after) > 0 && r.prerequisiteFailed(st, &j):
			r.failed[i] = true
			continue
		}
		pass := r.passes[i]
		pass.OtherFiles = r.otherFiles
		r.diagnostics = r.diagnostics[:0]
		result, err := call(pass)
		if err == nil && reflect.TypeOf(result) != st.analyzer.ResultType {
			err = fmt.Errorf("the rule returned a result of type %T, but declares %v", result, st.analyzer.ResultType)
		}
		r.failed[i] = err != nil
		j.conclude(st, result, err)
		if st.rule == nil {
			if err == nil {
				r.give(st.analyzer, result)
			}
		} else if st.analyzer.ResultType == nil && err == nil {
			j.fromDiagnostics(r.fset, m, st.rule, r.diagnostics)
		}
	}
	return j
}

// prerequisiteFailed reports whether something that the step requires gave no
// result. Its own error has been told; the rule is listed as not evaluated.
func (r *runner) prerequisiteFailed(st *step, j *judgement) bool {
	for _, i := range st.after {
		if !r.failed[i] {
			continue
		}
		if st.rule != nil {
			j.missing = append(j.missing, missing{st.rule.ID(), r.steps[i].analyzer.Name})
		}
		return true
	}
	return false
}

// call runs the pass. A rule that panics is a rule that could not check; the
// other rules and modules go on.
func call(pass *analysis.Pass) (result any, err error) {
	defer func() {
		if v := recover(); v != nil {
			result, err = nil, fmt.Errorf("rule panicked: %v", v)
		}
	}()
	return pass.Analyzer.Run(pass)
}

// conclude files the outcome of one step.
func (j *judgement) conclude(st *step, result any, err error) {
	if st.rule == nil {
		if err != nil {
			j.errors = append(j.errors, ruleError{st.analyzer.Name, err.Error()})
		}
		return
	}
	if err != nil {
		var input *rules.MissingInput
		if !errors.As(err, &input) {
			j.errors = append(j.errors, ruleError{st.rule.ID(), err.Error()})
			return
		}
		j.missing = append(j.missing, missing{st.rule.ID(), input.Needs})
	}
	findings, _ := result.([]finding.Finding)
	for i := range findings {
		complete(&findings[i], st.rule)
	}
	j.findings = append(j.findings, findings...)
}

// complete fills in what a rule from elsewhere may have left out; klplint's own
// do it themselves.
func complete(f *finding.Finding, r *rules.Rule) {
	if f.Rule == "" {
		f.Rule = r.ID()
	}
	if f.Severity == 0 {
		f.Severity = r.Severity
	}
}
