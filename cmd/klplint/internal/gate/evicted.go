package gate

import (
	"errors"

	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/replace"
)

// eviction is an active module that a load of a candidate removes.
type eviction struct {
	entry *registry.Entry
	by    string // sha256 of the candidate
}

// evicted finds the active modules that the candidates replace for sure: under
// every model that is judged, and whatever is not known of either. Candidates do
// not retire each other, for nobody said in which order they load.
func (g *gate) evicted(tx *registry.Tx, fresh []*registry.Entry, standing map[moduleset.Kernel][]registry.Peer) ([]eviction, error) {
	var gone []registry.Peer
	by := make(map[int64]string)
	for _, group := range byKernel(fresh) {
		digests := make(map[string]bool)
		for _, e := range group {
			digests[e.Module.UnsignedSHA256] = true
		}
		for _, active := range standing[group[0].Kernel()] {
			if digests[active.UnsignedSHA256] {
				continue
			}
			for _, e := range group {
				sure, err := g.replaces(e.Module, &klp.Module{Path: active.Member.Path, Name: active.Member.Name, Replace: active.Member.Replace})
				if err != nil {
					return nil, registry.Abort(err)
				}
				if sure {
					gone = append(gone, active)
					by[active.ID()] = e.Module.SHA256
					break
				}
			}
		}
	}
	entries, err := tx.Again(gone)
	if err != nil {
		return nil, err
	}
	out := make([]eviction, len(entries))
	for i, e := range entries {
		out[i] = eviction{e, by[e.ID()]}
	}
	return out, nil
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
