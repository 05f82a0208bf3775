package report

import (
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

// TraceJSON writes traces as JSON. active is sorted by name, as the folder
// /sys/kernel/livepatch lists it; stack_order counts from 1, the oldest.
func TraceJSON(w io.Writer, traces []plan.Trace) error {
	differs := plan.Differences(traces)
	e := newEncoder(w)
	e.open('{')
	e.int("schema", 1)
	e.key("traces")
	e.open('[')
	for i := range traces {
		t := &traces[i]
		e.open('{')
		e.str("model", t.Model)
		e.strIf("reading", t.Reading)
		e.strIf("not_judged", t.NotJudged)
		e.key("steps")
		e.open('[')
		for s := range t.Steps {
			traceStep(e, t, s, len(traces) > 1 && differs[s])
			e.flushIf()
		}
		e.close(']')
		if t.Unreached > 0 {
			e.int("unreached", int64(t.Unreached))
		}
		e.close('}')
	}
	e.close(']')
	e.close('}')
	e.b = append(e.b, '\n')
	return e.finish()
}

func traceStep(e *encoder, t *plan.Trace, at int, differs bool) {
	s := &t.Steps[at]
	d := &s.Decision
	e.open('{')
	e.str("op", string(s.Op))
	e.str("module", s.Module)
	e.strIf("path", s.Path)
	if len(s.Sets) > 0 {
		sets(e, "sets", s.Sets)
	}
	if len(s.Evicts) > 0 {
		sets(e, "evicts", s.Evicts)
	}
	if len(s.Override) > 0 {
		sets(e, "override", s.Override)
	}
	e.str("outcome", string(d.Outcome))
	e.strIf("errno", d.Errno)
	e.strIf("reason", d.Reason)
	e.strs("messages", d.Messages)
	e.key("also")
	e.open('[')
	for _, r := range d.Also {
		e.open('{')
		e.strIf("errno", r.Errno)
		e.strIf("message", r.Message)
		e.str("reason", r.Reason)
		e.close('}')
	}
	e.close(']')
	if d.AlsoOmitted > 0 {
		e.int("also_omitted", int64(d.AlsoOmitted))
	}
	e.strs("replaced", d.Replaced)
	e.key("active")
	e.open('[')
	type ordered struct {
		plan.Active
		order int
	}
	active := make([]ordered, len(s.Active))
	for i, a := range s.Active {
		active[i] = ordered{a, i + 1}
	}
	slices.SortFunc(active, func(a, b ordered) int { return strings.Compare(a.Name, b.Name) })
	for _, a := range active {
		e.open('{')
		e.str("name", a.Name)
		sets(e, "sets", a.Sets)
		e.int("stack_order", int64(a.order))
		e.close('}')
	}
	e.close(']')
	e.key("owners")
	e.open('{')
	for _, f := range slices.Sorted(maps.Keys(s.Owners)) {
		e.comma()
		e.b = appendJSONString(e.b, f)
		e.b = append(e.b, ':')
		e.b = appendJSONString(e.b, s.Owners[f])
	}
	e.close('}')
	e.strs("assumed", d.Assumed)
	e.key("undecided")
	e.open('[')
	for _, u := range d.Undecided {
		e.open('{')
		e.str("question", u.Question)
		e.str("otherwise", u.Otherwise)
		e.close('}')
	}
	e.close(']')
	if differs {
		e.bool("differs", true)
	}
	e.close('}')
}

func sets(e *encoder, name string, list []uint32) {
	e.key(name)
	e.open('[')
	for _, s := range list {
		e.comma()
		e.b = appendUint(e.b, s)
	}
	e.close(']')
}

// crossed reports whether a step is refused or brings the kernel down.
func crossed(o replace.Outcome) bool { return o == replace.Refused || o == replace.Crash }
