package plan

import (
	"fmt"
	"slices"

	"github.com/klplint/klplint/replace"
)

// Trace is what one kernel answers to a plan under one model.
type Trace struct {
	Model string
	// Reading tells traces of one model apart, where a module's replace is not
	// known and both values were tried; "" otherwise.
	Reading string
	// NotJudged says why the model cannot judge the modules; there are no steps then.
	NotJudged string
	Steps     []Result
	// Unreached counts the steps behind one that brought the kernel down.
	Unreached int
}

// Result is one step and what is so after it.
type Result struct {
	Op       Op
	Module   string // the label; of hold and release the func, of ftrace on or off
	Name     string // the module's own name
	Path     string // the built module's file; "" for a described one
	Override []uint32
	Params   []Param // of a load
	// Expect and ExpectCalls are those of the step.
	Expect      string
	ExpectCalls []string
	// Sets are the sets that a livepatch being loaded belongs to, Evicts the
	// further ones that it replaces; both empty under mainline.
	Sets, Evicts []uint32
	Decision     replace.Decision
	Active       []Active // in stacking order, oldest first
	// Owners says whose code runs for each patched func whose object is there
	// (see replace.System.Owners).
	Owners map[string]string
	// Aliases says which of these are other names of a function, and by which
	// name it counts (see replace.System.Aliases).
	Aliases map[string]string
}

// Unmet says how the step differs from what the plan expects of it; "" where it
// does not, or nothing is expected.
func (r *Result) Unmet() string {
	d := &r.Decision
	switch got := string(d.Outcome); r.Expect {
	case "", got, d.Errno:
	case expectOK:
		if !d.Accepted() {
			return fmt.Sprintf("expected to work, and is %s %s", got, d.Errno)
		}
	default:
		if d.Errno != "" {
			got += " " + d.Errno
		}
		return fmt.Sprintf("expected %s, and is %s", r.Expect, got)
	}
	if r.ExpectCalls == nil {
		return ""
	}
	calls := []string{}
	for i := range d.Calls {
		calls = append(calls, string(d.Calls[i].Kind)+" "+d.Calls[i].Object)
	}
	if !slices.Equal(calls, r.ExpectCalls) {
		return fmt.Sprintf("expected the callbacks %q, and they are %q", r.ExpectCalls, calls)
	}
	return ""
}

// runs reports whether a livepatch's code runs for a func after the step, by
// this name of it or another.
func (r *Result) runs(code string) bool {
	if _, ok := r.Owners[code]; ok {
		return true
	}
	for _, c := range r.Aliases {
		if c == code {
			return true
		}
	}
	return false
}

// Active is one active livepatch and the sets that it belongs to (none under
// mainline).
type Active struct {
	Name string
	Sets []uint32
}

// Lost lists the patched funcs, sorted, that ran a livepatch's code after the
// step before this one and run the original after it.
func (t *Trace) Lost(step int) []string {
	if step < 1 || t.Steps[step].Decision.Outcome == replace.Crash {
		return nil
	}
	var lost []string
	before, after := &t.Steps[step-1], &t.Steps[step]
	for f := range before.Owners {
		code := f
		if c, ok := before.Aliases[f]; ok {
			code = c
		}
		if _, ok := after.Owners[f]; !ok && !after.runs(code) {
			lost = append(lost, f)
		}
	}
	slices.Sort(lost)
	return lost
}

// Differences reports for each step whether the judged traces disagree about
// it: in outcome or errno, in what is active afterwards, or in whose code runs.
// A trace that does not reach a step which others do disagrees too.
func Differences(traces []Trace) []bool {
	var first *Trace
	n := 0
	for i := range traces {
		if traces[i].NotJudged == "" {
			n = max(n, len(traces[i].Steps))
			if first == nil {
				first = &traces[i]
			}
		}
	}
	differs := make([]bool, n)
	for i := range traces {
		t := &traces[i]
		if t.NotJudged != "" {
			continue
		}
		for s := range differs {
			if s >= len(t.Steps) || s >= len(first.Steps) {
				differs[s] = differs[s] || len(t.Steps) != len(first.Steps)
				continue
			}
			differs[s] = differs[s] || !t.Steps[s].agrees(&first.Steps[s])
		}
	}
	return differs
}

// agrees takes stacks, coexists and first for the same: the livepatch is
// active and nothing went.
func (r *Result) agrees(o *Result) bool {
	if class(r.Decision.Outcome) != class(o.Decision.Outcome) || r.Decision.Errno != o.Decision.Errno {
		return false
	}
	return slices.EqualFunc(r.Active, o.Active, func(a, b Active) bool { return a.Name == b.Name }) && sameOwners(r.Owners, o.Owners)
}

func class(o replace.Outcome) replace.Outcome {
	if o == replace.Stacks || o == replace.Coexists || o == replace.First {
		return replace.Done
	}
	return o
}

func sameOwners(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}
