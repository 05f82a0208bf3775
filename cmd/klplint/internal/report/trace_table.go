package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

// TraceTable writes a table for each trace. Several traces also get a table
// that lays them side by side and marks with * where they differ.
func TraceTable(w io.Writer, t *Trace, o Options) error {
	traces := t.Traces
	beside := 0
	for i := range traces {
		if traces[i].NotJudged == "" {
			beside++
		}
	}
	if beside > 1 {
		if err := traceBeside(w, o, traces); err != nil {
			return err
		}
	}
	for i := range traces {
		if i > 0 || beside > 1 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := traceOne(w, o, &traces[i]); err != nil {
			return err
		}
	}
	return nil
}

// traceBeside is the table with a column for each trace.
func traceBeside(w io.Writer, o Options, traces []plan.Trace) error {
	differs := plan.Differences(traces)
	columns := []column{{title: "", fixed: true}, {title: "step"}}
	var judged []*plan.Trace
	for i := range traces {
		if traces[i].NotJudged == "" {
			judged = append(judged, &traces[i])
			columns = append(columns, column{title: Escape(traceTitle(&traces[i]))})
		}
	}
	t := newTable(o, columns...)
	count := 0
	for i, different := range differs {
		mark := " "
		if different {
			mark, count = "*", count+1
		}
		row := []cell{styled(bold, mark), {}}
		for _, tr := range judged {
			if i >= len(tr.Steps) {
				row = append(row, text("not reached"))
				continue
			}
			s := &tr.Steps[i]
			row[1] = text(fmt.Sprintf("%d %s %s", i+1, s.Op, s.Module))
			row = append(row, cell{
				lines: append([]string{outcomeWord(&s.Decision)}, someLines(s.Decision.Replaced, 6)...),
				style: outcomeStyle(s.Decision.Outcome),
			})
		}
		t.add(row...)
	}
	if err := t.write(w); err != nil {
		return err
	}
	who, _, _ := strings.Cut(disagreement(traces), " ")
	summary := "the " + who + " agree on every step"
	if count > 0 {
		summary = fmt.Sprintf("* the %s differ on %d of %d steps", who, count, len(differs))
	}
	_, err := io.WriteString(w, summary+"\n")
	return err
}

func traceOne(w io.Writer, o Options, tr *plan.Trace) error {
	if _, err := io.WriteString(w, o.paint(bold, Escape(traceTitle(tr)))+"\n"); err != nil {
		return err
	}
	if tr.NotJudged != "" {
		_, err := fmt.Fprintf(w, "not judged: %s\n", Escape(tr.NotJudged))
		return err
	}
	t := newTable(o, column{right: true, fixed: true}, column{title: "step"}, column{title: "outcome"},
		column{title: "replaced"}, column{title: "active, oldest first"}, column{title: "who runs"})
	for i := range tr.Steps {
		s := &tr.Steps[i]
		t.add(text(strconv.Itoa(i+1)), text(stepTitle(s)),
			styled(outcomeStyle(s.Decision.Outcome), outcomeWord(&s.Decision)), lines(someLines(s.Decision.Replaced, 12)...),
			lines(someLines(activeOf(s), 12)...), lines(someLines(funcsOf(s), 12)...))
	}
	if err := t.write(w); err != nil {
		return err
	}
	return traceNotes(w, o, tr)
}

// traceNotes writes the reasons below the table, indented under the step's number.
func traceNotes(w io.Writer, o Options, tr *plan.Trace) error {
	for i := range tr.Steps {
		first := fmt.Sprintf("%d: ", i+1)
		for _, n := range notesOf(tr, i) {
			for _, l := range wrap(Escape(n), max(40, o.width()-len(first))) {
				if _, err := io.WriteString(w, first+l+"\n"); err != nil {
					return err
				}
				first = fmt.Sprintf("%*s", len(first), "")
			}
		}
	}
	for _, a := range assumptionsOf(tr) {
		for _, l := range wrap(Escape(a), max(40, o.width())) {
			if _, err := io.WriteString(w, l+"\n"); err != nil {
				return err
			}
		}
	}
	if tr.Unreached > 0 {
		_, err := io.WriteString(w, unreached(tr)+"\n")
		return err
	}
	return nil
}

func outcomeStyle(o replace.Outcome) style {
	switch o {
	case replace.Refused, replace.Crash:
		return red
	case replace.Replaces, replace.Stalled:
		return yellow
	case replace.First, replace.Stacks, replace.Coexists, replace.Done:
	}
	return plain
}
