package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/finding"
)

// LintTable writes the findings for a person to read: a table under each
// module's path, and the summary.
func LintTable(w io.Writer, l *Lint, o Options) error {
	t := newTable(o, column{title: "severity", fixed: true}, column{title: "rule", fixed: true}, column{title: "finding"})
	last, shown := "", false
	for f, rest := range l.counting() {
		if !shown || f.Module != last {
			if shown {
				t.heading("")
			}
			shown = true
			t.heading(o.paint(bold, Escape(f.Module)))
			last = f.Module
		}
		t.add(styled(severityStyle(f.Severity), f.Severity.String()), text(f.Rule), lines(findingLines(f, rest)...))
	}
	if err := t.write(w); err != nil {
		return err
	}
	if o.Quiet {
		return nil
	}
	var b strings.Builder
	if shown {
		b.WriteByte('\n')
	}
	st := green
	switch {
	case l.Verdict.Summary.Error > 0 || l.Verdict.Summary.Errors > 0:
		st = red
	case l.Verdict.Summary.Warning > 0:
		st = yellow
	}
	b.WriteString(o.paint(st, l.Summary()) + "\n")
	for _, line := range l.Lacks(o.Verbose) {
		for _, part := range wrap(line, o.width()) {
			b.WriteString(o.paint(dim, part) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// findingLines are the message, with what counting says behind it, and, a line each, where it is, what the kernel
// answers, and what else to look at.
func findingLines(f *finding.Finding, rest string) []string {
	out := []string{f.Message + translated(f) + rest}
	if at := place(f.Location); at != "" {
		out = append(out, "at "+at)
	}
	if k := f.Kernel; k != nil && k.Errno+k.Text() != "" {
		parts := []string{"kernel"}
		for _, s := range []string{k.Errno, k.Text()} {
			if s != "" {
				parts = append(parts, s)
			}
		}
		out = append(out, strings.Join(parts, ": "))
	}
	for _, r := range f.Related {
		s := fmt.Sprintf("see %s: %s", r.Module, r.Message)
		if at := place(r.Location); at != "" {
			s += " (" + at + ")"
		}
		out = append(out, s)
	}
	return out
}
