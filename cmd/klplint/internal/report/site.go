package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/site"
	"github.com/klplint/klplint/moduleset"
)

// SiteIndex writes the first page of a registry's site: the kernels, and the
// lineages.
func SiteIndex(w io.Writer, s *site.Site, version string) error {
	active := 0
	for i := range s.Kernels {
		active += len(s.Kernels[i].Active)
	}
	p := newPage(w, "Livepatches", false)
	p.head("Livepatches", count(active, "active livepatch"), "pass",
		fmt.Sprintf("Revision %d of the registry %s.", s.Revision, s.UUID))
	p.siteContents("", link{"kernels", "Kernels"}, link{"lineages", "Lineages"})
	p.printf("<section aria-labelledby=\"kernels\">\n<h2 id=\"kernels\">Kernels</h2>\n")
	if len(s.Kernels) == 0 {
		p.printf("<p>The registry has no module.</p>\n")
	} else {
		p.table("What is active on each kernel, and how many modules are no longer, or not yet", "kernel", "active", "retired", "candidates")
		for i := range s.Kernels {
			k := &s.Kernels[i]
			p.printf("<tr><th scope=\"row\"><a href=\"%s\">%s</a></th><td data-name=\"active\">%d</td><td data-name=\"retired\">%d</td><td data-name=\"candidates\">%d</td></tr>\n",
				k.Page, esc(siteKernel(k.Kernel)), len(k.Active), k.Retired, k.Candidates)
		}
		p.printf("</tbody>\n</table>\n")
	}
	p.printf("</section>\n<section aria-labelledby=\"lineages\">\n<h2 id=\"lineages\">Lineages</h2>\n")
	if len(s.Lineages) > 0 {
		p.table("The generations of one livepatch: of one owner, under one name but for the version in it", "lineage", "owner", "kernels", "modules", "newest")
		for i := range s.Lineages {
			l := &s.Lineages[i]
			modules, newest := 0, l.Kernels[0].Modules[0]
			for _, g := range l.Kernels {
				modules += len(g.Modules)
				for _, m := range g.Modules {
					if m.ID() > newest.ID() {
						newest = m
					}
				}
			}
			p.printf("<tr><th scope=\"row\"><a href=\"%s\">%s</a></th><td data-name=\"owner\">%s</td><td data-name=\"kernels\">%d</td><td data-name=\"modules\">%d</td><td data-name=\"newest\"><code>%s</code>, %s since %s</td></tr>\n",
				l.Page, wrapping(lineageName(l)), esc(cmp.Or(l.Owner, "not known")), len(l.Kernels), modules, wrapping(newest.Module.Name), esc(string(newest.State)), esc(changed(newest)))
		}
		p.printf("</tbody>\n</table>\n")
	}
	p.printf("</section>\n")
	return p.close(version)
}

// SiteKernel writes the page of one kernel: its active livepatches, and who patches
// what.
func SiteKernel(w io.Writer, k *site.Kernel, version string) error {
	p := newPage(w, "Livepatches for "+siteKernel(k.Kernel), false)
	p.head(siteKernel(k.Kernel), count(len(k.Active), "active livepatch"), "pass")
	p.siteContents("../", link{"active", "Active livepatches"}, link{"funcs", "Who patches what"})
	p.printf("<section aria-labelledby=\"active\">\n<h2 id=\"active\">Active livepatches</h2>\n")
	if len(k.Active) == 0 {
		p.printf("<p>None.</p>\n")
	} else {
		p.table("Every livepatch that is active", "livepatch", "owner", "channel", "replaces", "funcs", "since", "sha256")
		for _, m := range k.Active {
			p.printf("<tr><th scope=\"row\"><a href=\"../%s\"><code>%s</code></a></th><td data-name=\"owner\">%s</td><td data-name=\"channel\">%s</td><td data-name=\"replaces\">%s</td><td data-name=\"funcs\">%d</td><td data-name=\"since\">%s</td><td data-name=\"sha256\"><code>%.12s</code></td></tr>\n",
				m.Lineage, wrapping(m.Module.Name), esc(m.Owner), esc(m.Channel), esc(m.Module.Replace.String()), m.Patched(), whole(changed(m)), esc(m.Module.SHA256))
		}
		p.printf("</tbody>\n</table>\n")
	}
	p.printf("</section>\n<section aria-labelledby=\"funcs\">\n<h2 id=\"funcs\">Who patches what</h2>\n")
	p.table("Every func that an active livepatch patches; those that several patch come first", "func", "livepatches")
	funcs := k.Funcs()
	for i := range funcs {
		f := &funcs[i]
		class := ""
		if len(f.By) > 1 {
			class = " class=\"shared\""
		}
		p.printf("<tr%s><th scope=\"row\" id=\"%s\"><code>%s:%s</code></th><td data-name=\"livepatches\">", class, f.Place(), wrapping(f.Object), wrapping(f.Name))
		for n, m := range f.By {
			if n > 0 {
				p.printf("<br>")
			}
			p.printf("<a href=\"../%s\"><code>%s</code></a>", m.Lineage, wrapping(m.Module.Name))
		}
		p.printf("</td></tr>\n")
	}
	p.printf("</tbody>\n</table>\n</section>\n")
	return p.close(version)
}

// SiteLineage writes the history of one lineage: what is recorded of each module,
// what happened when they were loaded one after the other, and the log.
func SiteLineage(w io.Writer, l *site.Lineage, version string) error {
	modules := 0
	for _, g := range l.Kernels {
		modules += len(g.Modules)
	}
	owner := "Owner: not known."
	if l.Owner != "" {
		owner = "Owner: " + l.Owner + "."
	}
	drawn := slices.ContainsFunc(l.Kernels, func(g site.Generations) bool { return lengthwise(g.Traces) })
	p := newPage(w, "Livepatch "+lineageName(l), drawn)
	p.head(lineageName(l), count(modules, "module"), "info", owner)
	var links []link
	for i, g := range l.Kernels {
		links = append(links, link{fmt.Sprintf("kernel-%d", i+1), siteKernel(g.Kernel)})
	}
	p.siteContents("../", append(links, link{"log", "Log"})...)
	for i := range l.Kernels {
		g := &l.Kernels[i]
		p.printf("<section aria-labelledby=\"kernel-%d\">\n<h2 id=\"kernel-%d\">%s</h2>\n<p><a href=\"../%s\">All livepatches for this kernel</a></p>\n", i+1, i+1, esc(siteKernel(g.Kernel)), g.Page)
		if err := p.generations(g); err != nil {
			return err
		}
		p.printf("</section>\n")
	}
	p.printf("<section aria-labelledby=\"log\">\n<h2 id=\"log\">Log</h2>\n")
	p.events(l.Events, "../", "What happened to these modules, the oldest first")
	p.printf("</section>\n")
	return p.close(version)
}

func (p *page) generations(g *site.Generations) error {
	p.table("In the order in which they were recorded", "module", "state", "channel", "replaces", "funcs", "added", "admitted", "sha256")
	for _, m := range g.Modules {
		state := esc(string(m.State)) + " since " + whole(changed(m))
		if m.ReplacedBy != "" {
			state += ", replaced by " + esc(m.ReplacedBy[:min(12, len(m.ReplacedBy))])
		}
		admitted := "never judged"
		if m.Admitted > 0 {
			admitted = fmt.Sprintf("<a href=\"../%s#r%d\">revision %d</a>", site.LogPage(m.Admitted), m.Admitted, m.Admitted)
		}
		class := "soft"
		if m.State == registry.Active {
			class = "pass"
		}
		p.printf("<tr id=\"%s\"><th scope=\"row\"><code>%s</code></th><td data-name=\"state\"><strong class=\"%s\">%s</strong></td><td data-name=\"channel\">%s</td><td data-name=\"replaces\">%s</td><td data-name=\"funcs\">%d</td><td data-name=\"added\">%s by %s</td><td data-name=\"admitted\">%s</td><td data-name=\"sha256\"><code>%.12s</code></td></tr>\n",
			m.Place(), wrapping(m.Module.Name), class, state, esc(m.Channel), esc(m.Module.Replace.String()), m.Patched(), whole(m.AddedAt), esc(cmp.Or(m.AddedBy, "nobody named")), admitted, esc(m.Module.SHA256))
	}
	p.printf("</tbody>\n</table>\n")
	switch {
	case g.NotDrawn != "":
		p.printf("<p class=\"soft\">No picture: %s.</p>\n", esc(g.NotDrawn))
	case len(g.Traces) > 0:
		return p.timeline("What the kernel answers when those that were active are loaded one after the other", g.Traces)
	}
	return nil
}

// SiteLogPage writes one page of the log.
func SiteLogPage(w io.Writer, events []site.Event, version string) error {
	first, last := events[0].Revision, events[len(events)-1].Revision
	title := fmt.Sprintf("Log, revisions %d to %d", first, last)
	p := newPage(w, title, false)
	p.head(title, count(len(events), "event"), "info")
	p.siteContents("../", link{"log", "Log"})
	p.printf("<section aria-labelledby=\"log\">\n<h2 id=\"log\">Log</h2>\n")
	p.events(events, "../", "What happened to the registry, the oldest first")
	p.printf("</section>\n")
	return p.close(version)
}

// SiteLog writes the contents of the log: its pages, the newest first, given by the
// first revision of each.
func SiteLog(w io.Writer, pages []string, s *site.Site, version string) error {
	p := newPage(w, "Log", false)
	p.head("Log", fmt.Sprintf("revision %d", s.Revision), "info")
	p.siteContents("", link{"pages", "Pages"})
	p.printf("<section aria-labelledby=\"pages\">\n<h2 id=\"pages\">Pages</h2>\n<ul>\n")
	for i := len(pages) - 1; i >= 0; i-- {
		from := strings.TrimSuffix(strings.TrimPrefix(pages[i], "log/"), ".html")
		p.printf("<li><a href=\"%s\">from revision %s</a></li>\n", pages[i], esc(from))
	}
	p.printf("</ul>\n</section>\n")
	return p.close(version)
}

// events writes a table of the log. The first entry of each revision is a place that
// links lead to.
func (p *page) events(events []site.Event, up, caption string) {
	if len(events) == 0 {
		p.printf("<p>Nothing.</p>\n")
		return
	}
	p.table(caption, "revision", "when", "what", "module", "kernel", "who", "reason")
	last := int64(-1)
	for i := range events {
		e := &events[i]
		id := ""
		if e.Revision != last {
			id = fmt.Sprintf(" id=\"r%d\"", e.Revision)
		}
		last = e.Revision
		name := ""
		if e.Name != "" {
			name = fmt.Sprintf("<code>%s@<wbr>%.12s</code>", wrapping(e.Name), esc(e.SHA256))
			if e.Page != "" {
				name = fmt.Sprintf("<a href=\"%s%s\">%s</a>", up, e.Page, name)
			}
		}
		action := string(e.Action)
		if e.Channel != "" {
			action += " in " + e.Channel
		}
		kernel := ""
		if e.Name != "" {
			kernel = siteKernel(e.Kernel)
		}
		p.printf("<tr%s><th scope=\"row\">%d</th><td data-name=\"when\">%s</td><td data-name=\"what\">%s</td><td data-name=\"module\">%s</td><td data-name=\"kernel\">%s</td><td data-name=\"who\">%s</td><td data-name=\"reason\">%s</td></tr>\n",
			id, e.Revision, whole(e.At), esc(action), name, esc(kernel), esc(e.Who), esc(e.Reason))
	}
	p.printf("</tbody>\n</table>\n")
}

// table begins a table that is a list of cards where the screen is narrow.
func (p *page) table(caption string, columns ...string) {
	p.printf("<table class=\"wide stack dense\">\n<caption>%s</caption>\n<thead><tr>", esc(caption))
	for _, c := range columns {
		p.printf("<th scope=\"col\">%s</th>", esc(c))
	}
	p.printf("</tr></thead>\n<tbody>\n")
}

// siteContents links the pages that there is one of, then the parts of this one.
func (p *page) siteContents(up string, links ...link) {
	p.printf("<nav aria-label=\"Contents\">\n<ul>\n<li><a href=\"%s%s\">All kernels</a></li>\n<li><a href=\"%s%s\">Whole log</a></li>\n", up, site.Index, up, site.Log)
	for _, l := range links {
		p.printf("<li><a href=\"#%s\">%s</a></li>\n", l.id, esc(l.title))
	}
	p.printf("</ul>\n</nav>\n<main id=\"main\">\n")
}

// wrapping is esc for a name, which may go on in the next line behind '_' or '.'.
func wrapping(name string) string {
	return strings.NewReplacer("_", "_<wbr>", ".", ".<wbr>").Replace(esc(name))
}

// whole is esc for a time, which stays on one line. A registry from elsewhere may have
// anything in its place.
func whole(s string) string {
	if _, err := time.Parse(time.RFC3339, s); err != nil {
		return esc(s)
	}
	return "<span class=\"whole\">" + esc(s) + "</span>"
}

func siteKernel(k moduleset.Kernel) string {
	return strings.TrimSpace(cmp.Or(k.Release, "unknown kernel") + " " + string(k.Arch))
}

func lineageName(l *site.Lineage) string { return cmp.Or(l.Stem, "no name") }

// changed is when an entry got its state.
func changed(m *site.Module) string { return cmp.Or(m.ChangedAt, m.AddedAt, "an unknown time") }
