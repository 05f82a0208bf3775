package report

import (
	"io"

	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/rules"
)

// RulesJSON writes {"schema":1,"rules":[...]}, a rule with id, title,
// severity, since, tags, default (it runs unless disabled), needs and doc.
func RulesJSON(w io.Writer, list []*rules.Rule) error {
	e := newEncoder(w)
	e.open('{')
	e.uint("schema", 1)
	e.rules(list)
	e.close('}')
	e.b = append(e.b, '\n')
	return e.finish()
}

// ExplainJSON writes RulesJSON's object with "questions" beside the rules.
func ExplainJSON(w io.Writer, list []*rules.Rule, questions []replace.Question) error {
	e := newEncoder(w)
	e.open('{')
	e.uint("schema", 1)
	e.rules(list)
	e.key("questions")
	e.open('[')
	for _, q := range questions {
		e.line()
		e.open('{')
		e.str("id", q.ID)
		e.str("question", q.Question)
		e.str("decision", q.Decision)
		e.str("why", q.Why)
		e.strs("models", q.Models)
		e.close('}')
	}
	e.close(']')
	e.close('}')
	e.b = append(e.b, '\n')
	return e.finish()
}

func (e *encoder) rules(list []*rules.Rule) {
	e.key("rules")
	e.open('[')
	for _, r := range list {
		e.line()
		e.open('{')
		e.str("id", r.ID())
		e.str("title", r.Title())
		e.str("severity", r.Severity.String())
		e.str("since", r.Since)
		e.strs("tags", r.Tags)
		e.bool("default", !r.NonDefault)
		e.strs("needs", r.Needs())
		e.str("doc", r.Analyzer.Doc)
		e.close('}')
		e.flushIf()
	}
	e.close(']')
}
