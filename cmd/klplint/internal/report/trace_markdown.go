package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/replace/plan"
)

// TraceMarkdown writes traces as Markdown that reads as plain text too: no line
// is longer than mailWidth columns unless one word is.
func TraceMarkdown(w io.Writer, t *Trace, _ Options) error {
	traces := t.Traces
	b := bufio.NewWriter(w)
	if len(traces) > 1 {
		markdownBeside(b, traces)
	}
	for i := range traces {
		t := &traces[i]
		fmt.Fprintf(b, "## %s\n\n", markdownText(traceTitle(t)))
		if t.NotJudged != "" {
			markdownWrap(b, "", "", "Not judged: "+t.NotJudged)
			fmt.Fprintln(b)
			continue
		}
		for s := range t.Steps {
			r := &t.Steps[s]
			first := fmt.Sprintf("%d. ", s+1)
			indent := strings.Repeat(" ", len(first))
			markdownWrap(b, first, indent, stepTitle(r)+": "+outcomeOf(&r.Decision))
			active := "nothing"
			if len(r.Active) > 0 {
				active = strings.Join(activeOf(r), ", ")
			}
			markdownWrap(b, indent+"- ", indent+"  ", "active: "+active)
			if r.Decision.Accepted() {
				for _, o := range ownersOf(r, 8) {
					markdownWrap(b, indent+"- ", indent+"  ", "runs "+o)
				}
			}
			for _, n := range notesOf(t, s) {
				markdownWrap(b, indent+"- ", indent+"  ", n)
			}
		}
		if list := assumptionsOf(t); len(list) > 0 {
			fmt.Fprintln(b)
			for _, a := range list {
				markdownWrap(b, "- ", "  ", a)
			}
		}
		if t.Unreached > 0 {
			fmt.Fprintf(b, "\n%s.\n", unreached(t))
		}
		if i < len(traces)-1 {
			fmt.Fprintln(b)
		}
	}
	return b.Flush()
}

// markdownBeside is a narrow table: steps by number, outcomes in one word.
func markdownBeside(b *bufio.Writer, traces []plan.Trace) {
	differs := plan.Differences(traces)
	var judged []*plan.Trace
	for i := range traces {
		if traces[i].NotJudged == "" {
			judged = append(judged, &traces[i])
		}
	}
	if len(judged) < 2 {
		return
	}
	rows := [][]string{{"step"}, {"---"}}
	for i, t := range judged {
		title := t.Model
		if t.Reading != "" {
			title = fmt.Sprintf("%s %d", t.Model, i+1)
		}
		rows[0] = append(rows[0], title)
		rows[1] = append(rows[1], strings.Repeat("-", len(title)))
	}
	for i, different := range differs {
		row := []string{fmt.Sprint(i + 1)}
		if different {
			row[0] += "*"
		}
		for _, t := range judged {
			word := "-"
			if i < len(t.Steps) {
				word = string(t.Steps[i].Decision.Outcome)
			}
			row = append(row, word)
		}
		rows = append(rows, row)
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], len(c))
		}
	}
	for _, row := range rows {
		for i, c := range row {
			fill := " "
			if row[0] == "---" {
				fill = "-"
			}
			fmt.Fprintf(b, "|%s%s", c, strings.Repeat(fill, widths[i]-len(c)))
		}
		b.WriteString("|\n")
	}
	b.WriteString("\n\\* the " + disagreement(traces) + "\n\n")
}

// markdownText escapes a string for Markdown: what a module says stays text.
func markdownText(s string) string {
	var b strings.Builder
	for _, r := range Escape(s) {
		if strings.ContainsRune("\\`*[]<>|&#~!", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// markdownWrap writes text, escaped, in lines that begin with first and then
// with indent.
func markdownWrap(b *bufio.Writer, first, indent, s string) {
	for _, l := range words(markdownText(s), mailWidth-len(indent)) {
		b.WriteString(first + l + "\n")
		first = indent
	}
}

// words breaks at spaces only.
func words(s string, width int) []string {
	var out []string
	line := ""
	for _, w := range strings.Fields(s) {
		if line != "" && columns(line)+1+columns(w) > width {
			out = append(out, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	return append(out, line)
}
