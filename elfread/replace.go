package elfread

import (
	"fmt"

	"github.com/klplint/klplint/klp"
)

// evidence is what the value itself tells of the field that holds it.
type evidence struct {
	kind klp.ReplaceKind // KindUnknown where the value fits more than one field
	why  string          // in words, for errors
}

// replaceField settles which field stands in the slot of klp_patch.replace:
// by the module's debug information, the option, the value, and then the given
// kernel's BTF. Sources about the module that contradict each other are an
// error. A kernel that has another field than the module was compiled with is
// none: rule KLP315 says so. Without any source it is mainline's flag, and
// FieldAssumed says so.
func (p *parser) replaceField(value evidence) (klp.ReplaceKind, klp.FieldSource, error) {
	kind, source := klp.KindUnknown, klp.FieldAssumed
	if k := p.debugField; known(k) {
		kind, source = k, klp.FieldDWARF
	}
	if known(p.o.ReplaceField) {
		if known(kind) && kind != p.o.ReplaceField {
			return kind, source, p.fail(place{}, "replace field is a %s according to %s, but was given as a %s", kind, source, p.o.ReplaceField)
		}
		if !known(kind) {
			kind, source = p.o.ReplaceField, klp.FieldOption
		}
	}
	if known(value.kind) {
		if known(kind) && kind != value.kind {
			return kind, source, p.fail(place{}, "replace field is a %s according to %s, but %s", kind, source, value.why)
		}
		if !known(kind) {
			kind, source = value.kind, klp.FieldValue
		}
	}
	if l := p.o.Layout; !known(kind) && l != nil && known(l.ReplaceField) {
		kind, source = l.ReplaceField, klp.FieldBTF
	}
	if !known(kind) {
		kind = klp.KindFlag
	}
	return kind, source, nil
}

func known(k klp.ReplaceKind) bool { return k != "" && k != klp.KindUnknown }

// codeEvidence tells the field by the store of init code: its width in bytes
// (0 where nothing is stored) and whether an address is stored.
func codeEvidence(width, value uint64, address bool) evidence {
	switch {
	case address:
		return evidence{klp.KindSets, "init code stores an address in it"}
	case width == 4:
		return evidence{klp.KindSet, "init code stores 4 bytes in it"}
	case width == 1 && value <= 1:
		return evidence{klp.KindFlag, "init code stores 1 byte in it"}
	}
	return evidence{kind: klp.KindUnknown}
}

// dataEvidence tells the field by the 8 bytes in its slot. A bool is 0 or 1 in
// the first byte and its padding is zero, in either byte order; zero may be any
// of the three, and on a little-endian machine 1 may be a number too.
func (p *parser) dataEvidence(slot []byte, address bool) (evidence, error) {
	if address {
		return evidence{klp.KindSets, "its value is a relocated pointer"}, nil
	}
	if !allZero(slot[4:]) {
		return evidence{}, fmt.Errorf("bytes % x are neither a bool nor a 32-bit number nor a relocated pointer", slot)
	}
	if slot[0] <= 1 && allZero(slot[1:4]) {
		return evidence{kind: klp.KindUnknown}, nil
	}
	n := p.f.Uint32(slot)
	return evidence{klp.KindSet, fmt.Sprintf("its value is %d", n)}, nil
}

// withoutField is what a livepatch of a kernel before 5.1 says: its struct
// klp_patch has no replace field, and it stacks on the others.
func (p *parser) withoutField() klp.Replace {
	source := klp.FieldAssumed // by the release
	switch {
	case p.o.Layout != nil:
		source = klp.FieldBTF
	case p.dwarf.layout != nil:
		source = klp.FieldDWARF
	}
	return klp.Replace{Kind: klp.KindFlag, Source: klp.FromNone, FieldSource: source, Reason: "no replace field: stacks"}
}

// readReplace reads the field of a static klp_patch, and what init code does
// to it before klp_enable_patch() sees it.
func (p *parser) readReplace(patch place) error {
	l, r, code := &p.m.Layout, &p.m.Replace, &p.init.Replace
	if l.PatchReplace == 0 {
		*r = p.withoutField()
		return nil
	}
	at := placeAt(patch.Section, patch.Offset+l.PatchReplace)
	slot, ok := p.bytesAt(at, 8)
	if !ok {
		return p.fail(at, "struct klp_patch extends past the end of its section")
	}
	sets, err := p.pointerField(at)
	if err != nil {
		return err
	}
	value, err := p.dataEvidence(slot, !sets.null)
	if err != nil {
		return p.fail(at, "replace: %w", err)
	}
	if code.Known {
		if stored := codeEvidence(uint64(code.Width), code.Value, code.Pointer != nil); known(stored.kind) {
			value = stored
		}
	}
	if r.Kind, r.FieldSource, err = p.replaceField(value); err != nil {
		return err
	}
	r.Source, r.At = klp.FromData, p.locate(at)
	l.ReplaceField = r.Kind
	if err := p.readSupersedes(patch, r.Kind); err != nil {
		return err
	}
	switch {
	case code.Runtime:
		r.Source, r.At, r.Reason = klp.FromRuntime, code.At, code.Reason
		return nil
	case code.Known:
		r.Source, r.At = klp.FromCode, code.At
		return p.storedValue()
	case !code.Static:
		// Code that could not be followed may store to the field.
		r.Kind, r.Source, r.Reason = klp.KindUnknown, klp.FromNone, code.Reason
		if r.Reason == "" {
			r.Reason = "the init code could not be analyzed"
		}
		return nil
	}
	switch r.Kind {
	case klp.KindFlag:
		r.Flag = slot[0] != 0
	case klp.KindSet:
		r.Set = p.f.Uint32(slot)
	case klp.KindSets:
		if r.SetsNull = sets.null; !sets.null {
			if sets.undef {
				return p.fail(at, "replace_sets points to symbol %q of another module", p.symName(sets.sym))
			}
			r.Sets, err = p.readSets(sets.to)
		}
	}
	return err
}

// pointerField reads a field that may be a pointer or a number: NULL without a
// relocation, whatever its bytes.
func (p *parser) pointerField(at place) (pointer, error) {
	rs, err := p.relocsIn(at.Section, at.Offset, at.Offset+8)
	if err != nil {
		return pointer{}, err
	}
	for _, r := range rs {
		if r.Type != none {
			return p.pointerAt(at)
		}
	}
	return pointer{null: true, at: at}, nil
}

// storedValue takes the constant that init code stores.
func (p *parser) storedValue() (err error) {
	r, code := &p.m.Replace, &p.init.Replace
	switch r.Kind {
	case klp.KindFlag:
		r.Flag = code.Value != 0
	case klp.KindSet:
		r.Set = uint32(code.Value)
	case klp.KindSets:
		if r.SetsNull = code.Pointer == nil; code.Pointer != nil {
			r.Sets, err = p.readSets(*code.Pointer)
		}
	}
	return err
}

// maxSets bounds the number of replace sets in one list.
const maxSets = 1024

// readSets reads a zero-terminated array of u32. An array of one zero lists no
// set; one without any element has no end.
func (p *parser) readSets(at place) ([]uint32, error) {
	sets := []uint32{}
	array, bounded := p.object(at)
	for off := uint64(0); ; off += 4 {
		pl := placeAt(at.Section, at.Offset+off)
		if bounded && off >= array.size {
			return nil, p.fail(pl, "list of replace sets is not terminated by a zero within its %d bytes", array.size)
		}
		n, err := p.uint(pl, 4)
		if err != nil {
			return nil, step("list of replace sets", err)
		}
		if n == 0 {
			return sets, nil
		}
		if len(sets) == maxSets {
			return nil, p.fail(pl, "list of more than %d replace sets", maxSets)
		}
		sets = append(sets, uint32(n))
	}
}

// readSupersedes reads the proposed pointer to further sets, behind a number.
// Where no layout names its offset, a relocated pointer in the word behind
// replace_set is it: in every other layout the kernel's own list_head stands
// there, which no author fills in.
func (p *parser) readSupersedes(patch place, kind klp.ReplaceKind) error {
	l, r := &p.m.Layout, &p.m.Replace
	off := l.PatchSupersedes
	if off == 0 {
		if off = l.PatchReplace + 8; p.o.Layout != nil || p.dwarf.layout != nil {
			return nil
		}
	}
	at := placeAt(patch.Section, patch.Offset+off)
	if _, ok := p.bytesAt(at, 8); !ok {
		return nil
	}
	ptr, err := p.pointerField(at)
	if err != nil || ptr.null && l.PatchSupersedes == 0 {
		return err
	}
	if ptr.undef {
		return p.fail(at, "supersedes points to symbol %q of another module", p.symName(ptr.sym))
	}
	l.PatchSupersedes = off
	if r.Supersedes = []uint32{}; !ptr.null {
		if r.Supersedes, err = p.readSets(ptr.to); err != nil {
			return step("supersedes", err)
		}
	}
	if r.FieldSource == klp.FieldAssumed && kind == klp.KindFlag {
		r.Kind, r.FieldSource, l.ReplaceField = klp.KindSet, klp.FieldValue, klp.KindSet
	}
	return nil
}
