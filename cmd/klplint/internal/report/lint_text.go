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
// The summary is not in it: see Lint.Summary and Lint.NotEvaluated.
func LintText(w io.Writer, l *Lint, o Options) error {
	b := bufio.NewWriterSize(w, 32<<10)
	for i := range l.Verdict.Findings {
		if l.accepted(i) {
			continue
		}
		f := &l.Verdict.Findings[i].Finding
		fmt.Fprintf(b, "%s: %s: %s%s [%s]", Escape(f.Module), o.paint(severityStyle(f.Severity), f.Severity.String()),
			Escape(f.Message), Escape(translated(f)), Escape(f.Rule))
		if at := place(f.Location); at != "" {
			fmt.Fprintf(b, " (%s)", Escape(at))
		}
		b.WriteByte('\n')
	}
	return b.Flush()
}
