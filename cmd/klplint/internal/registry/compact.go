package registry

import (
	"encoding/binary"
	"errors"

	"github.com/klplint/klplint/klp"
)

// compactVersion is the first byte of the compact form. A form with another
// one is made anew from the document by a migration.
const compactVersion = 1

// compact is what set rules compare of a module, in a form that is read in
// microseconds: numbers are varints, strings have their length before them, and
// places name their section and symbol by number.
func compact(m *klp.Module) []byte {
	w := compactWriter{sites: make(map[site]uint64)}
	w.b = append(w.b, compactVersion)
	w.text(string(m.Arch), m.Vermagic.Release, m.Name, m.SHA256, m.UnsignedSHA256, string(m.Toolchain))
	w.number(uint64(m.Size), uint64(len(m.Vermagic.Flags)))
	w.text(m.Vermagic.Flags...)
	w.replace(&m.Replace)
	w.number(uint64(len(m.Patch.Objects)))
	for i := range m.Patch.Objects {
		w.object(&m.Patch.Objects[i])
	}
	w.number(flag(m.Patch.HasStates), uint64(len(m.Patch.States)))
	for _, s := range m.Patch.States {
		w.number(s.ID, uint64(s.Version))
		w.place(s.At)
	}
	w.number(uint64(len(m.ShadowIDs)))
	for _, s := range m.ShadowIDs {
		w.number(s.ID)
		w.place(s.At)
	}
	w.aliases(m)
	return w.b
}

type site struct{ section, symbol string }

type compactWriter struct {
	b     []byte
	sites map[site]uint64
}

func (w *compactWriter) number(list ...uint64) {
	for _, n := range list {
		w.b = binary.AppendUvarint(w.b, n)
	}
}

func (w *compactWriter) text(list ...string) {
	for _, s := range list {
		w.number(uint64(len(s)))
		w.b = append(w.b, s...)
	}
}

// place writes the number of section and symbol; a number that is new is
// followed by both.
func (w *compactWriter) place(at klp.Location) {
	k := site{at.Section, at.Symbol}
	n, known := w.sites[k]
	if !known {
		n = uint64(len(w.sites))
		w.sites[k] = n
	}
	w.number(n)
	if !known {
		w.text(at.Section, at.Symbol)
	}
	w.number(at.Offset, uint64(at.File))
}

func (w *compactWriter) replace(r *klp.Replace) {
	w.text(string(r.Kind), string(r.Source), string(r.FieldSource), r.Reason)
	w.number(flag(r.Flag), uint64(r.Set), flag(r.SetsNull))
	for _, list := range [][]uint32{r.Sets, r.Supersedes} {
		if list == nil {
			w.number(0) // no list is not an empty one
			continue
		}
		w.number(uint64(len(list)) + 1)
		for _, n := range list {
			w.number(uint64(n))
		}
	}
	w.place(r.At)
}

func (w *compactWriter) object(o *klp.Object) {
	w.text(o.Name)
	w.number(flag(o.Null), flag(o.Literal), uint64(len(o.Callbacks)))
	for _, c := range o.Callbacks {
		w.text(string(c.Kind))
	}
	w.place(o.At)
	w.number(uint64(len(o.Funcs)))
	for i := range o.Funcs {
		f := &o.Funcs[i]
		w.text(f.Name)
		w.number(f.Sympos)
		w.place(f.At)
	}
}

// aliases ends the row with the funcs that have some, by object and func. A row
// without any ends before, as all do that were written before aliases were kept.
func (w *compactWriter) aliases(m *klp.Module) {
	for i := range m.Patch.Objects {
		for j := range m.Patch.Objects[i].Funcs {
			if list := m.Patch.Objects[i].Funcs[j].Aliases; len(list) > 0 {
				w.number(uint64(i), uint64(j), uint64(len(list)))
				w.text(list...)
			}
		}
	}
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

var errCompact = errors.New("the compact form is damaged")

// expand rebuilds the module as far as compact has it.
func expand(b []byte) (*klp.Module, error) {
	r := &compactReader{rest: string(b)}
	if len(b) == 0 || b[0] != compactVersion {
		return nil, errCompact
	}
	r.rest = r.rest[1:]
	m := &klp.Module{Kind: klp.KindLivepatch, Patch: klp.Patch{Found: true}}
	m.Arch, m.Vermagic.Release, m.Name = klp.Arch(r.text()), r.text(), r.text()
	m.SHA256, m.UnsignedSHA256, m.Toolchain = r.text(), r.text(), klp.Toolchain(r.text())
	m.Size = int64(r.number())
	for range r.count() {
		m.Vermagic.Flags = append(m.Vermagic.Flags, r.text())
	}
	r.replace(&m.Replace)
	m.Patch.Objects = make([]klp.Object, r.count())
	for i := range m.Patch.Objects {
		r.object(&m.Patch.Objects[i])
	}
	m.Patch.HasStates = r.number() == 1
	for range r.count() {
		m.Patch.States = append(m.Patch.States, klp.State{ID: r.number(), Version: uint32(r.number()), At: r.place()})
	}
	for range r.count() {
		m.ShadowIDs = append(m.ShadowIDs, klp.ShadowID{ID: r.number(), At: r.place()})
	}
	r.aliases(m)
	if r.bad || r.rest != "" {
		return nil, errCompact
	}
	return m, nil
}

func (r *compactReader) aliases(m *klp.Module) {
	for r.rest != "" {
		i, j := r.number(), r.number()
		if i >= uint64(len(m.Patch.Objects)) || j >= uint64(len(m.Patch.Objects[i].Funcs)) {
			r.rest, r.bad = "", true
			return
		}
		f := &m.Patch.Objects[i].Funcs[j]
		f.Aliases = nil
		for range r.count() {
			f.Aliases = append(f.Aliases, r.text())
		}
	}
}

// compactReader cuts strings from the row and does not copy them.
type compactReader struct {
	rest  string
	sites []site
	bad   bool
}

func (r *compactReader) number() uint64 {
	var n uint64
	for i := 0; i < len(r.rest) && i < binary.MaxVarintLen64; i++ {
		c := r.rest[i]
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.rest = r.rest[i+1:]
			return n
		}
	}
	r.rest, r.bad = "", true
	return 0
}

// count is a number of things that take a byte each at least.
func (r *compactReader) count() int {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.rest, r.bad = "", true
		return 0
	}
	return int(n)
}

func (r *compactReader) text() string {
	n := r.count()
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

func (r *compactReader) place() klp.Location {
	n := r.number()
	if n == uint64(len(r.sites)) {
		r.sites = append(r.sites, site{r.text(), r.text()})
	}
	if n >= uint64(len(r.sites)) {
		r.rest, r.bad = "", true
		return klp.Location{}
	}
	return klp.Location{Section: r.sites[n].section, Symbol: r.sites[n].symbol, Offset: r.number(), File: int64(r.number())}
}

func (r *compactReader) replace(out *klp.Replace) {
	out.Kind, out.Source, out.FieldSource, out.Reason = klp.ReplaceKind(r.text()), klp.ReplaceSource(r.text()), klp.FieldSource(r.text()), r.text()
	out.Flag, out.Set, out.SetsNull = r.number() == 1, uint32(r.number()), r.number() == 1
	for _, list := range []*[]uint32{&out.Sets, &out.Supersedes} {
		n := r.number()
		if n == 0 {
			continue
		}
		if n-1 > uint64(len(r.rest)) {
			r.rest, r.bad = "", true
			return
		}
		*list = make([]uint32, n-1)
		for i := range *list {
			(*list)[i] = uint32(r.number())
		}
	}
	out.At = r.place()
}

func (r *compactReader) object(o *klp.Object) {
	o.Name = r.text()
	o.Null, o.Literal = r.number() == 1, r.number() == 1
	for range r.count() {
		o.Callbacks = append(o.Callbacks, klp.Callback{Kind: klp.CallbackKind(r.text())})
	}
	o.At = r.place()
	o.Funcs = make([]klp.Func, r.count())
	for i := range o.Funcs {
		f := &o.Funcs[i]
		f.Name, f.Sympos = r.text(), r.number()
		f.At = r.place()
	}
}
