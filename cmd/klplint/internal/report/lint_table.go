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
	shown, err := l.findingTable(w, o)
	if err != nil {
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
	_, err = io.WriteString(w, b.String())
	return err
}

// findingTable writes the findings, or their numbers, and reports whether there
// are any.
func (l *Lint) findingTable(w io.Writer, o Options) (shown bool, err error) {
	if l.View.Statistics {
		return len(l.statistics()) > 0, l.statisticsTable(w, o)
	}
	t := newTable(o, column{title: "severity", fixed: true}, column{title: "rule", fixed: true}, column{title: "finding"})
	last := ""
	for f := range l.view() {
		if !shown || f.group != last {
			if shown {
				t.heading("")
			}
			shown = true
			t.heading(o.paint(bold, Escape(f.group)))
			last = f.group
		}
		all := findingLines(f.Finding, f.rest)
		if l.View.GroupBy == GroupByRule {
			all = append([]string{f.Module}, all...)
		}
		t.add(styled(severityStyle(f.Severity), f.Severity.String()), text(f.Rule), lines(all...))
	}
	return shown, t.write(w)
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
