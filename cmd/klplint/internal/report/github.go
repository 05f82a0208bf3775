package report

import (
	"bufio"
	"io"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
	"github.com/klplint/klplint/finding"
)

// LintGitHub writes workflow commands, which GitHub shows as annotations: a
// line for each finding, the worst first because it shows few, and a line with
// the totals. Waived and known findings are left out.
func LintGitHub(w io.Writer, l *Lint, _ Options) error {
	b := bufio.NewWriter(w)
	for i := range l.Verdict.Errors {
		p := &l.Verdict.Errors[i]
		message := p.Message
		if p.Rule != "" {
			message = p.Rule + ": " + message
		}
		annotation(b, "error", p.Path, "could not be checked", message)
	}
	for _, i := range l.open(len(l.Verdict.Findings)) {
		f := &l.Verdict.Findings[i].Finding
		title := f.Rule
		if r := l.ruleByID(f.Rule); r != nil {
			title += ": " + r.Title()
		}
		message := f.Message + translated(f)
		if at := place(f.Location); at != "" {
			message += " (" + at + ")"
		}
		annotation(b, annotationLevel(f.Severity), f.Module, title, message)
	}
	b.WriteString("klplint: " + l.Summary() + "\n")
	return b.Flush()
}

func annotationLevel(s finding.Severity) string {
	if s == finding.Info {
		return "notice"
	}
	return s.String()
}

func annotation(b *bufio.Writer, level, path, title, message string) {
	path, _, _ = strings.Cut(path, "!/")
	b.WriteString("::" + level + " ")
	if path != "" {
		b.WriteString("file=" + property(strings.TrimPrefix(path, "./")) + ",line=1,")
	}
	b.WriteString("title=" + property(title) + "::" + commandData(message) + "\n")
}

// commandData escapes the message of a workflow command. Line breaks are gone
// already, as text: a name must not begin a line, where it would be a command
// of its own.
func commandData(s string) string {
	return strings.ReplaceAll(escape.Cut(Escape(s), maxMessage), "%", "%25")
}

// property escapes a property of a workflow command, in which ":" and "," end
// things too.
func property(s string) string {
	return strings.NewReplacer("%", "%25", ":", "%3A", ",", "%2C").Replace(escape.Cut(Escape(s), maxMessage))
}
