package input

import (
	"bufio"
	"bytes"
	"io"
)

// maxPath bounds one path in a list, in bytes; Linux takes 4,096.
const maxPath = 64 << 10

// list takes the paths of a list: files and folders as they are spelled, no
// patterns, no further lists. Empty lines are ignored, and a carriage
// return before the line break too.
func (e *expander) list(name string, r io.Reader) {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 4<<10), maxPath)
	if e.NUL {
		s.Split(splitNUL)
	}
	n := 0
	for s.Scan() {
		if len(s.Bytes()) == 0 {
			continue
		}
		n++
		path := s.Text()
		if err := e.path(path); err != nil {
			e.fail(path, err)
		}
	}
	if err := s.Err(); err != nil {
		e.fail(name, cause(err))
	} else if n == 0 && !e.AllowEmpty {
		e.fail(name, ErrEmptyList)
	}
}

// splitNUL is a bufio.SplitFunc for NUL-terminated paths.
func splitNUL(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
