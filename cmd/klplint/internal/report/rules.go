package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/rules"
)

// RulesText writes one rule a line: ID, severity, and title. A rule whose severity
// varies, or that has to be enabled, says so.
func RulesText(w io.Writer, list []*rules.Rule, _ Options) error {
	for _, r := range list {
		off := ""
		if len(r.Also) > 0 {
			off = " (" + r.Severities() + ")"
		}
		if r.NonDefault {
			off += " (off by default)"
		}
		if _, err := fmt.Fprintf(w, "%s %s %s%s\n", r.ID(), r.Severity, r.Title(), off); err != nil {
			return err
		}
	}
	return nil
}

// severities is the rule's own, and a mark where it varies: explain says when.
func severities(r *rules.Rule) string {
	if len(r.Also) > 0 {
		return r.Severity.String() + "*"
	}
	return r.Severity.String()
}

// RulesTable writes the rules as a table.
func RulesTable(w io.Writer, list []*rules.Rule, o Options) error {
	t := newTable(o, column{title: "rule", fixed: true}, column{title: "severity", fixed: true}, column{title: "title"},
		column{title: "needs", fixed: true}, column{title: "tags"})
	family := ""
	for _, r := range list {
		if f := r.ID()[:min(4, len(r.ID()))]; f != family {
			t.rule()
			family = f
		}
		title := r.Title()
		if r.NonDefault {
			title += " (off by default)"
		}
		t.add(text(r.ID()), styled(severityStyle(r.Severity), severities(r)), text(title), text(strings.Join(r.Needs(), ", ")),
			styled(dim, strings.Join(r.Tags, ", ")))
	}
	if err := t.write(w); err != nil {
		return err
	}
	_, err := io.WriteString(w, variesLine+"\n")
	return err
}

const variesLine = "* the severity of its findings varies: klplint explain ID says when"

// RulesMarkdown writes the table of README.md.
func RulesMarkdown(w io.Writer, list []*rules.Rule) error {
	var b strings.Builder
	b.WriteString("| rule | severity | what it finds |\n|---|---|---|\n")
	for _, r := range list {
		off := ""
		if r.NonDefault {
			off = " (off by default)"
		}
		fmt.Fprintf(&b, "| %s | %s | %s%s |\n", r.ID(), r.Severities(), strings.ReplaceAll(r.Title(), "|", `\|`), off)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
