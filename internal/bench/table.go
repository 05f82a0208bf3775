package bench

import (
	"strings"
	"unicode/utf8"
)

// table is a table in Markdown whose columns also line up as plain text. The
// cells are this package's own: nothing in them needs to be escaped.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) String() string {
	width := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var out strings.Builder
	line := func(cells []string, fill string) {
		for i := range t.head {
			cell := ""
			if i < len(cells) {
				cell = cells[i]
			}
			out.WriteString("| " + cell + strings.Repeat(fill, width[i]-utf8.RuneCountInString(cell)) + " ")
		}
		out.WriteString("|\n")
	}
	line(t.head, " ")
	line(nil, "-")
	for _, row := range t.rows {
		line(row, " ")
	}
	return out.String()
}
