package lint

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/rules"
)

// step is one analyzer in the order in which a worker runs them: every
// prerequisite stands before what requires it. The inputs are no steps, their
// results are seeded.
type step struct {
	analyzer    *analysis.Analyzer
	rule        *rules.Rule // nil for a prerequisite
	after       []int       // steps of the same schedule that it requires
	needsKernel bool        // itself, or through a prerequisite
	anyKind     bool
}

// schedule holds the steps that run for each module and those that run for
// each set of modules.
type schedule struct {
	module, set []step
	// positions: some rule tells its findings by diagnostics, so that passes
	// need a token.File for each module.
	positions bool
}

var findingsType = reflect.TypeFor[[]finding.Finding]()

// newSchedule checks the rules and puts them and their prerequisites in order.
// What is wrong with a rule is found here and not at the first module.
func newSchedule(chosen []*rules.Rule) (*schedule, error) {
	analyzers := make([]*analysis.Analyzer, len(chosen))
	ids := make(map[string]bool, len(chosen))
	byAnalyzer := make(map[*analysis.Analyzer]*rules.Rule, len(chosen))
	for i, r := range chosen {
		if r == nil || r.Analyzer == nil {
			return nil, fmt.Errorf("rule %d has no analyzer", i)
		}
		if ids[r.ID()] {
			return nil, fmt.Errorf("rule %s: duplicate ID", r.ID())
		}
		ids[r.ID()] = true
		analyzers[i], byAnalyzer[r.Analyzer] = r.Analyzer, r
	}
	if err := analysis.Validate(analyzers); err != nil {
		return nil, err
	}
	var s schedule
	b := builder{rules: byAnalyzer, places: make(map[*analysis.Analyzer]place)}
	for _, r := range chosen {
		if err := checkRule(r); err != nil {
			return nil, fmt.Errorf("rule %s: %w", r.ID(), err)
		}
		if _, err := b.add(&s, r.Analyzer); err != nil {
			return nil, fmt.Errorf("rule %s: %w", r.ID(), err)
		}
		s.positions = s.positions || r.Analyzer.ResultType == nil
	}
	return &s, nil
}

func checkRule(r *rules.Rule) error {
	a := r.Analyzer
	if a.ResultType != nil && a.ResultType != findingsType {
		return fmt.Errorf("result type is %v, want %v", a.ResultType, findingsType)
	}
	if r.Severity < finding.Info || r.Severity > finding.Error {
		return fmt.Errorf("%v is not a severity", r.Severity)
	}
	if len(a.FactTypes) > 0 {
		return errors.New("facts are not supported: a module imports no other")
	}
	return checkDoc(a.Doc)
}

// checkDoc holds the form that "explain" and the reports rely on.
func checkDoc(doc string) error {
	paragraphs := strings.Split(strings.TrimSpace(doc), "\n\n")
	switch last := paragraphs[len(paragraphs)-1]; {
	case strings.Contains(paragraphs[0], "\n"):
		return errors.New("documentation does not start with a title line and an empty line")
	case len(paragraphs) < 3:
		return errors.New("documentation has no title, reason and fix")
	case !strings.HasPrefix(last, "Fix: "):
		return errors.New(`documentation does not end with a paragraph "Fix: "`)
	}
	return nil
}

// place is where an analyzer stands in the schedule.
type place struct {
	index  int
	module bool // needs the module
	set    bool // needs the set
	kernel bool // needs the kernel
}

type builder struct {
	rules  map[*analysis.Analyzer]*rules.Rule
	places map[*analysis.Analyzer]place
}

// add puts the analyzer behind its prerequisites. analysis.Validate has
// refused cycles.
func (b *builder) add(s *schedule, a *analysis.Analyzer) (place, error) {
	switch a {
	case rules.ModuleInput:
		return place{index: -1, module: true}, nil
	case rules.SetInput:
		return place{index: -1, set: true}, nil
	case rules.KernelInput:
		return place{index: -1, kernel: true}, nil
	}
	if p, ok := b.places[a]; ok {
		return p, nil
	}
	var here place
	var after []int
	for _, required := range a.Requires {
		p, err := b.add(s, required)
		if err != nil {
			return place{}, err
		}
		here.module, here.set, here.kernel = here.module || p.module, here.set || p.set, here.kernel || p.kernel
		if p.index >= 0 {
			after = append(after, p.index)
		}
	}
	if here.module == here.set {
		return place{}, fmt.Errorf("%s must require either %s or %s, directly or through a prerequisite",
			a.Name, rules.ModuleInput.Name, rules.SetInput.Name)
	}
	list := &s.module
	if here.set {
		list = &s.set
	}
	here.index = len(*list)
	st := step{analyzer: a, rule: b.rules[a], after: after, needsKernel: here.kernel}
	st.anyKind = st.rule != nil && st.rule.AnyKind
	*list = append(*list, st)
	for _, i := range after {
		// A prerequisite runs wherever something that requires it runs.
		(*list)[i].anyKind = (*list)[i].anyKind || st.anyKind
	}
	b.places[a] = here
	return here, nil
}

// kernelRules returns the IDs of the rules that need a kernel.
func kernelRules(steps []step) []string {
	var ids []string
	for i := range steps {
		if steps[i].needsKernel && steps[i].rule != nil {
			ids = append(ids, steps[i].rule.ID())
		}
	}
	return slices.Clip(ids)
}
