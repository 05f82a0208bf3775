package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

// Trace is what trace shows.
type Trace struct {
	Traces  []plan.Trace
	Version string // klplint's own
}

// setsOf writes a livepatch's sets, and behind them those that it evicts
// without belonging to them: " {1}", " {1} evicting {2}". Nothing under mainline.
func setsOf(sets, evicts []uint32) string {
	if len(sets) == 0 {
		return ""
	}
	s := " " + shortSets(sets)
	if len(evicts) > 0 {
		s += " evicting " + shortSets(evicts)
	}
	return s
}

// shortSets cuts a long list.
func shortSets(list []uint32) string {
	const most = 8
	if len(list) <= most {
		return replace.FormatSets(list)
	}
	s := replace.FormatSets(list[:most])
	return fmt.Sprintf("%s,... %d in all}", s[:len(s)-1], len(list))
}

// stepTitle says what a step does: "load klp-1a {1}".
func stepTitle(s *plan.Result) string {
	title := string(s.Op) + " " + s.Module + setsOf(s.Sets, s.Evicts)
	if len(s.Override) > 0 {
		title += " overriding " + shortSets(s.Override)
	}
	for _, p := range s.Params {
		title += " " + p.Name + "=" + p.Value
	}
	return title
}

// callsOf lists the callbacks that run at a step: "klp-1a: pre_patch vmlinux,
// post_patch vmlinux".
func callsOf(d *replace.Decision) string {
	var b strings.Builder
	for i := range d.Calls {
		c := &d.Calls[i]
		switch {
		case i == 0:
			b.WriteString(c.Livepatch + ": ")
		case c.Livepatch != d.Calls[i-1].Livepatch:
			b.WriteString("; " + c.Livepatch + ": ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(string(c.Kind) + " " + c.Object)
		if c.Errno != "" {
			b.WriteString(" (" + c.Errno + ")")
		}
	}
	return b.String()
}

// disagreement names what differs between traces: models, or the readings of one.
func disagreement(traces []plan.Trace) string {
	for i := range traces {
		if traces[i].Model != traces[0].Model {
			return "models differ"
		}
	}
	return "readings differ"
}

// outcomeWord is the outcome without names: "refused EINVAL", "replaces".
func outcomeWord(d *replace.Decision) string {
	if d.Errno != "" {
		return string(d.Outcome) + " " + d.Errno
	}
	return string(d.Outcome)
}

// outcomeOf says what became of it: "refused EINVAL", "replaces klp-1b".
func outcomeOf(d *replace.Decision) string {
	s := outcomeWord(d)
	if len(d.Replaced) > 0 {
		s += " " + strings.Join(d.Replaced, ", ")
	}
	return s
}

// activeOf lists the active livepatches, oldest first: "klp-1a {1}".
func activeOf(s *plan.Result) []string {
	out := make([]string, len(s.Active))
	for i, a := range s.Active {
		out[i] = a.Name + setsOf(a.Sets, nil)
	}
	return out
}

// ownersOf groups the owned funcs by who runs, in stacking order: "klp-1a:
// vmlinux:f, vmlinux:g". most bounds the funcs that are named for each.
func ownersOf(s *plan.Result, most int) []string {
	by := make(map[string][]string)
	for f, o := range s.Owners {
		by[o] = append(by[o], f)
	}
	var out []string
	for _, a := range s.Active {
		funcs := by[a.Name]
		if len(funcs) == 0 {
			continue
		}
		slices.Sort(funcs)
		out = append(out, a.Name+": "+someOf(funcs, most))
	}
	return out
}

// funcsOf lists the owned funcs, sorted, each with who runs.
func funcsOf(s *plan.Result) []string {
	out := make([]string, 0, len(s.Owners))
	for _, f := range slices.Sorted(maps.Keys(s.Owners)) {
		out = append(out, f+": "+s.Owners[f])
	}
	return out
}

// someLines cuts a list of lines and counts what is left out.
func someLines(list []string, most int) []string {
	if len(list) <= most {
		return list
	}
	return append(slices.Clone(list[:most-1]), fmt.Sprintf("and %d more", len(list)-most+1))
}

// someOf joins the first entries of a list and counts the others.
func someOf(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// traceTitle names a trace.
func traceTitle(t *plan.Trace) string {
	if t.Reading != "" {
		return t.Model + " (" + t.Reading + ")"
	}
	return t.Model
}

// assumptionsOf folds what the steps of a trace take for granted: each
// assumption once, with the steps that it holds for.
func assumptionsOf(t *plan.Trace) []string {
	var order []string
	steps := make(map[string][]int)
	for i := range t.Steps {
		for _, a := range t.Steps[i].Decision.Assumed {
			if steps[a] == nil {
				order = append(order, a)
			}
			steps[a] = append(steps[a], i+1)
		}
	}
	out := make([]string, len(order))
	for i, a := range order {
		out[i] = fmt.Sprintf("assumed (%s): %s", ranges(steps[a]), a)
	}
	return out
}

// unreached says how many steps lie behind a crash.
func unreached(t *plan.Trace) string {
	if t.Unreached == 1 {
		return "1 further step is not reached: the kernel has crashed"
	}
	return fmt.Sprintf("%d further steps are not reached: the kernel has crashed", t.Unreached)
}

// ranges writes ascending numbers shortly: "step 4", "steps 1-3, 5".
func ranges(list []int) string {
	s := "step "
	if len(list) > 1 {
		s = "steps "
	}
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		if i > 0 {
			s += ", "
		}
		s += strconv.Itoa(list[i])
		if j > i {
			s += "-" + strconv.Itoa(list[j])
		}
		i = j + 1
	}
	return s
}

// notesOf lists what there is to say of a step beyond its outcome: the reason
// first. What it assumes is left to assumptionsOf.
func notesOf(t *plan.Trace, at int) []string {
	d := &t.Steps[at].Decision
	var out []string
	if unmet := t.Steps[at].Unmet(); unmet != "" {
		out = append(out, "not as expected: "+unmet)
	}
	if d.Reason != "" {
		out = append(out, d.Reason)
	}
	for _, m := range d.Messages {
		out = append(out, "kernel: "+m)
	}
	for _, r := range d.Also {
		also := "also: "
		if r.Errno != "" {
			also += r.Errno + ", "
		}
		out = append(out, also+r.Reason)
	}
	if d.AlsoOmitted > 0 {
		out = append(out, "also: "+count(d.AlsoOmitted, "further reason"))
	}
	if calls := callsOf(d); calls != "" {
		out = append(out, "callbacks: "+calls)
	}
	if lost := t.Lost(at); len(lost) > 0 {
		out = append(out, "back to the original: "+someOf(lost, 8))
	}
	for _, u := range d.Undecided {
		out = append(out, fmt.Sprintf("undecided: %s (otherwise: %s)", u.Question, u.Otherwise))
	}
	return out
}
