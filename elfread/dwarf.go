package elfread

import (
	"bytes"
	"debug/dwarf"
	"fmt"

	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/klp"
)

// maxDebug bounds the debug information that is parsed, in bytes.
const maxDebug = 12 << 20

// dwarfLayout is what the module's debug information says of the livepatch
// structs. Parsing it costs a thousand times what reading the tables costs, so
// that it is asked last.
type dwarfLayout struct {
	done   bool
	layout *klp.Layout
	reason string // why layout is nil
}

// fromDWARF returns the layout in the module's debug information, nil where it
// has none; p.dwarf.reason then says why.
func (p *parser) fromDWARF() *klp.Layout {
	d := &p.dwarf
	if d.done {
		return d.layout
	}
	d.done = true
	if p.sec.debugInfo == 0 {
		d.reason = "the module has no debug information"
		return nil
	}
	l, err := p.parseDWARF()
	if err != nil {
		d.reason = err.Error()
		return nil
	}
	d.layout = l
	return l
}

// keepDebug keeps what tells the types of a module that has no BTF.
func (p *parser) keepDebug() {
	if !p.o.Types || p.m.BTF != nil || p.sec.debugInfo == 0 {
		return
	}
	s, err := p.f.DebugSections(maxDebug)
	if err != nil {
		p.m.Debug = &klp.ModuleDebug{Reason: err.Error()}
		return
	}
	p.m.Debug = &klp.ModuleDebug{
		Info: s[".debug_info"], Abbrev: s[".debug_abbrev"], Str: s[".debug_str"], LineStr: s[".debug_line_str"],
		StrOffsets: s[".debug_str_offsets"], BigEndian: p.f.BigEndian,
	}
}

// proposedField is a name whose absence from .debug_str tells that no struct has
// one of the proposed fields: it stands for replace_sets too, and supersedes was
// proposed beside that only.
const proposedField = "replace_set"

// fieldFromDWARF tells which field decides about replacing. Where no string of
// the debug information names one of the proposed fields, none of its structs
// has one, and nothing need be parsed.
func (p *parser) fieldFromDWARF() klp.ReplaceKind {
	if p.sec.debugInfo == 0 {
		return klp.KindUnknown
	}
	if i := p.sec.debugStr; i != 0 {
		names, err := p.f.Unpacked(i, maxDebug)
		switch {
		case err != nil || bytes.Contains(names, []byte(proposedField)):
		case bytes.Contains(names, []byte("klp_patch\x00")):
			return klp.KindFlag
		default:
			return klp.KindUnknown
		}
	}
	if l := p.fromDWARF(); l != nil {
		return l.ReplaceField
	}
	return klp.KindUnknown
}

// parseDWARF goes through the types at the top of each compilation unit.
func (p *parser) parseDWARF() (l *klp.Layout, err error) {
	defer func() {
		if r := recover(); r != nil {
			l, err = nil, fmt.Errorf("debug info: %v", r)
		}
	}()
	d, err := p.f.DWARF(maxDebug)
	if err != nil {
		return nil, err
	}
	l = &klp.Layout{Source: klp.LayoutDWARF, ReplaceField: klp.KindUnknown}
	work := maxDebugWork
	r := debugReader{d.Reader(), &work}
	for {
		e, err := r.next()
		if err != nil {
			return nil, fmt.Errorf("debug info: %w", err)
		}
		if e == nil {
			break
		}
		if e.Tag == dwarf.TagCompileUnit {
			continue
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		size, sized := e.Val(dwarf.AttrByteSize).(int64)
		if e.Tag == dwarf.TagStructType && e.Children && sized && size > 0 {
			if set := members(l, name, uint64(size)); set != nil {
				if err := eachMember(r, set, d); err != nil {
					return nil, fmt.Errorf("debug info: struct %s: %w", name, err)
				}
				continue
			}
		}
		if err := r.skip(e); err != nil {
			return nil, fmt.Errorf("debug info: %w", err)
		}
	}
	if l.PatchSize == 0 || l.ObjectSize == 0 || l.FuncSize == 0 {
		return nil, fmt.Errorf("the module's debug information does not describe struct klp_patch")
	}
	return l, nil
}

// maxDebugWork bounds the bytes that all entries looked at take in memory.
const maxDebugWork = 128 << 20

// debugReader goes through entries for as long as there is work left.
type debugReader struct {
	r    *dwarf.Reader
	work *int // bytes
}

// next returns the next entry, nil at the end.
func (r debugReader) next() (*dwarf.Entry, error) {
	e, err := r.r.Next()
	if err != nil || e == nil {
		return nil, err
	}
	*r.work -= 64
	for i := range e.Field {
		name, _ := e.Field[i].Val.(string)
		*r.work -= 64 + len(name)
	}
	if *r.work < 0 {
		return nil, fmt.Errorf("%w: entries of more than %d bytes", safeelf.ErrTooLarge, maxDebugWork)
	}
	return e, nil
}

// skip passes over what is below e. Unlike the library's SkipChildren it does
// not call itself, whatever the depth, and does not follow sibling references,
// which can lead to the same bytes over and over.
func (r debugReader) skip(e *dwarf.Entry) error {
	depth := 0
	for {
		switch {
		case e.Tag == 0:
			depth--
		case e.Children:
			depth++
		}
		if depth <= 0 {
			return nil
		}
		var err error
		if e, err = r.next(); err != nil || e == nil {
			return err
		}
	}
}

// members returns what to do with each member of a livepatch struct, nil for
// other structs. off is the member's offset in bytes.
func members(l *klp.Layout, name string, size uint64) func(member string, off uint64, kind klp.ReplaceKind) {
	switch name {
	case "klp_patch":
		l.PatchSize = size
		return func(member string, off uint64, kind klp.ReplaceKind) {
			switch member {
			case "mod":
				l.PatchMod = off
			case "objs":
				l.PatchObjs = off
			case "states":
				l.PatchStates, l.HasStates = off, true
			case "replace", "replace_set", "replace_sets":
				l.PatchReplace, l.ReplaceField = off, kind
			case "supersedes":
				l.PatchSupersedes = off
			}
		}
	case "klp_object":
		l.ObjectSize = size
		return func(member string, off uint64, _ klp.ReplaceKind) {
			switch member {
			case "name":
				l.ObjectName = off
			case "funcs":
				l.ObjectFuncs = off
			case "callbacks":
				l.ObjectCallbacks, l.HasCallbacks = off, true
			}
		}
	case "klp_func":
		l.FuncSize = size
		return func(member string, off uint64, _ klp.ReplaceKind) {
			switch member {
			case "old_name":
				l.FuncName = off
			case "new_func":
				l.FuncNew = off
			case "old_sympos":
				l.FuncSympos = off
			}
		}
	case "klp_state":
		l.StateSize = size
		return func(member string, off uint64, _ klp.ReplaceKind) {
			switch member {
			case "id":
				l.StateID = off
			case "version":
				l.StateVersion = off
			}
		}
	}
	return nil
}

// eachMember calls set for the members of the struct whose entry r is behind.
func eachMember(r debugReader, set func(string, uint64, klp.ReplaceKind), d *dwarf.Data) error {
	for {
		e, err := r.next()
		if err != nil {
			return err
		}
		if e == nil || e.Tag == 0 {
			return nil
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		where := e.Val(dwarf.AttrDataMemberLoc)
		off, ok := where.(int64)
		if where != nil && !ok {
			return fmt.Errorf("member %s: its place is an expression, as in DWARF 2", name)
		}
		if e.Tag == dwarf.TagMember && ok && off >= 0 {
			kind := klp.KindUnknown
			if typ, ok := e.Val(dwarf.AttrType).(dwarf.Offset); ok {
				kind = fieldKind(debugReader{d.Reader(), r.work}, typ)
			}
			set(name, uint64(off), kind)
		}
		if err := r.skip(e); err != nil {
			return err
		}
	}
}

// fieldKind tells the kind of replace field by its type, which typedefs may wrap.
func fieldKind(r debugReader, typ dwarf.Offset) klp.ReplaceKind {
	for range 8 {
		r.r.Seek(typ)
		e, err := r.next()
		if err != nil || e == nil {
			break
		}
		switch e.Tag {
		case dwarf.TagPointerType:
			return klp.KindSets
		case dwarf.TagBaseType:
			switch size, _ := e.Val(dwarf.AttrByteSize).(int64); size {
			case 1:
				return klp.KindFlag
			case 4:
				return klp.KindSet
			}
			return klp.KindUnknown
		}
		next, ok := e.Val(dwarf.AttrType).(dwarf.Offset)
		if !ok {
			break
		}
		typ = next
	}
	return klp.KindUnknown
}
