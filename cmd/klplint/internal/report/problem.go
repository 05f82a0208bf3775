package report

import (
	"fmt"

	"github.com/klplint/klplint/lint"
)

// ProblemLine says on one line, escaped, what could not be checked: path,
// place, rule and message.
func ProblemLine(p lint.Error) string {
	s := p.Path
	if p.Section != "" {
		s += ": section " + p.Section
	}
	if p.Offset != 0 {
		s += fmt.Sprintf(": offset 0x%x", p.Offset)
	}
	if p.Rule != "" {
		s += ": " + p.Rule
	}
	return Escape(s + ": " + p.Message)
}
