package manifest

import (
	"encoding/json"
	"io"

	"github.com/klplint/klplint/klp"
)

// Writer writes a manifest in its JSON form, module by module, a func on a
// line: what a review of it shows is what changed.
type Writer struct {
	w     io.Writer
	err   error
	begun bool
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Module appends what the module contains. Funcs without a name are left out:
// no manifest can ask for them.
func (w *Writer) Module(m *klp.Module) error {
	if w.begun {
		w.text(",\n")
	} else {
		w.begun = true
		w.text("{\"schema\": 1, \"modules\": [\n")
	}
	w.text(`{"name": `)
	w.value(m.Name)
	w.text(",\n \"replace\": ")
	w.value(ReplaceOf(&m.Replace))
	w.text(",\n \"states\": ")
	states := make([]State, len(m.Patch.States))
	for i, s := range m.Patch.States {
		states[i] = State{s.ID, s.Version}
	}
	w.value(states)
	w.text(",\n \"funcs\": [")
	first := true
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		for j := range o.Funcs {
			f := &o.Funcs[j]
			if f.Name == "" || o.Name == "" {
				continue
			}
			if !first {
				w.text(",")
			}
			first = false
			w.text("\n  ")
			w.value(Func{Object: o.Name, Name: f.Name, Sympos: f.Sympos})
		}
	}
	w.text("]}")
	return w.err
}

// Close ends the manifest.
func (w *Writer) Close() error {
	if !w.begun {
		w.text("{\"schema\": 1, \"modules\": [")
	}
	w.text("\n]}\n")
	return w.err
}

func (w *Writer) value(v any) {
	b, err := json.Marshal(v)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.text(string(b))
}

func (w *Writer) text(s string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.w, s)
	}
}
