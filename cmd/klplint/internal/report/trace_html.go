package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/replace/plan"
)

// TraceHTML writes one page that stands alone: the timeline as a picture, then
// each trace step by step.
func TraceHTML(w io.Writer, t *Trace, _ Options) error {
	traces := t.Traces
	verdict, class := traceVerdict(traces)
	p := newPage(w, "klplint trace: "+verdict, lengthwise(traces))
	p.head("klplint trace", verdict, class, traceSummary(traces))
	p.contents([]link{{"timeline", "Timeline"}, {"steps", "Steps"}})
	p.printf("<section aria-labelledby=\"timeline\">\n<h2 id=\"timeline\">Timeline</h2>\n")
	if err := p.timeline("What happens when these livepatches are loaded", traces); err != nil {
		return err
	}
	p.printf("</section>\n<section aria-labelledby=\"steps\">\n<h2 id=\"steps\">Steps</h2>\n")
	p.steps(traces)
	p.printf("</section>\n")
	return p.close(t.Version)
}

// traceVerdict says how the worst of the traces ends.
func traceVerdict(traces []plan.Trace) (verdict, class string) {
	verdict, class = "every step works", "pass"
	unjudged := 0
	for i := range traces {
		if traces[i].NotJudged != "" {
			unjudged++
		}
		for s := range traces[i].Steps {
			r := &traces[i].Steps[s]
			d := &r.Decision
			switch {
			case r.Unmet() != "":
				return "a step is not as expected", "fail"
			case r.Expect != "":
			case !d.Accepted():
				return "a step fails", "fail"
			case len(d.Undecided) > 0:
				verdict, class = "undecided", "warning"
			}
		}
	}
	switch {
	case unjudged == len(traces):
		return "not judged", "error"
	case unjudged > 0:
		return fmt.Sprintf("%s; %d of %d traces not judged", verdict, unjudged, len(traces)), "warning"
	}
	return verdict, class
}

func traceSummary(traces []plan.Trace) string {
	differ := 0
	for _, d := range plan.Differences(traces) {
		if d {
			differ++
		}
	}
	s := count(len(traces), "trace")
	if len(traces) > 1 {
		s += fmt.Sprintf("; they differ on %s", count(differ, "step"))
	}
	return s + "."
}

// steps writes a table for each trace.
func (p *page) steps(traces []plan.Trace) {
	for i := range traces {
		t := &traces[i]
		p.printf("<h3>model %s</h3>\n", esc(traceTitle(t)))
		if t.NotJudged != "" {
			p.printf("<p>Not judged: %s</p>\n", esc(t.NotJudged))
			continue
		}
		p.printf("<table class=\"wide stack\">\n<caption>Steps under model %s</caption>\n<thead><tr><th scope=\"col\">step</th><th scope=\"col\">outcome</th><th scope=\"col\">active, oldest first</th><th scope=\"col\">who runs</th></tr></thead>\n<tbody>\n", esc(traceTitle(t)))
		for s := range t.Steps {
			p.step(t, s)
		}
		p.printf("</tbody>\n</table>\n")
		for _, a := range assumptionsOf(t) {
			p.printf("<p class=\"soft\">%s</p>\n", wrapping(a))
		}
		if t.Unreached > 0 {
			p.printf("<p>%s.</p>\n", unreached(t))
		}
	}
}

func (p *page) step(t *plan.Trace, at int) {
	s := &t.Steps[at]
	class := "soft"
	if !s.Decision.Accepted() {
		class = "error"
	}
	p.printf("<tr><th scope=\"row\">%d. %s</th><td data-name=\"outcome\"><strong class=\"%s\">%s</strong>", at+1, wrapping(stepTitle(s)), class, wrapping(outcomeOf(&s.Decision)))
	for _, n := range notesOf(t, at) {
		p.printf("<br><span class=\"soft\">%s</span>", wrapping(n))
	}
	active := "nothing"
	if len(s.Active) > 0 {
		active = strings.Join(someLines(activeOf(s), 12), ", ")
	}
	p.printf("</td><td data-name=\"active\">%s</td><td data-name=\"who runs\">", wrapping(active))
	for i, o := range ownersOf(s, 8) {
		if i > 0 {
			p.printf("<br>")
		}
		p.printf("%s", wrapping(o))
	}
	p.printf("</td></tr>\n")
}
