package site

import (
	"cmp"
	"slices"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/moduleset"
)

// Read gathers a site, and calls page for each page of the log, in order.
func Read(tx *registry.Tx, draw Draw, page func(name string, events []Event) error) (*Site, error) {
	s := &Site{UUID: tx.UUID, Revision: tx.Revision}
	r := reader{kernels: make(map[moduleset.Kernel]*Kernel), lineages: make(map[registry.Lineage]*Lineage), modules: make(map[string]*Lineage)}
	if err := tx.List(registry.Filter{}, r.entry); err != nil {
		return nil, err
	}
	if err := r.log(tx, page); err != nil {
		return nil, err
	}
	for _, k := range r.kernels {
		slices.SortStableFunc(k.Active, func(a, b *Module) int {
			return cmp.Or(names.Natural(a.Module.Name, b.Module.Name), cmp.Compare(a.ID(), b.ID()))
		})
		s.Kernels = append(s.Kernels, *k)
	}
	slices.SortFunc(s.Kernels, func(a, b Kernel) int { return newer(a.Kernel, b.Kernel) })
	for _, l := range r.lineages {
		slices.SortFunc(l.Kernels, func(a, b Generations) int { return newer(a.Kernel, b.Kernel) })
		l.draw(draw)
		s.Lineages = append(s.Lineages, *l)
	}
	slices.SortFunc(s.Lineages, func(a, b Lineage) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), names.Natural(a.Stem, b.Stem), cmp.Compare(a.Page, b.Page))
	})
	return s, nil
}

// newer orders kernels with the newest first.
func newer(a, b moduleset.Kernel) int {
	return cmp.Or(names.Natural(b.Release, a.Release), cmp.Compare(a.Arch, b.Arch), cmp.Compare(a.Flags, b.Flags))
}

type reader struct {
	kernels  map[moduleset.Kernel]*Kernel
	lineages map[registry.Lineage]*Lineage
	modules  map[string]*Lineage // by digest
}

func (r *reader) entry(e *registry.Entry) error {
	at := e.Kernel()
	k := r.kernels[at]
	if k == nil {
		k = &Kernel{Kernel: at, Page: kernelPage(at)}
		r.kernels[at] = k
	}
	key := e.Lineage()
	l := r.lineages[key]
	if l == nil {
		l = &Lineage{Lineage: key, Page: lineagePage(key)}
		r.lineages[key] = l
	}
	r.modules[e.Module.SHA256] = l
	m := &Module{Entry: e}
	m.Lineage = l.Page + "#" + m.Place()
	switch e.State {
	case registry.Active:
		k.Active = append(k.Active, m)
	case registry.Retired:
		k.Retired++
	default:
		k.Candidates++
	}
	i := slices.IndexFunc(l.Kernels, func(g Generations) bool { return g.Kernel == at })
	if i < 0 {
		i = len(l.Kernels)
		l.Kernels = append(l.Kernels, Generations{Kernel: at, Page: k.Page})
	}
	l.Kernels[i].Modules = append(l.Kernels[i].Modules, m)
	return nil
}

// log hands over the log page by page, and each event to the module's lineage.
func (r *reader) log(tx *registry.Tx, page func(name string, events []Event) error) error {
	name, events := "", []Event(nil)
	flush := func() error {
		if name == "" {
			return nil
		}
		return page(name, events)
	}
	err := tx.Log("", "", func(e *registry.Event) error {
		if at := LogPage(e.Revision); at != name {
			if err := flush(); err != nil {
				return registry.Abort(err)
			}
			name, events = at, nil
		}
		own := *e
		event := Event{Event: &own}
		if l := r.modules[e.SHA256]; l != nil && e.SHA256 != "" {
			event.Page = l.Page
			l.Events = append(l.Events, event)
		}
		events = append(events, event)
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}
