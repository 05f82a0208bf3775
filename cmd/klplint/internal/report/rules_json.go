package report

import (
	"io"

	"github.com/klplint/klplint/cmd/klplint/internal/report/jsonform"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/rules"
)

// RulesJSON writes the JSON of rules.
func RulesJSON(w io.Writer, list []*rules.Rule, _ Options) error {
	return jsonform.Write(w, &jsonform.Rules{Schema: jsonform.Version, Rules: eachForm(list, jsonRule)})
}

// ExplainJSON writes the JSON of explain.
func ExplainJSON(w io.Writer, e *Explanation, _ Options) error {
	return jsonform.Write(w, &jsonform.Explanations{
		Schema: jsonform.Version, Rules: eachForm(e.Rules, jsonRule),
		Models: eachForm(e.Models, func(m *replace.Model) jsonform.Model {
			return jsonform.Model{Name: (*m).Name(), About: (*m).About()}
		}),
		Questions: eachForm(e.Questions, func(q *replace.Question) jsonform.Question {
			return jsonform.Question{ID: q.ID, Question: q.Question, Decision: q.Decision, Why: q.Why, Models: listOf(q.Models)}
		}),
	})
}

func jsonRule(rule **rules.Rule) jsonform.Rule {
	r := *rule
	var also []string
	for _, s := range r.Also {
		also = append(also, s.String())
	}
	return jsonform.Rule{
		Also: also, Page: r.Page(),
		ID: r.ID(), Title: r.Title(), Severity: r.Severity.String(), Since: r.Since, Tags: listOf(r.Tags),
		Default: !r.NonDefault, Needs: listOf(r.Needs()), Doc: r.Analyzer.Doc,
	}
}
