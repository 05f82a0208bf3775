package report

import (
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
)

// columns measures text as a terminal shows it. The locale has no say: output
// is the same everywhere.
func columns(s string) int {
	if escape.Plain(s) {
		return len(s)
	}
	c := runewidth.Condition{StrictEmojiNeutral: true}
	return c.StringWidth(s)
}

// wrap splits s, already escaped, into lines of at most width columns: at the
// last blank in the line's second half, else behind the last punctuation of
// names and paths there, else anywhere.
func wrap(s string, width int) []string {
	if width < 1 {
		return []string{s}
	}
	var lines []string
	for {
		end := prefix(s, width)
		if end == len(s) {
			return append(lines, s)
		}
		cut := end
		if i := strings.LastIndexByte(s[:end+1], ' '); i > end/2 {
			cut = i
		} else if i := strings.LastIndexAny(s[:end], seams); i > end/2 {
			cut = i + 1
		} else if i := strings.LastIndexByte(s[:end+1], ' '); i > 0 {
			cut = i // a short line is better than a broken word
		} else if i := strings.LastIndexAny(s[:end], seams); i >= 0 {
			cut = i + 1
		}
		lines = append(lines, strings.TrimRight(s[:cut], " "))
		s = strings.TrimLeft(s[cut:], " ")
	}
}

// fold splits s, already escaped, into lines of at most width columns: at blanks,
// and in a word only where the word alone is longer than a line (see wrap). But
// for the blank at the end of a line nothing is lost.
func fold(s string, width int) []string {
	var lines []string
	line, begun := "", false
	for word := range strings.SplitSeq(s, " ") {
		switch {
		case !begun:
			line, begun = word, true
		case columns(line)+1+columns(word) <= width:
			line += " " + word
			continue
		default:
			lines = append(lines, line)
			line = word
		}
		if columns(line) > width {
			pieces := wrap(line, width)
			lines = append(lines, pieces[:len(pieces)-1]...)
			line = pieces[len(pieces)-1]
		}
	}
	return append(lines, line)
}

// seams are where a name may be broken: behind one of these.
const seams = "/_.,:-"

// longestPiece returns the columns of the longest part of s that should not be
// broken.
func longestPiece(s string) int {
	longest := 0
	for s != "" {
		end := strings.IndexAny(s, " "+seams)
		if end < 0 {
			return max(longest, columns(s))
		}
		piece := s[:end+1]
		if s[end] == ' ' {
			piece = s[:end]
		}
		longest = max(longest, columns(piece))
		s = s[end+1:]
	}
	return longest
}

// prefix returns the length in bytes of the longest beginning of s that takes
// at most width columns, and at least one character.
func prefix(s string, width int) int {
	c := runewidth.Condition{StrictEmojiNeutral: true}
	n, used := 0, 0
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		used += c.RuneWidth(r)
		if used > width && n > 0 {
			break
		}
		n += size
	}
	return n
}
