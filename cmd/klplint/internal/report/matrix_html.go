package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/matrix"
	"github.com/klplint/klplint/finding"
)

const (
	// maxGridCells bounds the cells of one page. JSON has all.
	maxGridCells = 200_000
	// uprightColumns are how many kernels stand side by side in a table's head
	// before their names are turned.
	uprightColumns = 5
)

// MatrixHTML writes one page that stands alone: for each patch a table whose head
// and first column stay where they are while the rest moves, and what differs.
func MatrixHTML(w io.Writer, m *matrix.Matrix, _ Options) error {
	var counts [finding.Error + 1]int
	for i := range m.Rows {
		for _, d := range m.Rows[i].Differences {
			counts[d.Severity]++
		}
	}
	verdict, class := "nothing differs", "pass"
	for _, s := range []finding.Severity{finding.Info, finding.Warning, finding.Error} {
		if counts[s] > 0 {
			verdict, class = count(counts[s], s.String()), s.String()
		}
	}
	p := newPage(w, "klplint matrix: "+verdict, len(m.Columns) > uprightColumns)
	p.head("klplint matrix", verdict, class, count(len(m.Rows), "patch")+" on "+count(len(m.Columns), "kernel")+".")
	var links []link
	for i := range m.Rows {
		links = append(links, link{fmt.Sprintf("p%d", i+1), m.Rows[i].Patch})
	}
	p.contents(links)
	left := maxGridCells
	for i := range m.Rows {
		p.patch(m, i, &left)
	}
	return p.close(m.Version)
}

// patch writes the section of one row of the matrix. left is how many cells the page
// may still have.
func (p *page) patch(m *matrix.Matrix, at int, left *int) {
	r := &m.Rows[at]
	p.printf("<section aria-labelledby=\"p%d\">\n<h2 id=\"p%d\"><code>%s</code></h2>\n", at+1, at+1, wrapping(r.Patch))
	rows := matrixRows(m, r)
	shown := min(len(rows), *left/(len(m.Columns)+1))
	*left -= shown * (len(m.Columns) + 1)
	p.printf("<div class=\"scroll grid\" role=\"region\" tabindex=\"0\" aria-label=\"funcs of %s by kernel\">\n<table class=\"matrix\">\n<caption>%s, %s: ● patched, – not patched; a name, or the end of a longer one: patched under that</caption>\n<thead><tr><th scope=\"col\">func</th>",
		esc(r.Patch), count(len(r.Funcs), "func"), count(len(m.Columns), "kernel"))
	turned := ""
	if len(m.Columns) > uprightColumns {
		turned = " class=\"many\""
	}
	for _, k := range m.Columns {
		p.printf("<th scope=\"col\"><span%s>%s</span></th>", turned, esc(k.String()))
	}
	p.printf("</tr></thead>\n<tbody>\n")
	for _, row := range rows[:shown] {
		class := ""
		for col, v := range row[1:] {
			if v == "-" && r.Cells[col].Module != nil {
				class = " class=\"shared\""
			}
		}
		p.printf("<tr%s><th scope=\"row\"><code>%s</code></th>", class, wrapping(row[0]))
		for col, v := range row[1:] {
			if _, name, ok := strings.Cut(row[0], ":"); ok && v != name { // a copy of the compiler's: its suffix is enough
				v = cmp.Or(strings.TrimPrefix(v, name), v)
			}
			p.gridCell(v, r.Cells[col].Module != nil, turned)
		}
		p.printf("</tr>\n")
	}
	p.printf("</tbody>\n</table>\n</div>\n")
	if n := len(rows) - shown; n > 0 {
		p.printf("<p>Left out: %s, --format json has all.</p>\n", count(n, "line"))
	}
	for i := range r.Differences {
		d := &r.Differences[i]
		if i == maxPageFindings {
			p.printf("<p>And %d more.</p>\n", len(r.Differences)-i)
			break
		}
		p.printf("<div class=\"finding is-%s\"><p><strong class=\"%s\">%s</strong> %s</p></div>\n", d.Severity, d.Severity, d.Severity, esc(matrixDifference(d)))
	}
	p.printf("</section>\n")
}

func (p *page) gridCell(v string, built bool, turned string) {
	switch {
	case !built && v == "":
		p.printf("<td class=\"none\"></td>")
	case v == "yes":
		p.printf("<td><span aria-hidden=\"true\">●</span><span class=\"hidden\">patched</span></td>")
	case v == "-":
		p.printf("<td class=\"lacks\"><span aria-hidden=\"true\">–</span><span class=\"hidden\">not patched</span></td>")
	case turned != "" && len(v) > 4:
		p.printf("<td><span%s>%s</span></td>", turned, esc(v))
	default:
		p.printf("<td>%s</td>", strings.ReplaceAll(wrapping(v), " ", "<br>"))
	}
}
