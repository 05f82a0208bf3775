package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/rules"
)

// Explanation is what explain shows.
type Explanation struct {
	Rules     []*rules.Rule
	Models    []replace.Model
	Questions []replace.Question
}

// ExplainText writes each rule's documentation in full, each model in a paragraph, and
// each question with what is assumed.
func ExplainText(w io.Writer, e *Explanation, o Options) error {
	var b strings.Builder
	for _, r := range e.Rules {
		explainRule(&b, r, o)
	}
	for _, m := range e.Models {
		fmt.Fprintf(&b, "\n%s\n\n%s\n", o.paint(bold, m.Name()), m.About())
	}
	for _, q := range e.Questions {
		explainQuestion(&b, q, o)
	}
	_, err := io.WriteString(w, strings.TrimPrefix(b.String(), "\n"))
	return err
}

func explainRule(b *strings.Builder, r *rules.Rule, o Options) {
	title, body, _ := strings.Cut(strings.TrimSpace(r.Analyzer.Doc), "\n")
	fmt.Fprintf(b, "\n%s %s\n", o.paint(bold, r.ID()), o.paint(bold, title))
	facts := []string{"severity " + r.Severities(), "needs " + strings.Join(r.Needs(), ", ")}
	if r.Since != "" {
		facts = append(facts, "since "+r.Since)
	}
	if len(r.Tags) > 0 {
		facts = append(facts, "tags "+strings.Join(r.Tags, ", "))
	}
	if r.NonDefault {
		facts = append(facts, "off by default")
	}
	b.WriteString(o.paint(dim, strings.Join(facts, "; ")) + "\n")
	b.WriteString("\n" + strings.TrimSpace(body) + "\n")
	if page := r.Page(); page != "" {
		b.WriteString("\n" + o.paint(dim, page) + "\n")
	}
}

func explainQuestion(b *strings.Builder, q replace.Question, o Options) {
	fmt.Fprintf(b, "\n%s %s\n", o.paint(bold, q.ID), o.paint(bold, q.Question))
	b.WriteString(o.paint(dim, "models "+strings.Join(q.Models, ", ")) + "\n")
	for _, part := range []string{q.Decision, "Why: " + q.Why} {
		b.WriteByte('\n')
		for _, line := range wrap(part, min(80, o.width())) {
			b.WriteString(line + "\n")
		}
	}
}
