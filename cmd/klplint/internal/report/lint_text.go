package report

import (
	"io"
	"strconv"

	"github.com/klplint/klplint/finding"
)

// LintText writes one line per finding. The form is frozen, for grep and for
// editors; the last part is left out where a finding has no place:
//
//	path: severity: message [ID] (section+0xoff symbol)
//
// The summary is not in it: see Lint.Summary and Lint.NotEvaluated.
func LintText(w io.Writer, l *Lint, o Options) error {
	b := make([]byte, 0, flushAt+4<<10)
	for i := range l.Verdict.Findings {
		if l.accepted(i) {
			continue
		}
		b = appendFinding(b, &l.Verdict.Findings[i].Finding, o)
		b = append(b, '\n')
		if len(b) >= flushAt {
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	_, err := w.Write(b)
	return err
}

func appendFinding(b []byte, f *finding.Finding, o Options) []byte {
	b = appendEscaped(b, f.Module)
	b = append(b, ": "...)
	b = append(b, o.paint(severityStyle(f.Severity), f.Severity.String())...)
	b = append(b, ": "...)
	b = appendEscaped(b, f.Message)
	b = appendEscaped(b, translated(f))
	b = append(b, " ["...)
	b = appendEscaped(b, f.Rule)
	b = append(b, ']')
	at := f.Location
	if at.Section == "" && at.Symbol == "" {
		return b
	}
	b = append(b, " ("...)
	if at.Section != "" {
		b = appendEscaped(b, at.Section)
		b = append(b, "+0x"...)
		b = strconv.AppendUint(b, at.Offset, 16)
		if at.Symbol != "" {
			b = append(b, ' ')
		}
	}
	b = appendEscaped(b, at.Symbol)
	return append(b, ')')
}
