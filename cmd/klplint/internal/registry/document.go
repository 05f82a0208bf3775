package registry

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"reflect"

	"github.com/klplint/klplint/klp"
)

// document is what is kept of a module, as JSON. Places are three numbers: the
// index of section and symbol in Sites, the offset in the section, and the one
// in the file. Fields are added, never renamed.
type document struct {
	Path        string        `json:"path"`
	Name        string        `json:"name"`
	Arch        string        `json:"arch"`
	Toolchain   string        `json:"toolchain,omitempty"`
	Size        int64         `json:"size"`
	SHA256      string        `json:"sha256"`
	Unsigned    string        `json:"unsigned_sha256,omitempty"` // where it is another
	Compression string        `json:"compression,omitempty"`
	Modinfo     [][2]string   `json:"modinfo,omitempty"`
	Vermagic    string        `json:"vermagic"`
	Release     string        `json:"release"`
	Flags       []string      `json:"flags,omitempty"`
	Signature   *docSignature `json:"signature,omitempty"`
	Layout      string        `json:"layout,omitempty"`
	Replace     docReplace    `json:"replace"`
	Found       bool          `json:"found,omitempty"`
	Objects     []docObject   `json:"objects,omitempty"`
	HasStates   bool          `json:"has_states,omitempty"`
	States      []docState    `json:"states,omitempty"`
	Shadow      []docShadow   `json:"shadow,omitempty"`
	Relas       []docRela     `json:"klp_relas,omitempty"`
	Sites       [][2]string   `json:"sites,omitempty"`
}

type docPlace [3]uint64

type docSignature struct {
	ID     string `json:"id_type,omitempty"`
	Hash   string `json:"hash,omitempty"`
	Algo   string `json:"algo,omitempty"`
	Signer string `json:"signer,omitempty"`
	At     int64  `json:"at,omitempty"`
	Size   int64  `json:"size,omitempty"`
}

type docReplace struct {
	Kind        string   `json:"kind"`
	Flag        bool     `json:"flag,omitempty"`
	Set         uint32   `json:"set,omitempty"`
	Sets        []uint32 `json:"sets"` // an empty list is not a missing one
	SetsNull    bool     `json:"sets_null,omitempty"`
	Supersedes  []uint32 `json:"supersedes"` // null where the field does not exist
	Source      string   `json:"source,omitempty"`
	FieldSource string   `json:"field_source,omitempty"`
	Reason      string   `json:"reason,omitempty"`
	At          docPlace `json:"at"`
}

type docObject struct {
	Name      string        `json:"name"`
	Null      bool          `json:"null,omitempty"`
	Literal   bool          `json:"literal,omitempty"`
	At        docPlace      `json:"at"`
	Funcs     []docFunc     `json:"funcs,omitempty"`
	Callbacks []docCallback `json:"callbacks,omitempty"`
}

type docFunc struct {
	Name    string   `json:"name"`
	Sympos  uint64   `json:"sympos,omitempty"`
	At      docPlace `json:"at"`
	New     string   `json:"new,omitempty"`
	NewSize uint64   `json:"new_size,omitempty"`
	OldSize uint64   `json:"old_size,omitempty"`
	OldAddr uint64   `json:"old_addr,omitempty"`
	Aliases []string `json:"aliases,omitempty"` // other names of the code in the kernel that it was judged beside
}

type docCallback struct {
	Kind string `json:"kind"`
	Func string `json:"func,omitempty"`
}

type docState struct {
	ID      uint64   `json:"id"`
	Version uint32   `json:"version"`
	At      docPlace `json:"at"`
}

type docShadow struct {
	ID uint64   `json:"id"`
	By string   `json:"by,omitempty"`
	At docPlace `json:"at"`
}

type docRela struct {
	Section string      `json:"section"`
	Object  string      `json:"object,omitempty"`
	Target  string      `json:"target,omitempty"`
	Symbols []docSymbol `json:"symbols,omitempty"`
}

type docSymbol struct {
	Raw       string `json:"raw"`
	Object    string `json:"object,omitempty"`
	Name      string `json:"name,omitempty"`
	Sympos    uint64 `json:"sympos,omitempty"`
	Malformed string `json:"malformed,omitempty"`
	Tombstone bool   `json:"tombstone,omitempty"`
}

// encode writes the document of a module.
func encode(m *klp.Module) (string, error) {
	var w docWriter
	d := w.module(m)
	if w.strings > maxItems*4 {
		return "", fmt.Errorf("%s: %d strings are more than the registry keeps of a module", m.Path, w.strings)
	}
	text, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("%s: document: %w", m.Path, err)
	}
	return string(text), nil
}

// Packed is what the registry keeps of a module, in a few kilobytes: a module that was
// read holds on to much of its file.
type Packed struct{ document string }

// Pack packs a module.
func Pack(m *klp.Module) (Packed, error) {
	text, err := encode(m)
	return Packed{text}, err
}

// Module rebuilds the module, as far as the registry keeps it.
func (p Packed) Module() (*klp.Module, error) { return decode([]byte(p.document)) }

type docWriter struct {
	sites   map[[2]string]uint64
	list    [][2]string
	strings int
}

func (w *docWriter) text(s string) string {
	w.strings++
	return escape(s)
}

func (w *docWriter) texts(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, w.text(s))
	}
	return out
}

func (w *docWriter) place(at klp.Location) docPlace {
	k := [2]string{at.Section, at.Symbol}
	site, ok := w.sites[k]
	if !ok {
		if w.sites == nil {
			w.sites = make(map[[2]string]uint64)
		}
		site = uint64(len(w.list))
		w.sites[k] = site
		w.list = append(w.list, [2]string{w.text(at.Section), w.text(at.Symbol)})
	}
	return docPlace{site, at.Offset, uint64(at.File)}
}

func (w *docWriter) module(m *klp.Module) *document {
	d := &document{
		Path: w.text(m.Path), Name: w.text(m.Name), Arch: string(m.Arch), Toolchain: string(m.Toolchain), Size: m.Size,
		SHA256: m.SHA256, Compression: string(m.Compression), Vermagic: w.text(m.Vermagic.Raw), Release: w.text(m.Vermagic.Release),
		Layout: string(m.Layout.Source), Found: m.Patch.Found, HasStates: m.Patch.HasStates,
	}
	if m.UnsignedSHA256 != m.SHA256 {
		d.Unsigned = m.UnsignedSHA256
	}
	for _, f := range m.Vermagic.Flags {
		d.Flags = append(d.Flags, w.text(f))
	}
	for _, e := range m.Modinfo.Entries {
		d.Modinfo = append(d.Modinfo, [2]string{w.text(e.Key), w.text(e.Value)})
	}
	if s := m.Signature; s != nil {
		d.Signature = &docSignature{w.text(s.IDType), w.text(s.Hash), w.text(s.Algo), w.text(s.Signer), s.At, s.Size}
	}
	r := &m.Replace
	d.Replace = docReplace{
		string(r.Kind), r.Flag, r.Set, r.Sets, r.SetsNull, r.Supersedes, string(r.Source), string(r.FieldSource), w.text(r.Reason), w.place(r.At),
	}
	for i := range m.Patch.Objects {
		d.Objects = append(d.Objects, w.object(&m.Patch.Objects[i]))
	}
	for _, s := range m.Patch.States {
		d.States = append(d.States, docState{s.ID, s.Version, w.place(s.At)})
	}
	for _, s := range m.ShadowIDs {
		d.Shadow = append(d.Shadow, docShadow{s.ID, w.text(s.By), w.place(s.At)})
	}
	for i := range m.KlpRelas {
		k := &m.KlpRelas[i]
		row := docRela{Section: w.text(k.Section), Object: w.text(k.Object), Target: w.text(k.Target)}
		for _, index := range k.Symbols {
			if index >= 0 && index < len(m.KlpSyms) {
				s := &m.KlpSyms[index]
				row.Symbols = append(row.Symbols, docSymbol{w.text(s.Raw), w.text(s.Object), w.text(s.Name), s.Sympos, w.text(s.Malformed), s.Tombstone})
			}
		}
		d.Relas = append(d.Relas, row)
	}
	d.Sites = w.list
	return d
}

func (w *docWriter) object(o *klp.Object) docObject {
	out := docObject{Name: w.text(o.Name), Null: o.Null, Literal: o.Literal, At: w.place(o.At)}
	for _, c := range o.Callbacks {
		out.Callbacks = append(out.Callbacks, docCallback{string(c.Kind), w.text(c.Func.Symbol)})
	}
	for i := range o.Funcs {
		f := &o.Funcs[i]
		out.Funcs = append(out.Funcs, docFunc{w.text(f.Name), f.Sympos, w.place(f.At), w.text(f.New.Symbol), f.New.Size, f.OldSize, f.OldAddr, w.texts(f.Aliases)})
	}
	return out
}

// decode rebuilds the module, as far as the document has it.
func decode(text []byte) (*klp.Module, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	if bytes.Contains(text, []byte("\xf4\x8f")) { // the last characters of the last plane, see escape
		unescapeAll(reflect.ValueOf(&d).Elem())
	}
	at := func(p docPlace) klp.Location {
		if p[0] >= uint64(len(d.Sites)) || p[2] > math.MaxInt64 {
			return klp.Location{}
		}
		return klp.Location{Section: d.Sites[p[0]][0], Symbol: d.Sites[p[0]][1], Offset: p[1], File: int64(p[2])}
	}
	m := &klp.Module{
		Path: d.Path, Name: d.Name, Kind: klp.KindLivepatch, Arch: klp.Arch(d.Arch), Toolchain: klp.Toolchain(d.Toolchain), Size: d.Size,
		SHA256: d.SHA256, UnsignedSHA256: cmp.Or(d.Unsigned, d.SHA256), Compression: klp.Compression(d.Compression), Vermagic: klp.Vermagic{Raw: d.Vermagic, Release: d.Release, Flags: d.Flags},
		Layout: klp.Layout{Source: klp.LayoutSource(d.Layout)}, Patch: klp.Patch{Found: d.Found, HasStates: d.HasStates},
	}
	m.Modinfo.Present = len(d.Modinfo) > 0
	for _, e := range d.Modinfo {
		m.Modinfo.Entries = append(m.Modinfo.Entries, klp.ModinfoEntry{Key: e[0], Value: e[1]})
	}
	if s := d.Signature; s != nil {
		m.Signature = &klp.Signature{IDType: s.ID, Hash: s.Hash, Algo: s.Algo, Signer: s.Signer, At: s.At, Size: s.Size}
	}
	r := &d.Replace
	m.Replace = klp.Replace{
		Kind: klp.ReplaceKind(r.Kind), Flag: r.Flag, Set: r.Set, Sets: r.Sets, SetsNull: r.SetsNull, Supersedes: r.Supersedes,
		Source: klp.ReplaceSource(r.Source), FieldSource: klp.FieldSource(r.FieldSource), Reason: r.Reason, At: at(r.At),
	}
	for _, o := range d.Objects {
		out := klp.Object{Name: o.Name, Null: o.Null, Literal: o.Literal, At: at(o.At)}
		for _, c := range o.Callbacks {
			out.Callbacks = append(out.Callbacks, klp.Callback{Kind: klp.CallbackKind(c.Kind), Func: klp.Code{Symbol: c.Func}})
		}
		for _, f := range o.Funcs {
			out.Funcs = append(out.Funcs, klp.Func{Name: f.Name, Sympos: f.Sympos, At: at(f.At), New: klp.Code{Symbol: f.New, Size: f.NewSize}, OldSize: f.OldSize, OldAddr: f.OldAddr, Aliases: f.Aliases})
		}
		m.Patch.Objects = append(m.Patch.Objects, out)
	}
	for _, s := range d.States {
		m.Patch.States = append(m.Patch.States, klp.State{ID: s.ID, Version: s.Version, At: at(s.At)})
	}
	for _, s := range d.Shadow {
		m.ShadowIDs = append(m.ShadowIDs, klp.ShadowID{ID: s.ID, By: s.By, At: at(s.At)})
	}
	for _, k := range d.Relas {
		row := klp.KlpRela{Section: k.Section, Object: k.Object, Target: k.Target}
		for _, s := range k.Symbols {
			row.Symbols = append(row.Symbols, len(m.KlpSyms))
			m.KlpSyms = append(m.KlpSyms, klp.KlpSym{Raw: s.Raw, Object: s.Object, Name: s.Name, Sympos: s.Sympos, Malformed: s.Malformed, Tombstone: s.Tombstone})
		}
		m.KlpRelas = append(m.KlpRelas, row)
	}
	return m, nil
}
