package rules

import (
	"iter"
	"slices"

	"github.com/klplint/klplint/klp"
)

// Member is the compact row of one module: what set rules compare, without the
// rest of the module. It is made by NewMember or a MemberBuilder, possibly in
// parallel, and belongs to one Set after that.
type Member struct {
	Path      string
	Name      string // the module's own name, "" when it has none
	Baseline  bool   // already built, as opposed to under judgement
	Owner     string // who ships it, "" when not known; the driver may set it before NewSet
	SHA256    string // "" when not computed
	Size      int64  // bytes of the file
	Toolchain klp.Toolchain
	Release   string       // the kernel release of its vermagic
	Replace   *klp.Replace // members may share it

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

// funcRow is 32 bytes: there are hundreds of thousands.
type funcRow struct {
	sympos      uint64
	offset      uint64 // with site, its place
	site        uint32
	start, size uint32 // its name is names[start:start+size]
	key         uint32 // before NewSet a hash, equal for equal funcs; then see Set.keys
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
