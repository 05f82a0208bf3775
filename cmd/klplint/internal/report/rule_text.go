package report

import (
	"strings"
	"unicode"

	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
	"github.com/klplint/klplint/rules"
)

// ruleText is the documentation of a rule, taken apart.
type ruleText struct {
	title  string
	reason string // paragraphs with an empty line between them
	fix    string // without "Fix: "
}

func textOf(r *rules.Rule) ruleText {
	title, rest, _ := strings.Cut(r.Analyzer.Doc, "\n")
	t := ruleText{title: title, reason: strings.TrimSpace(rest)}
	if i := strings.LastIndex(t.reason, "Fix: "); i == 0 || i > 0 && t.reason[i-1] == '\n' {
		t.reason, t.fix = strings.TrimSpace(t.reason[:i]), strings.TrimSpace(t.reason[i+len("Fix: "):])
	}
	return t
}

// whole is the documentation without its title.
func (t *ruleText) whole() string {
	if t.fix == "" {
		return t.reason
	}
	return strings.TrimSpace(t.reason + "\n\nFix: " + t.fix)
}

// ruleName makes a name of a title, as SARIF wants one beside the ID: "nothing
// to patch" becomes NothingToPatch.
func ruleName(title string) string {
	var b strings.Builder
	up := true
	for _, r := range title {
		switch {
		case r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r):
			up = true
			continue
		case up:
			r = unicode.ToUpper(r)
		}
		up = false
		b.WriteRune(r)
	}
	return escape.Cut(b.String(), 255)
}

// ruleByID finds one of the chosen rules; nil for an ID of elsewhere.
func (l *Lint) ruleByID(id string) *rules.Rule {
	for _, r := range l.Rules {
		if r.ID() == id {
			return r
		}
	}
	return nil
}
