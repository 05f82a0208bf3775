package moduleset

import (
	"cmp"
	"slices"
	"strings"

	"github.com/klplint/klplint/internal/names"
	"github.com/klplint/klplint/klp"
)

// Member is what is compared of one module. It may be kept without the module:
// it shares no memory with it. Funcs without a name are left out, because the
// kernel refuses the patch whatever else is loaded.
type Member struct {
	Path     string
	Name     string // the module's own name, "" when it has none
	Baseline bool   // already built, as opposed to a candidate under judgement
	Owner    string // who ships it, "" when not known
	Since    int64  // the registry's revision in which it became active; 0 outside of one
	Channel  string // of the registry: where it is active, or goes to; "" where there is none
	SHA256   string // "" when not computed
	// UnsignedSHA256 is that of the unpacked file without its signature; "" as SHA256.
	UnsignedSHA256 string
	Size           int64 // bytes of the file
	Toolchain      klp.Toolchain
	Release        string       // the kernel release of its vermagic
	Replace        *klp.Replace // members may share one: it is read, and not changed

	Objects []Object
	Funcs   []Func         // of all objects, in table order
	States  []klp.State    // up to the one of id 0, at which the kernel stops reading
	Shadows []klp.ShadowID // without By

	// Of the set that it is in.
	index int // in Set.Members
	class *Class
	stem  string // of its name: see Lineage
}

// Object is one object of a member.
type Object struct {
	Name      string
	Literal   bool // spelled "vmlinux" in a static table, and never applied
	Callbacks bool // it has some
	Funcs     int  // how many of the member's funcs are its own
	At        klp.Location
}

// Func is one patched func of a member.
type Func struct {
	Name string
	*Table

	offset uint64 // in its table
}

// Table is what funcs of one table have in common, kept once: there may be
// some hundred thousand funcs.
type Table struct {
	Object *Object
	Sympos uint64
	at     klp.Location // without Offset
	// code is the name that stands for a func's code where it has several, and
	// another one is the first of them: such a func has a Table of its own. Nil for
	// most.
	code *codeName
}

// codeName is what klp.Func.Code returns.
type codeName struct {
	name     string
	position uint64
}

// FuncKey is what makes two funcs equal. With Key it is the function that is
// patched, whatever its names (klp_find_ops()); with NameKey what the kernel
// compares of two livepatches (klp_find_func()).
type FuncKey struct {
	Object   string
	Literal  bool
	Name     string
	Position uint64 // max(1, sympos)
}

// Position is max(1, sympos).
func (f *Func) Position() uint64 { return max(1, f.Sympos) }

// Key is equal for funcs that are one function of the kernel, as far as their
// names or what is known of the kernel tell.
func (f *Func) Key() FuncKey {
	if c := f.code; c != nil {
		return FuncKey{f.Object.Name, f.Object.Literal, c.name, c.position}
	}
	return f.NameKey()
}

// NameKey is equal for funcs that are called the same.
func (f *Func) NameKey() FuncKey {
	return FuncKey{f.Object.Name, f.Object.Literal, f.Name, f.Position()}
}

// setCode notes the first name of the func's code.
func (f *Func) setCode(name string, position uint64) {
	if name != f.Name || position != f.Position() {
		f.takeCode(&codeName{strings.Clone(name), position})
	}
}

func (f *Func) takeCode(code *codeName) {
	f.Table = &Table{f.Object, f.Sympos, f.at, code}
}

// At is where the func stands in its table.
func (f *Func) At() klp.Location {
	at := f.at
	at.Offset = f.offset
	if at.File != noBytes {
		at.File += int64(f.offset)
	} else {
		at.File = 0
	}
	return at
}

// noBytes is the File of a table that has no bytes in the file.
const noBytes = int64(-1) << 62

// Title is how a message names the member: the module's name, else its path.
func (m *Member) Title() string {
	if m.Name != "" {
		return names.Cut(m.Name)
	}
	return m.Path
}

// content is equal for files that are one module, signed and packed or not; "" when no
// digest was computed.
func (m *Member) content() string { return cmp.Or(m.UnsignedSHA256, m.SHA256) }

// Keys returns the keys of the member's funcs.
func (m *Member) Keys() map[FuncKey]bool {
	keys := make(map[FuncKey]bool, len(m.Funcs))
	for i := range m.Funcs {
		keys[m.Funcs[i].Key()] = true
	}
	return keys
}

// nameKeys returns the NameKeys of the member's funcs.
func (m *Member) nameKeys() map[FuncKey]bool {
	keys := make(map[FuncKey]bool, len(m.Funcs))
	for i := range m.Funcs {
		keys[m.Funcs[i].NameKey()] = true
	}
	return keys
}

// Class returns the members whose replace fields mean the same as this one's;
// nil before New.
func (m *Member) Class() *Class { return m.class }

// Index is the member's place in Set.Members.
func (m *Member) Index() int { return m.index }

// NewMember takes from a module what is compared.
func NewMember(m *klp.Module, baseline bool) *Member {
	text := newText(m)
	out := &Member{
		Path:      m.Path, // the caller's, not cut from the module
		Name:      text.keep(m.Name),
		Baseline:  baseline,
		SHA256:    text.keep(m.SHA256),
		Size:      m.Size,
		Toolchain: m.Toolchain,
		Release:   text.keep(m.Vermagic.Release),
		Replace:   text.replace(&m.Replace),
	}
	if out.UnsignedSHA256 = out.SHA256; m.UnsignedSHA256 != m.SHA256 {
		out.UnsignedSHA256 = strings.Clone(m.UnsignedSHA256)
	}
	out.takeObjects(text, m.Patch.Objects)
	for _, s := range CountedStates(m.Patch.States) {
		s.At = text.place(s.At)
		out.States = append(out.States, s)
	}
	for _, s := range m.ShadowIDs {
		out.Shadows = append(out.Shadows, klp.ShadowID{ID: s.ID, At: text.place(s.At)})
	}
	return out
}

// CountedStates cuts off the state of id 0 and what follows it: the kernel walks no
// further.
func CountedStates(list []klp.State) []klp.State {
	end := slices.IndexFunc(list, func(s klp.State) bool { return s.ID == 0 })
	if end < 0 {
		return list
	}
	return list[:end]
}

func (m *Member) takeObjects(text *text, objects []klp.Object) {
	count := 0
	for i := range objects {
		count += len(objects[i].Funcs)
	}
	m.Objects = make([]Object, len(objects))
	m.Funcs = make([]Func, 0, count)
	var table *Table
	for i := range objects {
		o, to := &objects[i], &m.Objects[i]
		*to = Object{Name: text.keep(o.Name), Literal: o.Literal, Callbacks: len(o.Callbacks) > 0, At: text.place(o.At)}
		for j := range o.Funcs {
			f := &o.Funcs[j]
			if f.Name == "" {
				continue
			}
			table = text.table(table, to, f)
			m.Funcs = append(m.Funcs, Func{text.keep(f.Name), table, f.At.Offset})
			if len(f.Aliases) > 0 {
				m.Funcs[len(m.Funcs)-1].setCode(f.Code())
			}
			to.Funcs++
		}
	}
}

// text holds all strings of one member in one piece of memory, so that none of
// them keeps the file alive that it was cut from.
type text struct {
	b      strings.Builder
	places map[string]string // sections and symbols, of which many places have the same
}

func newText(m *klp.Module) *text {
	size := len(m.Name) + len(m.SHA256) + len(m.Vermagic.Release)
	for i := range m.Patch.Objects {
		o := &m.Patch.Objects[i]
		size += len(o.Name)
		for j := range o.Funcs {
			size += len(o.Funcs[j].Name)
		}
	}
	t := &text{places: make(map[string]string, 4)}
	t.b.Grow(size)
	return t
}

// keep returns a copy of a string that newText has made room for.
func (t *text) keep(s string) string {
	start := t.b.Len()
	t.b.WriteString(s)
	return t.b.String()[start:]
}

func (t *text) word(s string) string {
	known, ok := t.places[s]
	if !ok {
		known = strings.Clone(s)
		t.places[known] = known
	}
	return known
}

func (t *text) place(at klp.Location) klp.Location {
	at.Section, at.Symbol = t.word(at.Section), t.word(at.Symbol)
	return at
}

// table returns the table of a func, last where it is the same as before.
func (t *text) table(last *Table, o *Object, f *klp.Func) *Table {
	table := tableOf(f.At)
	if last != nil && last.Object == o && last.Sympos == f.Sympos && last.at == table {
		return last
	}
	table.Section, table.Symbol = t.word(f.At.Section), t.word(f.At.Symbol)
	return &Table{Object: o, Sympos: f.Sympos, at: table}
}

// tableOf is what the places of a table's funcs have in common.
func tableOf(at klp.Location) klp.Location {
	base := noBytes
	if at.File != 0 {
		base = at.File - int64(at.Offset)
	}
	return klp.Location{Section: at.Section, Symbol: at.Symbol, File: base}
}

func (t *text) replace(r *klp.Replace) *klp.Replace {
	out := *r
	out.Param = nil // a set tries both values
	out.Sets, out.Supersedes = slices.Clone(r.Sets), slices.Clone(r.Supersedes)
	out.Reason, out.At = strings.Clone(r.Reason), t.place(r.At)
	return &out
}

// order is a fixed order of members: what is said of a set does not depend on
// the order in which they were given.
func order(a, b *Member) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Name, b.Name), cmp.Compare(a.SHA256, b.SHA256))
}
