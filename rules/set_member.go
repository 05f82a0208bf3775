package rules

import (
	"iter"
	"slices"
	"strings"
	"unique"

	"github.com/klplint/klplint/klp"
)

// Member is the compact row of one module: what set rules compare, without the
// rest of the module. It is made by NewMember, possibly in parallel, and
// belongs to one Set after that.
type Member struct {
	Path      string
	Name      string // the module's own name, "" when it has none
	Baseline  bool   // already built, as opposed to under judgement
	Owner     string // who ships it, "" when not known; the driver may set it before NewSet
	SHA256    string // "" when not computed
	Size      int64  // bytes of the file
	Toolchain klp.Toolchain
	Release   string // the kernel release of its vermagic
	Replace   klp.Replace

	names   string // of the funcs, behind each other
	sites   []site
	objects []objectRow
	funcs   []funcRow
	states  []stateRow
	shadows []shadowRow

	index int    // in Set.Members
	class uint32 // index of the equal Replace in Set.classes
}

// site is what the locations of many rows have in common.
type site struct {
	section, symbol string
	base            int64 // file offset less section offset; see noBytes
}

// noBytes marks a site whose places have no bytes in the file.
const noBytes = int64(-1) << 62

// place is a klp.Location in 16 bytes.
type place struct {
	offset uint64
	site   uint32
}

type objectRow struct {
	name      string
	literal   bool
	callbacks uint8  // bit i: the i-th of callbackKinds
	first     uint32 // its funcs that have a name are funcs[first:first+count]
	count     uint32
	at        place
}

// funcRow is 40 bytes: there are hundreds of thousands.
type funcRow struct {
	sympos      uint64
	offset      uint64 // with site, its place
	site        uint32
	start, size uint32 // its name is names[start:start+size]
	hash        uint32 // equal for equal funcs
	key         uint32 // see Set.keys
}

func (f *funcRow) position() uint64 { return max(1, f.sympos) }

func (m *Member) nameOf(f *funcRow) string { return m.names[f.start : f.start+f.size] }

// objectOf returns the object of a func: funcs stand in the order of objects.
func (m *Member) objectOf(row uint32) *objectRow {
	i, _ := slices.BinarySearchFunc(m.objects, row, func(o objectRow, row uint32) int {
		if o.first+o.count <= row {
			return -1
		}
		return 1
	})
	return &m.objects[i]
}

func (m *Member) funcAt(row uint32) klp.Location {
	f := &m.funcs[row]
	return m.location(place{offset: f.offset, site: f.site})
}

type stateRow struct {
	id      uint64
	version uint32
	at      place
}

type shadowRow struct {
	id uint64
	at place
}

var callbackKinds = [...]klp.CallbackKind{klp.PrePatch, klp.PostPatch, klp.PreUnpatch, klp.PostUnpatch}

// NewMember makes the row of a module; it keeps no reference to the module or
// to the strings in it. Funcs without a name are left out: the kernel refuses
// the patch whatever else is loaded.
func NewMember(m *klp.Module, baseline bool) *Member {
	b := newMemberBuilder(m)
	r := &Member{
		Path:      b.keep(m.Path),
		Name:      b.keep(m.Name),
		SHA256:    b.keep(m.SHA256),
		Release:   common(m.Vermagic.Release),
		Toolchain: m.Toolchain,
		Size:      m.Size,
		Baseline:  baseline,
	}
	r.Replace = m.Replace
	r.Replace.Sets, r.Replace.Supersedes = slices.Clone(m.Replace.Sets), slices.Clone(m.Replace.Supersedes)
	r.Replace.Reason = b.keep(m.Replace.Reason)
	r.Replace.At.Section, r.Replace.At.Symbol = common(m.Replace.At.Section), common(m.Replace.At.Symbol)
	b.objects(r, m.Patch.Objects)
	for _, s := range m.Patch.States {
		if s.ID == 0 {
			break // the kernel walks no further
		}
		r.states = append(r.states, stateRow{id: s.ID, version: s.Version, at: b.place(s.At)})
	}
	if len(m.ShadowIDs) > 0 {
		r.shadows = make([]shadowRow, len(m.ShadowIDs))
		for i, s := range m.ShadowIDs {
			r.shadows[i] = shadowRow{id: s.ID, at: b.place(s.At)}
		}
	}
	r.sites, r.names = b.sites, b.text.String()
	return r
}

// MemberFunc is one func of a Member.
type MemberFunc struct {
	Object  string
	Literal bool // the object is spelt "vmlinux" in a static table, and never applied
	Name    string
	Sympos  uint64
	At      klp.Location
}

// Funcs yields the named funcs in table order.
func (m *Member) Funcs() iter.Seq[MemberFunc] {
	return func(yield func(MemberFunc) bool) {
		for i := range m.funcs {
			f := &m.funcs[i]
			o := m.objectOf(uint32(i))
			if !yield(MemberFunc{Object: o.name, Literal: o.literal, Name: m.nameOf(f), Sympos: f.sympos, At: m.funcAt(uint32(i))}) {
				return
			}
		}
	}
}

// States yields the states in table order.
func (m *Member) States() iter.Seq[klp.State] {
	return func(yield func(klp.State) bool) {
		for _, s := range m.states {
			if !yield(klp.State{ID: s.id, Version: s.version, At: m.location(s.at)}) {
				return
			}
		}
	}
}

func (m *Member) location(p place) klp.Location {
	if int(p.site) >= len(m.sites) {
		return klp.Location{}
	}
	s := &m.sites[p.site]
	at := klp.Location{Section: s.section, Symbol: s.symbol, Offset: p.offset}
	if s.base != noBytes {
		at.File = s.base + int64(p.offset)
	}
	return at
}

// memberBuilder copies the strings of one module into one allocation.
type memberBuilder struct {
	text  strings.Builder
	sites []site
}

func newMemberBuilder(m *klp.Module) *memberBuilder {
	n := len(m.Path) + len(m.Name) + len(m.SHA256) + len(m.Replace.Reason)
	for i := range m.Patch.Objects {
		n += len(m.Patch.Objects[i].Name)
		for j := range m.Patch.Objects[i].Funcs {
			n += len(m.Patch.Objects[i].Funcs[j].Name)
		}
	}
	b := &memberBuilder{}
	b.text.Grow(n)
	return b
}

// keep returns a copy in the builder's one allocation, which newMemberBuilder
// has made large enough.
func (b *memberBuilder) keep(s string) string {
	start := b.text.Len()
	b.text.WriteString(s)
	return b.text.String()[start:]
}

// common returns a copy that all members share: sections, releases and the
// symbols of tables are much the same in every module.
func common(s string) string { return unique.Make(s).Value() }

func (b *memberBuilder) objects(r *Member, objects []klp.Object) {
	count := 0
	for i := range objects {
		count += len(objects[i].Funcs)
	}
	r.objects = make([]objectRow, 0, len(objects))
	r.funcs = make([]funcRow, 0, count)
	for i := range objects {
		o := &objects[i]
		row := objectRow{name: b.keep(o.Name), literal: o.Literal, at: b.place(o.At)}
		row.first = uint32(len(r.funcs))
		object := hashObject(o)
		for _, c := range o.Callbacks {
			for bit, kind := range callbackKinds {
				if c.Kind == kind {
					row.callbacks |= 1 << bit
				}
			}
		}
		for j := range o.Funcs {
			f := &o.Funcs[j]
			if f.Name == "" {
				continue
			}
			at := b.place(f.At)
			r.funcs = append(r.funcs, funcRow{
				start: uint32(b.text.Len()), size: uint32(len(f.Name)),
				sympos: f.Sympos, offset: at.offset, site: at.site, hash: hashFunc(object, f),
			})
			b.text.WriteString(f.Name)
		}
		row.count = uint32(len(r.funcs)) - row.first
		r.objects = append(r.objects, row)
	}
}

// place looks for the site among the last few only: tables are written array
// by array, so that neighbours share it.
func (b *memberBuilder) place(at klp.Location) place {
	base := noBytes
	if at.File != 0 {
		base = at.File - int64(at.Offset)
	}
	for i := len(b.sites) - 1; i >= 0 && i >= len(b.sites)-4; i-- {
		if s := &b.sites[i]; s.base == base && s.section == at.Section && s.symbol == at.Symbol {
			return place{offset: at.Offset, site: uint32(i)}
		}
	}
	b.sites = append(b.sites, site{section: common(at.Section), symbol: common(at.Symbol), base: base})
	return place{offset: at.Offset, site: uint32(len(b.sites) - 1)}
}
