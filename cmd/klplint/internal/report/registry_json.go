package report

import (
	"io"

	"github.com/klplint/klplint/cmd/klplint/internal/report/jsonform"
	"github.com/klplint/klplint/klp"
)

// registryJSON writes the JSON of registry list, find and show.
type registryJSON struct {
	w    io.Writer
	head jsonform.Registry
	list *jsonform.Growing // nil before the first entry
}

// RegistryJSON begins a list as JSON.
func RegistryJSON(w io.Writer, l *RegistryList, _ Options) RegistryPages {
	return &registryJSON{w: w, head: jsonform.Registry{Schema: jsonform.Version, Revision: l.Revision, Entries: eachForm(nil, jsonRegistryEntry)}}
}

// Page implements RegistryPages.
func (j *registryJSON) Page(entries []RegistryEntry) error {
	if j.list == nil && len(entries) > 0 {
		j.list = jsonform.Begin(j.w, &j.head)
	}
	for i := range entries {
		if err := j.list.Add(jsonRegistryEntry(&entries[i])); err != nil {
			return err
		}
	}
	return nil
}

// End implements RegistryPages.
func (j *registryJSON) End() error {
	if j.list == nil {
		return jsonform.Write(j.w, &j.head)
	}
	return j.list.End()
}

func jsonRegistryEntry(e *RegistryEntry) jsonform.RegistryEntry {
	m := e.Module
	labels := e.Labels
	if labels == nil {
		labels = map[string]string{}
	}
	return jsonform.RegistryEntry{
		Path: e.Path, Name: m.Name, SHA256: e.SHA256, KernelRelease: m.Vermagic.Release, Arch: string(m.Arch),
		Channel: e.Channel, Owner: e.Owner, State: e.State, Labels: labels,
		AddedBy: e.AddedBy, AddedAt: e.AddedAt, ChangedBy: e.ChangedBy, ChangedAt: e.ChangedAt,
		ReplacedBy: e.ReplacedBy, Revision: e.Revision, Admitted: e.Admitted, Toolchain: string(m.Toolchain), Replace: m.Replace.String(),
		Objects: formsOf(m.Patch.Objects, func(o *klp.Object) jsonform.RegistryObject {
			return jsonform.RegistryObject{Name: o.Name, Literal: o.Literal, Funcs: formsOf(o.Funcs, func(f *klp.Func) jsonform.RegistryFunc {
				return jsonform.RegistryFunc{Name: f.Name, Sympos: f.Sympos}
			})}
		}),
		States: formsOf(m.Patch.States, jsonState),
	}
}
