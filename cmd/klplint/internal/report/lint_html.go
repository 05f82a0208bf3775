package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/patched"
	"github.com/klplint/klplint/cmd/klplint/internal/report/escape"
	"github.com/klplint/klplint/rules"
)

// What one page shows at most; the numbers of what is left out are told. JSON
// has all.
const (
	maxPageFindings = 5_000
	maxMatrixRows   = 400
	maxMatrixCols   = 40
)

// LintHTML writes one page that stands alone: the verdict, the findings by
// module, which livepatch patches which func, what happens when they are
// loaded one after the other, and the documentation of the rules that found
// something. It needs neither script nor network.
func LintHTML(w io.Writer, l *Lint, _ Options) error {
	groups := l.byModule()
	p := newPage(w, "klplint: "+l.verdict(), l.Picture.lengthwise())
	p.head("klplint", l.verdict(), verdictClass(l.Verdict.ExitCode), l.Summary()+".", modelLine(l.Model))
	links := []link{{"findings", "Findings"}, {"modules", "Modules"}}
	if l.Picture != nil && len(l.Picture.Kernels) > 0 {
		links = append(links, link{"funcs", "Patched funcs"}, link{"timeline", "Timeline"})
	}
	if l.Verdict.Waived+l.Verdict.Known > 0 {
		links = append(links, link{"accepted", "Waived and known"})
	}
	if len(l.Verdict.NotEvaluated) > 0 {
		links = append(links, link{"not-evaluated", "Not evaluated"})
	}
	if len(l.Verdict.Findings) > 0 {
		links = append(links, link{"rules", "Rules"})
	}
	p.contents(links)
	p.findings(l, groups)
	p.modules(l)
	if err := p.picture(l.Picture); err != nil {
		return err
	}
	p.accepted(l)
	p.notEvaluated(l)
	p.rules(l)
	return p.close(l.Version)
}

func modelLine(model string) string {
	if model == "" {
		return ""
	}
	return "Replace model: " + model + "."
}

func verdictClass(code int) string {
	switch code {
	case 0:
		return "pass"
	case 1:
		return "fail"
	}
	return "error"
}

func (p *page) findings(l *Lint, groups []moduleReport) {
	s := &l.Verdict.Summary
	p.printf("<section aria-labelledby=\"findings\">\n<h2 id=\"findings\">Findings</h2>\n<ul class=\"counts\">\n")
	for _, c := range []struct {
		n           int
		word, class string
	}{{s.Error, "error", "error"}, {s.Warning, "warning", "warning"}, {s.Info, "info", "info"}} {
		words := strings.SplitN(count(c.n, c.word), " ", 2)
		if c.n == 0 {
			c.class = "soft"
		}
		p.printf("<li><strong class=\"%s\">%s</strong> %s</li>\n", c.class, words[0], words[1])
	}
	p.printf("<li><strong>%d</strong> not checked</li>\n</ul>\n", s.Errors)
	left, shown := maxPageFindings, false
	for i := range groups {
		g := &groups[i]
		if len(g.open) == 0 && len(g.errors) == 0 {
			continue
		}
		shown = true
		p.printf("<section aria-labelledby=\"m%d\">\n<h3 id=\"m%d\"><code>%s</code>", i, i, esc(g.path))
		if g.module != nil {
			p.printf(" <span class=\"badge %s\">%s</span>", moduleClass(string(g.module.Verdict)), g.module.Verdict)
		}
		p.printf("</h3>\n")
		for _, e := range g.errors {
			p.printf("<div class=\"finding is-error\"><p><strong class=\"error\">could not be checked</strong> %s</p></div>\n", esc(problemText(e)))
		}
		for _, n := range g.open {
			if left--; left < 0 {
				break
			}
			p.finding(l, n)
		}
		p.printf("</section>\n")
	}
	if !shown {
		p.printf("<p>Nothing was found.</p>\n")
	}
	if left < 0 {
		p.printf("<p>The page shows the first %d findings.</p>\n", maxPageFindings)
	}
	p.printf("</section>\n")
}

func moduleClass(verdict string) string {
	switch verdict {
	case "pass":
		return "pass"
	case "skipped":
		return "soft"
	}
	return "fail"
}

func (p *page) finding(l *Lint, i int) {
	f := &l.Verdict.Findings[i].Finding
	p.printf("<div class=\"finding is-%s\">\n<p><strong class=\"%s\">%s</strong> <a href=\"#rule-%s\">%s</a> %s</p>\n",
		f.Severity, f.Severity, f.Severity, word(f.Rule), esc(f.Rule), esc(f.Message+translated(f)))
	if at := place(f.Location); at != "" {
		p.printf("<p class=\"soft\">at <code>%s</code></p>\n", esc(at))
	}
	if f.Kernel != nil && f.Kernel.Errno+f.Kernel.Text() != "" {
		p.printf("<p class=\"soft\">the kernel: %s</p>\n", esc(answerText(f.Kernel.Errno, f.Kernel.Text())))
	}
	if len(f.Related) > 0 {
		p.printf("<ul>\n")
		for n := range f.Related {
			r := &f.Related[n]
			p.printf("<li><code>%s</code> %s", esc(r.Module), esc(r.Message))
			if at := place(r.Location); at != "" {
				p.printf(" <span class=\"soft\">at <code>%s</code></span>", esc(at))
			}
			p.printf("</li>\n")
		}
		p.printf("</ul>\n")
	}
	p.printf("</div>\n")
}

func (p *page) modules(l *Lint) {
	p.printf("<section aria-labelledby=\"modules\">\n<h2 id=\"modules\">Modules</h2>\n")
	p.printf("<table class=\"wide stack\">\n<caption>Every module that was checked, and the hash of the bytes that were read.</caption>\n<thead><tr><th scope=\"col\">module</th><th scope=\"col\">verdict</th><th scope=\"col\">kernel</th><th scope=\"col\">SHA-256</th></tr></thead>\n<tbody>\n")
	for i := range l.Verdict.Modules {
		if i == maxPageFindings {
			break
		}
		m := &l.Verdict.Modules[i]
		p.printf("<tr><th scope=\"row\"><code>%s</code></th><td data-name=\"verdict\"><span class=\"badge %s\">%s</span></td><td data-name=\"kernel\">%s</td><td data-name=\"SHA-256\"><code>%s</code></td></tr>\n",
			esc(m.Path), moduleClass(string(m.Verdict)), m.Verdict, esc(m.Release), esc(m.SHA256))
	}
	p.printf("</tbody>\n</table>\n")
	if n := len(l.Verdict.Modules); n > maxPageFindings {
		p.printf("<p>And %d more.</p>\n", n-maxPageFindings)
	}
	p.printf("</section>\n")
}

func (p *page) picture(pic *Picture) error {
	if pic == nil || len(pic.Kernels) == 0 {
		return nil
	}
	p.printf("<section aria-labelledby=\"funcs\">\n<h2 id=\"funcs\">Patched funcs</h2>\n<p class=\"soft\">Which livepatch patches which func. Funcs that several patch come first.</p>\n")
	for i := range pic.Kernels {
		p.matrix(&pic.Kernels[i])
	}
	p.printf("</section>\n<section aria-labelledby=\"timeline\">\n<h2 id=\"timeline\">Timeline</h2>\n<p class=\"soft\">What the kernel answers when the livepatches are loaded one after the other: the baseline first, then the modules in the order given.</p>\n")
	for i := range pic.Kernels {
		k := &pic.Kernels[i]
		if k.NotDrawn != "" || len(k.Traces) == 0 {
			p.printf("<p>%s: not drawn: %s.</p>\n", esc(k.name()), esc(k.NotDrawn))
			continue
		}
		if err := p.timeline(k.name(), k.Traces); err != nil {
			return err
		}
		p.steps(k.Traces)
	}
	p.printf("</section>\n")
	return nil
}

func (p *page) matrix(k *PictureKernel) {
	lines := patched.Funcs(k.Modules)
	columns := k.Modules[:min(len(k.Modules), maxMatrixCols)]
	p.printf("<h3>%s</h3>\n", esc(k.name()))
	p.scroll("patched funcs of " + k.name())
	shared := 0
	for i := range lines {
		if len(lines[i].By) > 1 {
			shared++
		}
	}
	p.printf("<table class=\"matrix\">\n<caption>%s in %s; %s patched by more than one</caption>\n<thead><tr><th scope=\"col\">func</th>",
		count(len(lines), "func"), count(len(k.Modules), "livepatch"), number(shared))
	turned := ""
	if len(columns) > 6 {
		turned = " class=\"many\""
	}
	for i, m := range columns {
		name := m.Name
		if name == "" {
			name = m.Path
		}
		if i < k.Baseline {
			name += " (baseline)"
		}
		p.printf("<th scope=\"col\"><span%s>%s</span></th>", turned, esc(escape.Cut(name, 80)))
	}
	p.printf("</tr></thead>\n<tbody>\n")
	for i := range lines[:min(len(lines), maxMatrixRows)] {
		t := &lines[i]
		class, note := "", ""
		if len(t.By) > 1 {
			class, note = " class=\"shared\"", fmt.Sprintf(" <span class=\"soft\">%d times</span>", len(t.By))
		}
		p.printf("<tr%s><th scope=\"row\"><code>%s</code>%s</th>", class, esc(funcTitle(t)), note)
		next := 0
		for col := range columns {
			if next < len(t.By) && t.By[next] == col {
				next++
				p.printf("<td><span aria-hidden=\"true\">●</span><span class=\"hidden\">patched</span></td>")
			} else {
				p.printf("<td></td>")
			}
		}
		p.printf("</tr>\n")
	}
	p.printf("</tbody>\n</table>\n</div>\n")
	if rows, cols := len(lines)-maxMatrixRows, len(k.Modules)-maxMatrixCols; rows > 0 || cols > 0 {
		p.printf("<p>Left out: %s and %s.</p>\n", count(max(rows, 0), "func"), count(max(cols, 0), "livepatch"))
	}
}

// funcTitle names a func, with what a mangled name means.
func funcTitle(t *patched.Func) string {
	s := t.Object + ":" + t.Name
	if d := demangled(t.Name); d != "" {
		s += " (" + escape.Cut(d, 400) + ")"
	}
	return s
}

func number(n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

func (p *page) accepted(l *Lint) {
	if l.Verdict.Waived+l.Verdict.Known == 0 {
		return
	}
	p.printf("<section aria-labelledby=\"accepted\">\n<h2 id=\"accepted\">Waived and known</h2>\n<table class=\"wide stack\">\n<caption>Findings that do not count, and why.</caption>\n<thead><tr><th scope=\"col\">rule</th><th scope=\"col\">module</th><th scope=\"col\">finding</th><th scope=\"col\">why</th></tr></thead>\n<tbody>\n")
	n := 0
	for i := range l.Verdict.Findings {
		if !l.accepted(i) {
			continue
		}
		if n++; n > maxPageFindings {
			break
		}
		f := &l.Verdict.Findings[i].Finding
		p.printf("<tr><th scope=\"row\"><a href=\"#rule-%s\">%s</a></th><td data-name=\"module\"><code>%s</code></td><td data-name=\"finding\">%s: %s</td><td data-name=\"why\">%s</td></tr>\n",
			word(f.Rule), esc(f.Rule), esc(f.Module), f.Severity, esc(f.Message), esc(l.why(i)))
	}
	p.printf("</tbody>\n</table>\n</section>\n")
}

func (p *page) notEvaluated(l *Lint) {
	lines := l.NotEvaluated()
	if len(lines) == 0 {
		return
	}
	p.printf("<section aria-labelledby=\"not-evaluated\">\n<h2 id=\"not-evaluated\">Not evaluated</h2>\n<p class=\"soft\">Rules that lacked something have not passed.</p>\n<ul>\n")
	for _, line := range lines {
		p.printf("<li>%s</li>\n", esc(strings.TrimPrefix(line, "not evaluated: ")))
	}
	p.printf("</ul>\n</section>\n")
}

// rules writes the documentation of the rules that found something.
func (p *page) rules(l *Lint) {
	if len(l.Verdict.Findings) == 0 {
		return
	}
	found := make(map[string]bool)
	var strange []string
	for i := range l.Verdict.Findings {
		id := l.Verdict.Findings[i].Rule
		if !found[id] && l.ruleByID(id) == nil {
			strange = append(strange, id)
		}
		found[id] = true
	}
	p.printf("<section aria-labelledby=\"rules\">\n<h2 id=\"rules\">Rules</h2>\n<dl>\n")
	for _, r := range l.Rules {
		if found[r.ID()] {
			p.rule(r)
		}
	}
	for _, id := range strange {
		p.printf("<dt id=\"rule-%s\">%s</dt>\n<dd>A rule of this site.</dd>\n", word(id), esc(id))
	}
	p.printf("</dl>\n</section>\n")
}

func (p *page) rule(r *rules.Rule) {
	t := textOf(r)
	p.printf("<dt id=\"rule-%s\">%s: %s</dt>\n<dd>\n", word(r.ID()), esc(r.ID()), esc(t.title))
	for _, s := range strings.Split(t.reason, "\n\n") {
		if s != "" {
			p.printf("<p>%s</p>\n", esc(strings.Join(strings.Fields(s), " ")))
		}
	}
	if t.fix != "" {
		p.printf("<p><strong>Fix:</strong> %s</p>\n", esc(strings.Join(strings.Fields(t.fix), " ")))
	}
	if page := r.Page(); page != "" {
		p.printf("<p><a href=\"%s\">More about %s</a></p>\n", esc(page), esc(r.ID()))
	}
	p.printf("</dd>\n")
}
