package plan

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

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

// excerptWidth bounds the shown part of a line, in characters.
const excerptWidth = 72

// at makes an error for a place in the source.
func at(source string, line, column int, message string) *Error {
	e := &Error{Line: line, Column: column, Message: message}
	rest := source
	for i := 1; i < line; i++ {
		_, after, ok := strings.Cut(rest, "\n")
		if !ok {
			return e
		}
		rest = after
	}
	text, _, _ := strings.Cut(rest, "\n")
	start := 0
	if column > excerptWidth {
		start = column - excerptWidth
	}
	var shown strings.Builder
	for i := 0; text != "" && i < start+excerptWidth; i++ {
		r, n := utf8.DecodeRuneInString(text)
		text = text[n:]
		if i < start {
			continue
		}
		if r == utf8.RuneError || r < ' ' || r == 0x7f {
			r = ' '
		}
		shown.WriteRune(r)
	}
	prefix := fmt.Sprintf("%5d | ", line)
	e.Excerpt = prefix + shown.String() + "\n" + strings.Repeat(" ", len(prefix)+max(0, column-1-start)) + "^"
	return e
}

// syntax turns the parser's error into one of ours.
func syntax(source string, err error) error {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil && y.GetToken().Position != nil {
		p := y.GetToken().Position
		return at(source, p.Line, p.Column, y.GetMessage())
	}
	message, _, _ := strings.Cut(err.Error(), "\n")
	return &Error{Message: message}
}
