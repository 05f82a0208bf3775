package report

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/site"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
)

// hostileSite has every hostile name in every place that a registry can fill.
func hostileSite() *site.Site {
	s := &site.Site{UUID: "u", Revision: 1 << 62}
	kernel := moduleset.Kernel{Release: hostile()[6], Arch: klp.X86_64, Flags: hostile()[7]}
	k := site.Kernel{Kernel: kernel, Page: "kernels/k.html", Retired: 1}
	l := site.Lineage{Lineage: registry.Lineage{Owner: hostile()[6], Stem: hostile()[7]}, Page: "lineages/l.html"}
	g := site.Generations{Kernel: kernel, Page: k.Page, Traces: hostileTrace().Traces}
	for i, name := range hostile() {
		m := &site.Module{Entry: &registry.Entry{
			Module: &klp.Module{
				Name: name, SHA256: fmt.Sprintf("%064x", i),
				Patch: klp.Patch{Objects: []klp.Object{{Name: name, Funcs: []klp.Func{{Name: name}, {Name: "shared"}}}, {Name: "vmlinux", Funcs: []klp.Func{{Name: "shared"}}}}},
			},
			Channel: name, Owner: name, State: registry.Active, AddedBy: name, AddedAt: name, ChangedAt: name, ReplacedBy: fmt.Sprintf("%064x", 77), Admitted: int64(i/2 + 1),
		}}
		m.Lineage = l.Page + "#" + m.Place()
		k.Active, g.Modules = append(k.Active, m), append(g.Modules, m)
		l.Events = append(l.Events, site.Event{Page: l.Page, Event: &registry.Event{
			Revision: int64(i/2 + 1), At: name, Who: name, Action: registry.Action(name), Name: name, SHA256: m.Module.SHA256, Kernel: kernel, Channel: name, Reason: name,
		}})
	}
	l.Kernels = []site.Generations{g, {Kernel: moduleset.Kernel{Release: "6.1"}, Page: k.Page, Modules: g.Modules[:0], NotDrawn: hostile()[6]}}
	s.Kernels, s.Lineages = []site.Kernel{k}, []site.Lineage{l}
	return s
}

// sitePages renders all pages of a site, by their addresses.
func sitePages(t *testing.T, s *site.Site) map[string]string {
	t.Helper()
	pages := make(map[string]string)
	put := func(name string, page func(io.Writer) error) {
		var b bytes.Buffer
		if err := page(&b); err != nil {
			t.Fatal(err)
		}
		pages[name] = b.String()
	}
	put(site.Index, func(w io.Writer) error { return SiteIndex(w, s, "v1") })
	put(site.Log, func(w io.Writer) error { return SiteLog(w, []string{site.LogPage(1)}, s, "v1") })
	put(site.LogPage(1), func(w io.Writer) error { return SiteLogPage(w, s.Lineages[0].Events, "v1") })
	for i := range s.Kernels {
		put(s.Kernels[i].Page, func(w io.Writer) error { return SiteKernel(w, &s.Kernels[i], "v1") })
	}
	for i := range s.Lineages {
		put(s.Lineages[i].Page, func(w io.Writer) error { return SiteLineage(w, &s.Lineages[i], "v1") })
	}
	return pages
}

// Every page is a page whatever a registry holds, and every link within the site
// leads to a place that is there.
func TestSitePages(t *testing.T) {
	pages := sitePages(t, hostileSite())
	href, id := regexp.MustCompile(`href="([^"]*)"`), regexp.MustCompile(`id="([^"]*)"`)
	places := make(map[string]bool)
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { htmlCheck(t, []byte(page)) })
		places[name] = true
		for _, m := range id.FindAllStringSubmatch(page, -1) {
			places[name+"#"+m[1]] = true
		}
	}
	links := 0
	for name, page := range pages {
		for _, m := range href.FindAllStringSubmatch(page, -1) {
			to := m[1]
			switch {
			case strings.HasPrefix(to, "#"):
				to = name + to
			case strings.Contains(name, "/"):
				to = strings.TrimPrefix(to, "../")
			}
			if links++; !places[to] {
				t.Errorf("%s has a link to %q", name, m[1])
			}
		}
	}
	if links < 100 {
		t.Errorf("only %d links", links)
	}
}
