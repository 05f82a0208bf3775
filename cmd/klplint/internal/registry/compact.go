package registry

import (
	"encoding/binary"
	"errors"
	"strings"

	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/moduleset"
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
	r := compactReader{rest: b, known: make(map[string]string)}
	r.texts.Grow(len(b))
	m := &klp.Module{Kind: klp.KindLivepatch, Patch: klp.Patch{Found: true}}
	m.Patch.Objects = make([]klp.Object, r.head(m))
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		o.Funcs = make([]klp.Func, r.object(o))
		for j := range o.Funcs {
			f := &o.Funcs[j]
			f.Name, f.Sympos = r.text(), r.number()
			f.At = r.place()
		}
	}
	r.ids(m)
	r.aliases(func(i, j uint64, list []string) bool {
		if i >= uint64(len(m.Patch.Objects)) || j >= uint64(len(m.Patch.Objects[i].Funcs)) {
			return false
		}
		m.Patch.Objects[i].Funcs[j].Aliases = list
		return true
	})
	if r.bad || len(r.rest) > 0 {
		return nil, errCompact
	}
	return m, nil
}

// memberReader makes members of rows, without a module between: what is compared
// of ten thousand modules costs little more than their names.
type memberReader struct {
	maker  moduleset.Maker
	reader compactReader // of the row that is read
	module klp.Module    // its parts that have no number
}

// member is what NewMember would make of the module that was written: the same as
// of that of expand. The path is the caller's to set. It returns the digest without
// signature too.
func (x *memberReader) member(row []byte, owner string) (m *moduleset.Member, unsigned string, err error) {
	r := &x.reader
	if r.known == nil {
		r.known = make(map[string]string)
	}
	r.rest, r.sites, r.bad = row, r.sites[:0], false
	from := &x.module
	*from = klp.Module{}
	objects := r.head(from)
	x.maker.Begin(moduleset.Member{
		Name: from.Name, Owner: owner, SHA256: from.SHA256, Size: from.Size, Toolchain: from.Toolchain, Release: from.Vermagic.Release, Replace: &from.Replace,
	}, objects)
	for range objects {
		var o klp.Object
		funcs := r.object(&o)
		x.maker.Object(moduleset.Object{Name: o.Name, Literal: o.Literal, Callbacks: len(o.Callbacks) > 0, At: o.At})
		for range funcs {
			name, sympos := r.text(), r.number()
			x.maker.Func(name, sympos, r.place())
		}
	}
	r.ids(from)
	r.aliases(x.maker.Aliases)
	if r.bad || len(r.rest) > 0 {
		return nil, "", errCompact
	}
	m = x.maker.End()
	m.UnsignedSHA256 = from.UnsignedSHA256
	m.States, m.Shadows = moduleset.CountedStates(from.Patch.States), from.ShadowIDs
	return m, from.UnsignedSHA256, nil
}

// head reads what stands before the objects, and how many these are.
func (r *compactReader) head(m *klp.Module) (objects int) {
	if len(r.rest) == 0 || r.rest[0] != compactVersion {
		r.rest, r.bad = nil, true
		return 0
	}
	r.rest = r.rest[1:]
	m.Arch, m.Vermagic.Release, m.Name = klp.Arch(r.word()), r.word(), r.text()
	m.SHA256 = r.text()
	if unsigned := r.bytes(); string(unsigned) == m.SHA256 {
		m.UnsignedSHA256 = m.SHA256
	} else {
		m.UnsignedSHA256 = r.keep(unsigned)
	}
	m.Toolchain = klp.Toolchain(r.word())
	m.Size = int64(r.number())
	if n := r.count(); n > 0 {
		m.Vermagic.Flags = make([]string, n)
		for i := range m.Vermagic.Flags {
			m.Vermagic.Flags[i] = r.word()
		}
	}
	r.replace(&m.Replace)
	return r.count()
}

// ids reads the states and the shadow variables.
func (r *compactReader) ids(m *klp.Module) {
	m.Patch.HasStates = r.number() == 1
	for range r.count() {
		m.Patch.States = append(m.Patch.States, klp.State{ID: r.number(), Version: uint32(r.number()), At: r.place()})
	}
	for range r.count() {
		m.ShadowIDs = append(m.ShadowIDs, klp.ShadowID{ID: r.number(), At: r.place()})
	}
}

// aliases reads what stands behind, and gives the names of each func to set, which
// reports whether there is such a func.
func (r *compactReader) aliases(set func(object, index uint64, list []string) bool) {
	for len(r.rest) > 0 {
		i, j := r.number(), r.number()
		list := make([]string, r.count())
		for k := range list {
			list[k] = r.text()
		}
		if !r.bad && !set(i, j, list) {
			r.rest, r.bad = nil, true
		}
	}
}

// compactReader reads a row. Its strings are copies, one behind the other in memory
// that the rows of one reader share, and one of each word that comes again and again.
type compactReader struct {
	rest  []byte
	sites []site
	bad   bool

	texts strings.Builder
	known map[string]string
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
	r.rest, r.bad = nil, true
	return 0
}

// count is a number of things that take a byte each at least.
func (r *compactReader) count() int {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.rest, r.bad = nil, true
		return 0
	}
	return int(n)
}

// bytes are those of a string.
func (r *compactReader) bytes() []byte {
	n := r.count()
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *compactReader) text() string { return r.keep(r.bytes()) }

func (r *compactReader) keep(b []byte) string {
	const piece = 16 << 10
	if r.texts.Cap()-r.texts.Len() < len(b) {
		r.texts = strings.Builder{}
		r.texts.Grow(max(piece, len(b)))
	}
	start := r.texts.Len()
	r.texts.Write(b)
	return r.texts.String()[start:]
}

// word is text for one of few.
func (r *compactReader) word() string {
	b := r.bytes()
	w, ok := r.known[string(b)]
	if !ok {
		w = r.keep(b)
		r.known[w] = w
	}
	return w
}

func (r *compactReader) place() klp.Location {
	n := r.number()
	if n == uint64(len(r.sites)) {
		r.sites = append(r.sites, site{r.word(), r.word()})
	}
	if n >= uint64(len(r.sites)) {
		r.rest, r.bad = nil, true
		return klp.Location{}
	}
	return klp.Location{Section: r.sites[n].section, Symbol: r.sites[n].symbol, Offset: r.number(), File: int64(r.number())}
}

func (r *compactReader) replace(out *klp.Replace) {
	out.Kind, out.Source, out.FieldSource, out.Reason = klp.ReplaceKind(r.word()), klp.ReplaceSource(r.word()), klp.FieldSource(r.word()), r.word()
	out.Flag, out.Set, out.SetsNull = r.number() == 1, uint32(r.number()), r.number() == 1
	for _, list := range []*[]uint32{&out.Sets, &out.Supersedes} {
		n := r.number()
		if n == 0 {
			continue
		}
		if n-1 > uint64(len(r.rest)) {
			r.rest, r.bad = nil, true
			return
		}
		*list = make([]uint32, n-1)
		for i := range *list {
			(*list)[i] = uint32(r.number())
		}
	}
	out.At = r.place()
}

// object reads an object, and how many funcs it has.
func (r *compactReader) object(o *klp.Object) (funcs int) {
	o.Name = r.word()
	o.Null, o.Literal = r.number() == 1, r.number() == 1
	for range r.count() {
		o.Callbacks = append(o.Callbacks, klp.Callback{Kind: klp.CallbackKind(r.word())})
	}
	o.At = r.place()
	return r.count()
}
