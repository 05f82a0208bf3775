package plan

import "fmt"

// Error is a mistake in a plan.
type Error struct {
	Line, Column int    // from 1; 0 where the file as a whole is meant
	Message      string // what is wrong
	Excerpt      string // the line, and under it a caret; "" without a place
}

// Error writes the message with its place, the excerpt below.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	s := fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
	if e.Excerpt != "" {
		s += "\n" + e.Excerpt
	}
	return s
}
