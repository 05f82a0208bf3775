package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// table gathers rows and draws them no wider than the options allow. Cells are
// escaped and wrapped here, so that the widths are right whatever a module
// holds; the library draws.
type table struct {
	options Options
	columns []column
	rows    []tableRow
}

// column is one column of a table.
type column struct {
	title string
	right bool // numbers
	fixed bool // never wrapped to make the table fit
}

// cell is one cell: a line or several, in one style.
type cell struct {
	lines []string
	style style
}

// tableRow is a row of cells, or a line that stands instead of one.
type tableRow struct {
	cells []cell
	kind  rowKind
	text  string // of a heading
}

type rowKind int8

const (
	rowCells rowKind = iota
	rowRule          // a line across the table
	rowHeading
)

// text is a cell of one line.
func text(s string) cell { return cell{lines: []string{s}} }

// lines is a cell of several lines.
func lines(s ...string) cell { return cell{lines: s} }

// styled is a cell of one line in a style.
func styled(st style, s string) cell { return cell{lines: []string{s}, style: st} }

func newTable(o Options, columns ...column) *table {
	return &table{options: o, columns: columns}
}

// add appends a row. Cells that are left out are empty. Text is escaped here:
// hand it over raw.
func (t *table) add(cells ...cell) {
	row := make([]cell, len(t.columns))
	for i := range row {
		if i >= len(cells) {
			continue
		}
		row[i].style = cells[i].style
		for _, l := range cells[i].lines {
			row[i].lines = append(row[i].lines, Escape(l))
		}
	}
	t.rows = append(t.rows, tableRow{cells: row})
}

// rule appends a line across the table, between groups of rows.
func (t *table) rule() {
	if n := len(t.rows); n > 0 && t.rows[n-1].kind != rowRule {
		t.rows = append(t.rows, tableRow{kind: rowRule})
	}
}

// heading appends a line of text across the columns, already escaped and
// painted.
func (t *table) heading(s string) {
	t.rows = append(t.rows, tableRow{kind: rowHeading, text: s})
}

// separation is the number of blanks between two columns.
const separation = 2

// minimum is the width below which a column is not squeezed.
const minimum = 12

// widths returns the columns' widths such that the table fits if it can: the
// widest column that may be wrapped gives first, down to its longest word, at first
// not below the minimum; where that is not enough, words are broken.
func (t *table) widths() []int {
	floors := make([]int, len(t.columns))
	pieces := make([]int, len(t.columns))
	whole := make([]int, len(t.columns))
	for i, c := range t.columns {
		pieces[i] = columns(c.title)
		floors[i] = max(minimum, pieces[i])
		for _, r := range t.rows {
			if r.kind != rowCells {
				continue
			}
			for _, l := range r.cells[i].lines {
				pieces[i] = max(pieces[i], longestPiece(l))
			}
		}
		whole[i] = max(floors[i], pieces[i])
	}
	for _, f := range [][]int{whole, pieces} {
		if w, fits := t.squeeze(f); fits {
			return w
		}
	}
	w, _ := t.squeeze(floors)
	return w
}

// squeeze is widths with a floor for each column. It reports whether the table
// fits.
func (t *table) squeeze(floors []int) (w []int, fits bool) {
	w = make([]int, len(t.columns))
	total := separation * (len(w) - 1)
	for i, c := range t.columns {
		w[i] = columns(c.title)
		for _, r := range t.rows {
			if r.kind != rowCells {
				continue
			}
			for _, l := range r.cells[i].lines {
				w[i] = max(w[i], columns(l))
			}
		}
		total += w[i]
	}
	for total > t.options.width() {
		widest := -1
		for i, c := range t.columns {
			if !c.fixed && w[i] > floors[i] && (widest < 0 || w[i] > w[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return w, false
		}
		// Down to the next widest column, the floor, or what is needed.
		floor := floors[widest]
		for i, c := range t.columns {
			if i != widest && !c.fixed && w[i] < w[widest] {
				floor = max(floor, w[i])
			}
		}
		give := max(1, min(total-t.options.width(), w[widest]-floor))
		w[widest] -= give
		total -= give
	}
	return w, true
}

// write draws the table. A table without rows draws nothing.
func (t *table) write(w io.Writer) error {
	if len(t.rows) == 0 {
		return nil
	}
	widths := t.widths()
	across := 0
	for _, n := range widths {
		across += n + separation
	}
	line := t.options.paint(dim, strings.Repeat("─", max(0, across-separation)))

	var drawn strings.Builder
	var body [][]string
	heights := make([]int, 0, len(t.rows)) // of each row in lines; 0 for a rule or heading
	for i, c := range t.columns {
		title := c.title
		if c.right {
			title = strings.Repeat(" ", widths[i]-columns(title)) + title
		}
		if i == 0 {
			body = append(body, make([]string, len(t.columns)))
		}
		body[0][i] = t.options.paint(bold, title)
	}
	for _, r := range t.rows {
		if r.kind != rowCells {
			heights = append(heights, 0)
			continue
		}
		row, height := t.drawCells(r.cells, widths)
		body = append(body, row)
		heights = append(heights, height)
	}
	tab := tablewriter.NewTable(&drawn,
		tablewriter.WithConfig(tablewriter.Config{
			Row:      tw.CellConfig{Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone}, Alignment: tw.CellAlignment{Global: tw.AlignLeft}},
			Behavior: tw.Behavior{TrimSpace: tw.Off, TrimLine: tw.Off},
		}),
		tablewriter.WithEastAsian(false),
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleNone),
			Settings: tw.Settings{
				Separators: tw.Separators{BetweenColumns: tw.Off, BetweenRows: tw.Off, ShowHeader: tw.Off, ShowFooter: tw.Off},
				Lines:      tw.LinesNone,
			},
		})),
		tablewriter.WithPadding(tw.Padding{Left: tw.Empty, Right: strings.Repeat(tw.Space, separation), Overwrite: true}),
	)
	if err := tab.Bulk(body); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	if err := tab.Render(); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	return t.assemble(w, drawn.String(), heights, line)
}

// drawCells wraps the cells of one row, colours each line, and returns the
// row's height in lines.
func (t *table) drawCells(cells []cell, widths []int) (row []string, height int) {
	row, height = make([]string, len(cells)), 1
	for i, c := range cells {
		var all []string
		for _, l := range c.lines {
			for _, part := range wrap(l, widths[i]) {
				pad := ""
				if t.columns[i].right {
					pad = strings.Repeat(" ", max(0, widths[i]-columns(part)))
				}
				all = append(all, pad+t.options.paint(c.style, part))
			}
		}
		row[i] = strings.Join(all, "\n")
		height = max(height, len(all))
	}
	return row, height
}

// assemble puts rules and headings between the drawn rows and cuts blanks at
// the ends.
func (t *table) assemble(w io.Writer, drawn string, heights []int, line string) error {
	source := strings.Split(strings.TrimSuffix(drawn, "\n"), "\n")
	var b strings.Builder
	next := func() {
		if len(source) > 0 {
			b.WriteString(trimLine(source[0]))
			b.WriteByte('\n')
			source = source[1:]
		}
	}
	next()
	b.WriteString(line + "\n")
	for i, r := range t.rows {
		switch r.kind {
		case rowRule:
			b.WriteString(line + "\n")
		case rowHeading:
			b.WriteString(r.text + "\n")
		case rowCells:
			for range heights[i] {
				next()
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// trimLine cuts the blanks at a line's end, also those before and between the
// codes that end a colour.
func trimLine(line string) string {
	const reset = "\x1b[0m"
	cut := false
	for {
		line = strings.TrimRight(line, " ")
		shorter, ok := strings.CutSuffix(line, reset)
		if !ok {
			break
		}
		line, cut = shorter, true
	}
	if cut && strings.Contains(line, "\x1b") {
		line += reset
	}
	return line
}
