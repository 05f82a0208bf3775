package report

import (
	"bufio"
	"fmt"
	"io"
)

// LintText writes one line per finding. The form is frozen, for grep and for
// editors; the last part is left out where a finding has no place:
//
//	path: severity: message [ID] (section+0xoff symbol)
//
// The summary is not in it: see Lint.Summary and Lint.NotEvaluated. Of a rule over
// several modules a module has ten lines at most, and the last one says how many
// more there are.
func LintText(w io.Writer, l *Lint, o Options) error {
	if l.View.Statistics {
		return l.statisticsText(w, o)
	}
	b := bufio.NewWriterSize(w, 32<<10)
	for f := range l.view() {
		fmt.Fprintf(b, "%s: %s: %s%s%s [%s]", Escape(f.Module), o.paint(severityStyle(f.Severity), f.Severity.String()),
			Escape(f.Message), Escape(translated(f.Finding)), f.rest, Escape(f.Rule))
		if at := place(f.Location); at != "" {
			fmt.Fprintf(b, " (%s)", Escape(at))
		}
		b.WriteByte('\n')
	}
	return b.Flush()
}
