package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/replace/plan"
)

// mailWidth keeps lines short enough for a mailing list, and for two more
// columns in front of them when they are quoted.
const mailWidth = 76

// TraceText writes lines that all begin with the model and, where they are about
// a step, the step's number. The first of a step says what is done and what
// becomes of it; indented by two, what is active afterwards, whose code runs and
// what else there is to say; by four, what continues a line. No line is longer
// than mailWidth columns or, on a terminal, than its width.
func TraceText(w io.Writer, t *Trace, o Options) error {
	traces := t.Traces
	differs := plan.Differences(traces)
	width := mailWidth
	if o.Terminal {
		width = o.width()
	}
	b := bufio.NewWriter(w)
	readings := make(map[string]int)
	for i := range traces {
		t := &traces[i]
		title := Escape(t.Model)
		if t.Reading != "" {
			readings[t.Model]++
			title += fmt.Sprintf(" (%d)", readings[t.Model])
		}
		x := &traceText{b: b, width: width, prefix: title + ": "}
		if t.Reading != "" {
			x.line("", t.Reading)
		}
		if t.NotJudged != "" {
			x.line("", "not judged: "+t.NotJudged)
			continue
		}
		for s := range t.Steps {
			r := &t.Steps[s]
			x.prefix = fmt.Sprintf("%s:%d: ", title, s+1)
			first := stepTitle(r) + ": " + outcomeOf(&r.Decision)
			if len(traces) > 1 && differs[s] {
				first += " (" + disagreement(traces) + ")"
			}
			x.line("", first)
			active := "nothing"
			if len(r.Active) > 0 {
				active = strings.Join(activeOf(r), ", ")
			}
			x.line("  ", "active: "+active)
			for _, owned := range ownersOf(r, 8) {
				x.line("  ", "runs "+owned)
			}
			for _, n := range notesOf(t, s) {
				x.line("  ", n)
			}
		}
		x.prefix = title + ": "
		for _, a := range assumptionsOf(t) {
			x.line("", a)
		}
		if t.Unreached > 0 {
			x.line("", unreached(t))
		}
	}
	return b.Flush()
}

// traceText writes lines of a bounded width behind a prefix.
type traceText struct {
	b      *bufio.Writer
	width  int
	prefix string // of every line, already escaped
}

// line writes s, which is not escaped yet, indented; what does not fit goes to
// further lines, indented by four.
func (x *traceText) line(indent, s string) {
	const further = "    "
	for _, l := range fold(Escape(s), max(20, x.width-columns(x.prefix)-len(further))) {
		x.b.WriteString(x.prefix + indent + l + "\n")
		indent = further
	}
}
