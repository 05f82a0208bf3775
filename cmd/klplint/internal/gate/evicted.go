package gate

import (
	"cmp"
	"errors"
	"slices"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/replace"
)

// Eviction is an active module that a load of a candidate removes.
type Eviction struct {
	Path, Channel string
	// Entry is what the registry has of it; nil where Config.Named is set.
	Entry *registry.Entry

	id int64
	by string // sha256 of the candidate
}

// evicted finds the active modules that the candidates replace for sure: under
// every model that is judged, and whatever is not known of either. Candidates do
// not retire each other, for nobody said in which order they load. They come in the
// order in which they were added.
func (g *gate) evicted(fresh []*registry.Entry, standing map[moduleset.Kernel][]registry.Peer) ([]Eviction, error) {
	most := 0
	for _, active := range standing {
		most += len(active)
	}
	out := make([]Eviction, 0, most)
	for _, group := range byKernel(fresh) {
		digests := make(map[string]bool)
		for _, e := range group {
			digests[e.Module.UnsignedSHA256] = true
		}
		var held klp.Module
		for _, active := range standing[group[0].Kernel()] {
			if digests[active.UnsignedSHA256] {
				continue
			}
			held.Path, held.Name, held.Replace = active.Member.Path, active.Member.Name, *active.Member.Replace
			for _, e := range group {
				sure, err := g.replaces(e.Module, &held)
				if err != nil {
					return nil, registry.Abort(err)
				}
				if sure {
					out = append(out, Eviction{Path: active.Member.Path, Channel: active.Channel, id: active.ID(), by: e.Module.SHA256})
					break
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b Eviction) int { return cmp.Compare(a.id, b.id) })
	return out, nil
}

// evictions notes what the candidates evict, in their own channel and in others.
func (g *gate) evictions(tx *registry.Tx, fresh []*registry.Entry, standing map[moduleset.Kernel][]registry.Peer, out *Outcome) error {
	list, err := g.evicted(fresh, standing)
	if err != nil {
		return err
	}
	if g.Named == 0 {
		entries, err := tx.Again(ids(list))
		if err != nil {
			return err
		}
		for i, e := range entries {
			list[i].Entry = e
		}
	}
	ours := func(e Eviction) bool { return e.Channel == g.Channel }
	for _, e := range list {
		if !ours(e) {
			out.Elsewhere = append(out.Elsewhere, e)
		}
	}
	out.Retired = slices.DeleteFunc(list, func(e Eviction) bool { return !ours(e) })
	return nil
}

// retire retires what was evicted, together what one candidate evicts. Where entries are
// to be shown they are changed too.
func retire(tx *registry.Tx, list []Eviction, change registry.Change) error {
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].by == list[0].by {
			n++
		}
		part := list[:n]
		list = list[n:]
		change.ReplacedBy, change.Reason = part[0].by, "replaced"
		var err error
		if part[0].Entry != nil {
			entries := make([]*registry.Entry, len(part))
			for i := range part {
				entries[i] = part[i].Entry
			}
			err = tx.SetState(entries, registry.Retired, registry.RetiredNow, change)
		} else {
			err = tx.Retire(ids(part), change)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func ids(list []Eviction) []int64 {
	out := make([]int64, len(list))
	for i := range list {
		out[i] = list[i].id
	}
	return out
}

// replaces asks the models about one ordered pair. What a model cannot read is
// not replaced for sure.
func (g *gate) replaces(next, active *klp.Module) (bool, error) {
	var models []replace.Model
	if name := g.Lint.Set.Model; name != "" {
		m, err := replace.ByName(name)
		if err != nil {
			return false, err
		}
		models = []replace.Model{m}
	} else {
		var err error
		if models, err = replace.Default([]*klp.Module{next, active}); err != nil {
			return false, nil // two fields: no kernel has both
		}
	}
	for _, m := range models {
		n, err := m.Read(&next.Replace)
		if err != nil {
			return false, nil // not known
		}
		a, err := m.Read(&active.Replace)
		var field *replace.FieldError
		switch {
		case errors.As(err, &field) && field.Unknown() && m.Name() == replace.Mainline{}.Name():
			a = n // under mainline it does not matter what the active one says
		case err != nil:
			return false, nil // not known
		}
		if !m.Relate(n, a, replace.Options{ZeroSpecial: g.Lint.Set.ZeroSpecial}).Evicted {
			return false, nil
		}
	}
	return true, nil
}
