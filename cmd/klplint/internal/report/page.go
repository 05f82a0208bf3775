package report

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"

	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
	"github.com/klplint/klplint/cmd/klplint/internal/timeline"
	"github.com/klplint/klplint/replace/plan"
)

//go:embed page/style.css
var pageStyle string

// page writes one HTML page that stands alone: no network, no script, no font.
// Its policy forbids all of them, should something slip through. Whatever comes
// from elsewhere goes through esc. Write errors are kept by the buffer.
type page struct {
	b        *bufio.Writer
	pictures int
}

// printf writes markup. Arguments out of modules are wrapped in esc.
func (p *page) printf(format string, args ...any) { fmt.Fprintf(p.b, format, args...) }

// newPage begins a page, which goes onto paper lengthwise where it would be too small
// upright.
func newPage(w io.Writer, title string, lengthwise bool) *page {
	p := &page{b: bufio.NewWriter(w)}
	p.printf("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
	p.printf("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n")
	p.printf("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n<title>%s</title>\n<style>\n", esc(title))
	p.b.WriteString(pageStyle)
	if lengthwise {
		p.b.WriteString("@page { size: landscape; }\n")
	}
	p.printf("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the report</a>\n")
	return p
}

// head writes the title with the verdict beside it, and what follows it.
func (p *page) head(title, verdict, class string, paragraphs ...string) {
	p.printf("<header>\n<h1>%s <span class=\"badge %s\">%s</span></h1>\n", esc(title), class, esc(verdict))
	for _, s := range paragraphs {
		if s != "" {
			p.printf("<p class=\"soft\">%s</p>\n", esc(s))
		}
	}
	p.printf("</header>\n")
}

// link is one entry of the contents.
type link struct{ id, title string }

func (p *page) contents(links []link) {
	p.printf("<nav aria-label=\"Contents\">\n<ul>\n")
	for _, l := range links {
		p.printf("<li><a href=\"#%s\">%s</a></li>\n", l.id, esc(l.title))
	}
	p.printf("</ul>\n</nav>\n<main id=\"main\">\n")
}

func (p *page) close(version string) error {
	p.printf("</main>\n<footer>klplint %s</footer>\n</body>\n</html>\n", esc(version))
	return p.b.Flush()
}

// scroll opens a part that may be wider than the screen: it can be reached and
// moved by keyboard, and has a name.
func (p *page) scroll(name string) {
	p.printf("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"%s\">\n", esc(name))
}

// lengthwise says whether the picture of traces needs paper lengthwise.
func lengthwise(traces []plan.Trace) bool {
	wide, spread := timeline.Paper(traces)
	return wide || spread
}

// timeline draws the traces within the page: for a screen one picture, which is
// scrolled where it is wider, for paper as many as it takes to be readable.
func (p *page) timeline(caption string, traces []plan.Trace) error {
	p.pictures++
	class := ""
	_, spread := timeline.Paper(traces)
	if spread {
		class = " class=\"spread\""
	}
	p.printf("<figure%s>\n<figcaption>%s</figcaption>\n", class, esc(caption))
	p.scroll("timeline: " + caption)
	o := timeline.Options{Title: caption, IDs: fmt.Sprintf("t%d-", p.pictures)}
	if err := timeline.Draw(p.b, traces, o); err != nil {
		return err
	}
	p.printf("</div>\n")
	if spread {
		p.printf("<div class=\"sheets\">\n")
		if err := timeline.Sheets(p.b, traces, o); err != nil {
			return err
		}
		p.printf("</div>\n")
	}
	p.printf("</figure>\n")
	return nil
}

// esc makes any string text of the page.
func esc(s string) string { return escape.Markup(s, maxMessage) }

// word makes a string part of an ID within the page.
func word(s string) string {
	b := []byte(escape.Cut(s, 60))
	for i, c := range b {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			b[i] = '-'
		}
	}
	return string(b)
}
