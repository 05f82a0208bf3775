package rules

import (
	"slices"
	"strings"
	"unique"

	"github.com/klplint/klplint/klp"
)

// NewMember makes the row of a module; it keeps no reference to the module or
// to the strings in it. Funcs without a name are left out: the kernel refuses
// the patch whatever else is loaded.
func NewMember(m *klp.Module, baseline bool) *Member {
	return new(MemberBuilder).Member(m, baseline)
}

// MemberBuilder makes many members. They share larger pieces of memory, which
// saves both memory and time where thousands are made. The zero MemberBuilder
// is ready; it must not be copied and serves one goroutine.
type MemberBuilder struct {
	members chunk[Member]
	objects chunk[objectRow]
	funcs   chunk[funcRow]
	states  chunk[stateRow]
	sites   chunk[site]
	text    strings.Builder // of the members made last
	start   int             // where the text of the one being made starts
	seen    []site          // of the one being made

	replaces []*klp.Replace

	recent [8]string // results of common
	oldest int       // of recent
}

// Member is NewMember.
func (b *MemberBuilder) Member(m *klp.Module, baseline bool) *Member {
	b.begin(m)
	r := &b.members.take(1)[:1][0]
	*r = Member{
		Path:      m.Path, // the caller's, not cut from the module
		Name:      b.keep(m.Name),
		SHA256:    b.keep(m.SHA256),
		Release:   b.common(m.Vermagic.Release),
		Toolchain: m.Toolchain,
		Size:      m.Size,
		Baseline:  baseline,
	}
	r.Replace = b.replace(&m.Replace)
	b.takeObjects(r, m.Patch.Objects)
	b.takeStates(r, m.Patch.States)
	if len(m.ShadowIDs) > 0 {
		r.shadows = make([]shadowRow, len(m.ShadowIDs))
		for i, s := range m.ShadowIDs {
			r.shadows[i] = shadowRow{id: s.ID, at: b.place(s.At)}
		}
	}
	r.sites = append(b.sites.take(len(b.seen)), b.seen...)
	r.names = b.text.String()[b.start:]
	return r
}

// keptReplaces bounds the values of Replace to choose from.
const keptReplaces = 64

// replace returns a copy of r, an earlier one where it is equal: modules of one
// build system have few different ones.
func (b *MemberBuilder) replace(r *klp.Replace) *klp.Replace {
	for _, k := range b.replaces {
		if equalReplace(k, r) {
			return k
		}
	}
	k := *r
	k.Sets, k.Supersedes = slices.Clone(r.Sets), slices.Clone(r.Supersedes)
	k.Reason = strings.Clone(r.Reason)
	k.At.Section, k.At.Symbol = b.common(r.At.Section), b.common(r.At.Symbol)
	if len(b.replaces) == keptReplaces {
		b.replaces = b.replaces[:0]
	}
	b.replaces = append(b.replaces, &k)
	return &k
}

func equalReplace(a, b *klp.Replace) bool {
	return a.At.Offset == b.At.Offset && a.At == b.At && a.Kind == b.Kind && a.Flag == b.Flag && a.Set == b.Set && a.SetsNull == b.SetsNull &&
		a.Source == b.Source && a.FieldSource == b.FieldSource && a.Reason == b.Reason &&
		equalLists(a.Sets, b.Sets) && equalLists(a.Supersedes, b.Supersedes)
}

func equalLists(a, b []uint32) bool { return (a == nil) == (b == nil) && slices.Equal(a, b) }

// textSize is the size of one piece of text, in bytes.
const textSize = 32 << 10

// begin makes room for all text of a module.
func (b *MemberBuilder) begin(m *klp.Module) {
	n := len(m.Name) + len(m.SHA256)
	for i := range m.Patch.Objects {
		n += len(m.Patch.Objects[i].Name)
		for j := range m.Patch.Objects[i].Funcs {
			n += len(m.Patch.Objects[i].Funcs[j].Name)
		}
	}
	if b.text.Cap()-b.text.Len() < n {
		size := min(2*b.text.Cap(), textSize)
		b.text.Reset()
		b.text.Grow(max(n, size))
	}
	b.start, b.seen = b.text.Len(), b.seen[:0]
}

// keep returns a copy in the piece of text, for which begin has made room.
func (b *MemberBuilder) keep(s string) string {
	start := b.text.Len()
	b.text.WriteString(s)
	return b.text.String()[start:]
}

// common returns a copy that all members share: sections, releases and the
// symbols of tables are much the same in every module.
func (b *MemberBuilder) common(s string) string {
	for i := range b.recent {
		if b.recent[i] == s {
			return b.recent[i]
		}
	}
	s = unique.Make(s).Value()
	b.recent[b.oldest] = s
	b.oldest = (b.oldest + 1) % len(b.recent)
	return s
}

func (b *MemberBuilder) takeObjects(r *Member, objects []klp.Object) {
	count := 0
	for i := range objects {
		count += len(objects[i].Funcs)
	}
	r.objects = b.objects.take(len(objects))
	r.funcs = b.funcs.take(count)
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
				start: uint32(b.text.Len() - b.start), size: uint32(len(f.Name)),
				sympos: f.Sympos, offset: at.offset, site: at.site, key: hashFunc(object, f),
			})
			b.text.WriteString(f.Name)
		}
		row.count = uint32(len(r.funcs)) - row.first
		r.objects = append(r.objects, row)
	}
}

func (b *MemberBuilder) takeStates(r *Member, states []klp.State) {
	for i, s := range states {
		if s.ID == 0 {
			break // the kernel walks no further
		}
		if i == 0 {
			r.states = b.states.take(len(states))
		}
		r.states = append(r.states, stateRow{id: s.ID, version: s.Version, at: b.place(s.At)})
	}
}

// place looks for the site among the last few only: tables are written array
// by array, so that neighbours share it.
func (b *MemberBuilder) place(at klp.Location) place {
	base := noBytes
	if at.File != 0 {
		base = at.File - int64(at.Offset)
	}
	for i := len(b.seen) - 1; i >= 0 && i >= len(b.seen)-4; i-- {
		if s := &b.seen[i]; s.base == base && s.section == at.Section && s.symbol == at.Symbol {
			return place{offset: at.Offset, site: uint32(i)}
		}
	}
	b.seen = append(b.seen, site{section: b.common(at.Section), symbol: b.common(at.Symbol), base: base})
	return place{offset: at.Offset, site: uint32(len(b.seen) - 1)}
}

// chunk gives out slices of one array after another, each larger than the one
// before.
type chunk[T any] struct {
	free []T // its capacity is what is left
	last int // elements of the array
}

// maxChunk bounds an array, in elements.
const maxChunk = 512

// take returns an empty slice with room for n elements; nil for none.
func (c *chunk[T]) take(n int) []T {
	if n == 0 {
		return nil
	}
	if cap(c.free) < n {
		c.last = max(n, min(2*c.last, maxChunk))
		c.free = make([]T, 0, c.last)
	}
	list := c.free[0:0:n]
	c.free = c.free[n:n:cap(c.free)]
	return list
}
