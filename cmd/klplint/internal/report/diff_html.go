package report

import (
	"io"

	"github.com/klplint/klplint/cmd/klplint/internal/diff"
	"github.com/klplint/klplint/finding"
)

// DiffHTML writes what differs as one page that stands alone.
func DiffHTML(w io.Writer, d *diff.Diff, _ Options) error {
	class := map[finding.Severity]string{0: "pass", finding.Info: "pass", finding.Warning: "warning", finding.Error: "fail"}[diff.Worst(d.Items())]
	p := newPage(w, "klplint diff: "+diffName(d.Old)+" and "+diffName(d.New), false)
	p.head("klplint diff", DiffSummary(d), class, diffName(d.Old)+" → "+diffName(d.New))
	p.contents([]link{{"changes", "Changes"}})
	p.printf("<section aria-labelledby=\"changes\">\n<h2 id=\"changes\">Changes</h2>\n<table class=\"wide stack\">\n<caption>From %s to %s</caption>\n"+
		"<thead><tr><th scope=\"col\">what</th><th scope=\"col\">change</th><th scope=\"col\">subject</th><th scope=\"col\">detail</th></tr></thead>\n<tbody>\n",
		esc(d.Old.Path), esc(d.New.Path))
	for _, i := range d.Items() {
		change := esc(i.Change)
		if i.Severity > 0 {
			change += ` <strong class="` + i.Severity.String() + `">` + i.Severity.String() + `</strong>`
		}
		p.printf("<tr><th scope=\"row\">%s</th><td data-name=\"change\">%s</td><td data-name=\"subject\"><code>%s</code></td><td data-name=\"detail\">%s</td></tr>\n",
			esc(i.Kind), change, esc(i.Subject), esc(i.Detail))
	}
	p.printf("</tbody>\n</table>\n</section>\n")
	return p.close(d.Version)
}
