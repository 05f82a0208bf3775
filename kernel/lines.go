package kernel

import (
	"bytes"
	"iter"
)

// textLines gives the lines of a text that are not blank, without the white
// space at their ends, and where each begins.
func textLines(text []byte) iter.Seq2[int, []byte] {
	return func(yield func(offset int, line []byte) bool) {
		offset := 0
		for line := range bytes.Lines(text) {
			at := offset
			offset += len(line)
			if line = bytes.TrimRight(line, " \t\r\n"); len(line) > 0 && !yield(at, line) {
				return
			}
		}
	}
}
