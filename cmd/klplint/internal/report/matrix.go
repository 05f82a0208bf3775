package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/matrix"
)

// MatrixText writes one line for each func, state and difference of each patch.
func MatrixText(w io.Writer, m *matrix.Matrix, _ Options) error {
	b := bufio.NewWriter(w)
	for i := range m.Rows {
		r := &m.Rows[i]
		for _, d := range r.Differences {
			fmt.Fprintf(b, "%s: %v: %s\n", Escape(r.Patch), d.Severity, Escape(matrixDifference(&d)))
		}
		for j := range r.Funcs {
			l := &r.Funcs[j]
			fmt.Fprintf(b, "%s: func %s:%s:", Escape(r.Patch), Escape(l.Object), Escape(l.Name))
			for col, k := range m.Columns {
				fmt.Fprintf(b, " [%s: %s]", Escape(k.String()), Escape(matrixFunc(r, l, col)))
			}
			b.WriteByte('\n')
		}
	}
	return b.Flush()
}

func matrixDifference(d *matrix.Difference) string {
	if d.Subject == "" {
		return d.Kind + ": " + d.Message
	}
	return d.Kind + " " + d.Subject + ": " + d.Message
}

// matrixFunc is one cell: the names that are not the line's own, "yes", "-" for
// a func that the build lacks, and "" where there is no build.
func matrixFunc(r *matrix.Row, l *matrix.Line, col int) string {
	switch {
	case r.Cells[col].Module == nil:
		return ""
	case l.Missing(r, col):
		return "-"
	case len(l.Cells[col]) == 1 && l.Cells[col][0] == l.Name:
		return "yes"
	}
	return strings.Join(l.Cells[col], " ")
}

func matrixState(r *matrix.Row, s *matrix.StateLine, col int) string {
	switch {
	case r.Cells[col].Module == nil:
		return ""
	case s.Cells[col] == nil:
		return "-"
	}
	return "version " + strconv.FormatUint(uint64(*s.Cells[col]), 10)
}

// MatrixTable writes a table for each patch, and below it what differs.
func MatrixTable(w io.Writer, m *matrix.Matrix, o Options) error {
	for i := range m.Rows {
		r := &m.Rows[i]
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		columns := []column{{title: Escape(r.Patch)}}
		for _, k := range m.Columns {
			columns = append(columns, column{title: Escape(k.String())})
		}
		t := newTable(o, columns...)
		for _, row := range matrixRows(m, r) {
			cells := []cell{text(row[0])}
			for col, v := range row[1:] {
				st := plain
				if v == "-" && r.Cells[col].Module != nil {
					st = red
				}
				cells = append(cells, styled(st, v))
			}
			t.add(cells...)
		}
		if err := t.write(w); err != nil {
			return err
		}
		for _, d := range r.Differences {
			line := o.paint(severityStyle(d.Severity), d.Severity.String()) + ": " + Escape(matrixDifference(&d))
			if _, err := fmt.Fprintln(w, line); err != nil {
				return err
			}
		}
	}
	return nil
}

// matrixRows are the lines of a patch with their cells, unescaped.
func matrixRows(m *matrix.Matrix, r *matrix.Row) [][]string {
	var rows [][]string
	add := func(title string, cell func(col int) string) {
		row := []string{title}
		for col := range m.Columns {
			row = append(row, cell(col))
		}
		rows = append(rows, row)
	}
	for i := range r.Funcs {
		l := &r.Funcs[i]
		add(l.Object+":"+l.Name, func(col int) string { return matrixFunc(r, l, col) })
	}
	for i := range r.States {
		s := &r.States[i]
		add("state "+strconv.FormatUint(s.ID, 10), func(col int) string { return matrixState(r, s, col) })
	}
	add("replace", func(col int) string { return r.Replace[col] })
	add("module", func(col int) string {
		if mod := r.Cells[col].Module; mod != nil {
			return diffName(mod)
		}
		return "no build"
	})
	return rows
}

// MatrixMarkdown writes a section with a table for each patch.
func MatrixMarkdown(w io.Writer, m *matrix.Matrix, _ Options) error {
	b := bufio.NewWriter(w)
	for i := range m.Rows {
		r := &m.Rows[i]
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "## %s\n\n|", markdownText(r.Patch))
		for _, k := range m.Columns {
			fmt.Fprintf(b, " | %s", markdownText(k.String()))
		}
		b.WriteString(" |\n|" + strings.Repeat("---|", len(m.Columns)+1) + "\n")
		for _, row := range matrixRows(m, r) {
			for _, c := range row {
				b.WriteString("| " + markdownText(c) + " ")
			}
			b.WriteString("|\n")
		}
		if len(r.Differences) > 0 {
			b.WriteByte('\n')
		}
		for _, d := range r.Differences {
			markdownWrap(b, "- ", "  ", d.Severity.String()+": "+matrixDifference(&d))
		}
	}
	return b.Flush()
}
