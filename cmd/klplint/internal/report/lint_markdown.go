package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
	"github.com/klplint/klplint/lint"
)

// LintMarkdown writes a report for a merge request or a mail: the verdict, the
// findings by module, then what is waived, not evaluated and not checked.
func LintMarkdown(w io.Writer, l *Lint, _ Options) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "# klplint: %s\n\n%s.\n", l.verdict(), inlineMarkdown(l.Summary()))
	groups := l.byModule()
	for i := range groups {
		g := &groups[i]
		if len(g.open) == 0 && len(g.errors) == 0 {
			continue
		}
		fmt.Fprintf(b, "\n## %s%s\n\n", codeMarkdown(g.path), g.verdictSuffix())
		for _, p := range g.errors {
			fmt.Fprintf(b, "- **could not be checked**: %s\n", inlineMarkdown(problemText(p)))
		}
		for _, i := range g.open {
			markdownFinding(b, l, i)
		}
	}
	accepted := false
	for i := range l.Verdict.Findings {
		if !l.accepted(i) {
			continue
		}
		if !accepted {
			b.WriteString("\n## Waived and known\n\n")
			accepted = true
		}
		f := &l.Verdict.Findings[i].Finding
		fmt.Fprintf(b, "- %s %s: %s (%s)\n", inlineMarkdown(f.Rule), codeMarkdown(f.Module), inlineMarkdown(f.Message), inlineMarkdown(l.why(i)))
	}
	if lines := l.NotEvaluated(); len(lines) > 0 {
		b.WriteString("\n## Not evaluated\n\n")
		for _, line := range lines {
			fmt.Fprintf(b, "- %s\n", inlineMarkdown(strings.TrimPrefix(line, "not evaluated: ")))
		}
	}
	return b.Flush()
}

func markdownFinding(b *bufio.Writer, l *Lint, i int) {
	f := &l.Verdict.Findings[i].Finding
	fmt.Fprintf(b, "- **%s** %s: %s", f.Severity, inlineMarkdown(f.Rule), inlineMarkdown(f.Message+translated(f)))
	if at := place(f.Location); at != "" {
		b.WriteString(" (" + codeMarkdown(at) + ")")
	}
	b.WriteString("\n")
	if f.Kernel != nil && f.Kernel.Errno+f.Kernel.Text() != "" {
		fmt.Fprintf(b, "  - kernel: %s\n", inlineMarkdown(answerText(f.Kernel.Errno, f.Kernel.Text())))
	}
	for n := range f.Related {
		r := &f.Related[n]
		fmt.Fprintf(b, "  - %s: %s", codeMarkdown(r.Module), inlineMarkdown(r.Message))
		if at := place(r.Location); at != "" {
			b.WriteString(" (" + codeMarkdown(at) + ")")
		}
		b.WriteString("\n")
	}
}

// answerText is an errno and what the kernel logs.
func answerText(errno, message string) string {
	switch {
	case errno == "":
		return message
	case message == "":
		return errno
	}
	return errno + ", " + message
}

// problemText is a problem without its path.
func problemText(p *lint.Error) string {
	q := *p
	q.Path = ""
	return strings.TrimPrefix(ProblemLine(q), ": ")
}

// inlineMarkdown makes any string text of one line that Markdown shows as it
// is: no markup, no HTML, no link, no mention of a user or an issue.
func inlineMarkdown(s string) string {
	s = escape.Cut(Escape(s), maxMessage)
	b := make([]byte, 0, len(s)+16)
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '@':
			b = append(b, "@<!-- -->"...) // an escaped one still mentions
			continue
		case strings.IndexByte("\\`*[]<>|&#~!$^", c) >= 0,
			// Within a word an underscore is no markup, and names are full of them.
			c == '_' && (i == 0 || !isWord(s[i-1]) || i+1 == len(s) || !isWord(s[i+1])),
			// A bare address becomes a link.
			c == ':' && strings.HasPrefix(s[i:], "://"),
			c == '.' && strings.HasSuffix(strings.ToLower(s[max(i-3, 0):i]), "www"):
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return string(b)
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// codeMarkdown makes a string a span of code, whatever backquotes it holds.
func codeMarkdown(s string) string {
	s = escape.Cut(Escape(s), maxMessage)
	if s == "" {
		return "`?`"
	}
	run, longest := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if longest > 0 || s[0] == ' ' {
		s = " " + s + " "
	}
	return fence + s + fence
}
