package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/replace/plan"
)

// TraceText writes one line a step, which begins with the model and the
// step's number; what there is to say of a step follows on lines that begin so
// too.
func TraceText(w io.Writer, t *Trace, _ Options) error {
	traces := t.Traces
	differs := plan.Differences(traces)
	b := bufio.NewWriter(w)
	for i := range traces {
		t := &traces[i]
		title := Escape(traceTitle(t))
		if t.NotJudged != "" {
			fmt.Fprintf(b, "%s: not judged: %s\n", title, Escape(t.NotJudged))
			continue
		}
		for s := range t.Steps {
			r := &t.Steps[s]
			line := fmt.Sprintf("%s: %s", stepTitle(r), outcomeOf(&r.Decision))
			active := "nothing"
			if len(r.Active) > 0 {
				active = strings.Join(activeOf(r), ", ")
			}
			line += "; active: " + active
			if owners := ownersOf(r, 4); len(owners) > 0 {
				line += "; runs: " + strings.Join(owners, "; ")
			}
			if len(traces) > 1 && differs[s] {
				line += " (" + disagreement(traces) + ")"
			}
			fmt.Fprintf(b, "%s:%d: %s\n", title, s+1, Escape(line))
			for _, n := range notesOf(t, s) {
				fmt.Fprintf(b, "%s:%d:   %s\n", title, s+1, Escape(n))
			}
		}
		for _, a := range assumptionsOf(t) {
			fmt.Fprintf(b, "%s: %s\n", title, Escape(a))
		}
		if t.Unreached > 0 {
			fmt.Fprintf(b, "%s: %s\n", title, unreached(t))
		}
	}
	return b.Flush()
}
