package report

import (
	"cmp"
	"io"
	"slices"

	"github.com/klplint/klplint/cmd/klplint/internal/report/jsonform"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

// TraceJSON writes the JSON of trace.
func TraceJSON(w io.Writer, t *Trace, _ Options) error {
	differs := plan.Differences(t.Traces)
	return jsonform.Write(w, &jsonform.Trace{
		Schema: jsonform.Version,
		Traces: eachForm(t.Traces, func(one *plan.Trace) jsonform.ModelTrace {
			return jsonform.ModelTrace{
				Model: one.Model, Reading: one.Reading, NotJudged: one.NotJudged, Unreached: one.Unreached,
				Steps: func(yield func(jsonform.Step) bool) {
					for i := range one.Steps {
						step := jsonStep(&one.Steps[i])
						step.Differs = len(t.Traces) > 1 && differs[i]
						if !yield(step) {
							return
						}
					}
				},
			}
		}),
	})
}

func jsonStep(s *plan.Result) jsonform.Step {
	d := &s.Decision
	owners := s.Owners
	if owners == nil {
		owners = map[string]string{}
	}
	var params map[string]string
	if len(s.Params) > 0 {
		params = make(map[string]string, len(s.Params))
		for _, p := range s.Params {
			params[p.Name] = p.Value
		}
	}
	return jsonform.Step{
		Params: params, Expect: s.Expect, Unmet: s.Unmet(),
		Callbacks: formsOf(d.Calls, func(c *replace.Call) jsonform.Call {
			return jsonform.Call{Livepatch: c.Livepatch, Callback: string(c.Kind), Object: c.Object, Errno: c.Errno}
		}),
		Op: string(s.Op), Module: s.Module, Path: s.Path, Sets: s.Sets, Evicts: s.Evicts, Override: s.Override,
		Outcome: string(d.Outcome), Errno: d.Errno, Reason: d.Reason, Messages: listOf(d.Messages),
		Also: formsOf(d.Also, func(r *klp.Refusal) jsonform.Refusal {
			return jsonform.Refusal{Errno: r.Errno, Message: r.Message, Reason: r.Reason}
		}),
		AlsoOmitted: d.AlsoOmitted, Replaced: listOf(d.Replaced), Active: jsonActive(s.Active), Owners: owners, Assumed: listOf(d.Assumed),
		Undecided: formsOf(d.Undecided, func(u *replace.Undecided) jsonform.Undecided {
			return jsonform.Undecided{Question: u.Question, Otherwise: u.Otherwise}
		}),
	}
}

// jsonActive sorts by name, as the folder /sys/kernel/livepatch does.
func jsonActive(list []plan.Active) []jsonform.ActivePatch {
	out := make([]jsonform.ActivePatch, len(list))
	for i, a := range list {
		out[i] = jsonform.ActivePatch{Name: a.Name, Sets: listOf(a.Sets), StackOrder: i + 1}
	}
	slices.SortFunc(out, func(a, b jsonform.ActivePatch) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
