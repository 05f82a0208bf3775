package yamldoc

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// Error is a mistake in a document.
type Error struct {
	File         string // as given to Parse
	Line, Column int    // from 1; 0 where the file as a whole is meant
	Message      string // what is wrong
	Excerpt      string // the line, and under it a caret; "" without a place
}

// Error writes the message with its place, without the excerpt.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// excerptWidth bounds the shown part of a line, in characters.
const excerptWidth = 72

// at makes an error for a place in the source.
func (d *Document) at(line, column int, message string) *Error {
	e := &Error{File: d.name, Line: line, Column: column, Message: message}
	rest := d.source
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
func (d *Document) syntax(err error) *Error {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil && y.GetToken().Position != nil {
		p := y.GetToken().Position
		return d.at(p.Line, p.Column, y.GetMessage())
	}
	message, _, _ := strings.Cut(err.Error(), "\n")
	return d.whole("%s", message)
}
