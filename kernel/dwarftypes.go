package kernel

import (
	"crypto/sha256"
	"debug/dwarf"
	"fmt"
	"math"

	"github.com/cilium/ebpf/btf"

	"github.com/klplint/klplint/klp"
)

// Bounds of the debug information that types are read from, in bytes of memory: of
// all entries that are looked at, of those that are kept of one unit, and of the
// types that are made of them. A unit that includes the kernel's headers has some
// sixty thousand entries.
const (
	maxDebugWork  = 384 << 20
	maxUnitKept   = 32 << 20
	maxTypesMade  = 32 << 20
	maxDebugDepth = 1 << 10
)

// entryBytes is about what an entry takes, without its name.
const entryBytes = 256

// typesOfDWARF makes BTF of what a module's debug information tells: its structs,
// unions and enums with a name, what these are made of, and the prototypes of
// the replacements. A type that several units describe alike is there once.
func typesOfDWARF(m *klp.Module) (spec *btf.Spec, err error) {
	d := debugTypes{wanted: make(map[string]bool), seen: make(map[[sha256.Size]byte]bool), work: maxDebugWork, made: maxTypesMade, kept: maxUnitKept, entries: make(map[dwarf.Offset]*debugEntry)}
	for i := range m.Patch.Objects {
		for j := range m.Patch.Objects[i].Funcs {
			d.wanted[m.Patch.Objects[i].Funcs[j].New.Symbol] = true
		}
	}
	if err := d.read(m.Debug.Data.Reader()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoModuleTypes, err)
	}
	b, err := btf.NewBuilder(d.roots, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoModuleTypes, err)
	}
	if spec, err = b.Spec(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoModuleTypes, err)
	}
	return spec, nil
}

// debugTypes gathers the types of one unit after another.
type debugTypes struct {
	wanted map[string]bool            // functions
	seen   map[[sha256.Size]byte]bool // identities of the roots
	roots  []btf.Type
	work   int // bytes left of maxDebugWork
	made   int // bytes left of maxTypesMade

	// Of the unit.
	entries map[dwarf.Offset]*debugEntry
	order   []*debugEntry
	kept    int          // bytes left of maxUnitKept
	lost    dwarf.Offset // a reference that leads to no type of the unit; 0 for none
}

// debugEntry is what an entry of the debug information says that BTF can say, too.
type debugEntry struct {
	tag         dwarf.Tag
	name        string
	size        int64 // bytes; of an array's dimension the number of elements
	declaration bool
	encoding    int64        // of a base type
	of          dwarf.Offset // 0 for void
	at          int64        // bits from the start of the struct; of an enumerator its value
	width       int64        // of a bit field, in bits
	parts       []*debugEntry

	made btf.Type
}

// below are the entries that are parts of the one they stand in.
var below = map[dwarf.Tag]bool{
	dwarf.TagMember: true, dwarf.TagEnumerator: true, dwarf.TagSubrangeType: true,
	dwarf.TagFormalParameter: true, dwarf.TagUnspecifiedParameters: true,
}

func (d *debugTypes) read(r *dwarf.Reader) error {
	var stack []*debugEntry // nil for what is of no interest
	for {
		e, err := r.Next()
		if err != nil {
			return err
		}
		if e == nil {
			break
		}
		if e.Tag == 0 {
			if len(stack) > 0 {
				stack = stack[:len(stack)-1]
			}
			continue
		}
		if e.Tag == dwarf.TagCompileUnit {
			if err := d.endUnit(); err != nil {
				return err
			}
			stack = stack[:0]
		}
		if err := d.pay(e, len(stack)); err != nil {
			return err
		}
		var keep *debugEntry
		switch {
		case below[e.Tag]:
			if n := len(stack); n > 0 && stack[n-1] != nil {
				stack[n-1].parts = append(stack[n-1].parts, newDebugEntry(e))
				d.kept -= entryBytes + len(stringOf(e, dwarf.AttrName))
			}
		case ofTypes(e.Tag) || e.Tag == dwarf.TagSubprogram && d.wanted[stringOf(e, dwarf.AttrName)]:
			keep = newDebugEntry(e)
			d.entries[e.Offset] = keep
			d.order = append(d.order, keep)
			d.kept -= entryBytes + len(keep.name)
		}
		if e.Children {
			stack = append(stack, keep)
		}
	}
	return d.endUnit()
}

// pay takes an entry off the bounds.
func (d *debugTypes) pay(e *dwarf.Entry, depth int) error {
	d.work -= 64
	for i := range e.Field {
		text, _ := e.Field[i].Val.(string)
		d.work -= 64 + len(text)
	}
	switch {
	case depth > maxDebugDepth:
		return fmt.Errorf("debug information nested more than %d deep", maxDebugDepth)
	case d.work < 0:
		return fmt.Errorf("debug information of more than %d bytes in memory", maxDebugWork)
	case d.kept < 0:
		return fmt.Errorf("a unit's types of more than %d bytes in memory", maxUnitKept)
	case d.made < 0:
		return fmt.Errorf("types of more than %d bytes in memory", maxTypesMade)
	}
	return nil
}

// tagAtomic is DW_TAG_atomic_type.
const tagAtomic = dwarf.Tag(0x47)

func ofTypes(t dwarf.Tag) bool {
	switch t {
	case dwarf.TagBaseType, dwarf.TagPointerType, dwarf.TagStructType, dwarf.TagUnionType, dwarf.TagEnumerationType,
		dwarf.TagTypedef, dwarf.TagConstType, dwarf.TagVolatileType, dwarf.TagRestrictType, tagAtomic, dwarf.TagArrayType, dwarf.TagSubroutineType:
		return true
	}
	return false
}

func stringOf(e *dwarf.Entry, a dwarf.Attr) string { s, _ := e.Val(a).(string); return s }

func newDebugEntry(e *dwarf.Entry) *debugEntry {
	out := &debugEntry{tag: e.Tag}
	var upper, count, bytesAt, bitsAt, bigBits int64
	var hasUpper, hasBits, hasBig bool
	for _, f := range e.Field {
		n, _ := f.Val.(int64)
		switch f.Attr {
		case dwarf.AttrName:
			out.name, _ = f.Val.(string)
		case dwarf.AttrByteSize:
			out.size = n
		case dwarf.AttrDeclaration:
			out.declaration, _ = f.Val.(bool)
		case dwarf.AttrEncoding:
			out.encoding = n
		case dwarf.AttrType:
			out.of, _ = f.Val.(dwarf.Offset)
		case dwarf.AttrDataMemberLoc:
			bytesAt = n
		case dwarf.AttrDataBitOffset:
			bitsAt, hasBits = n, true
		case dwarf.AttrBitOffset:
			bigBits, hasBig = n, true
		case dwarf.AttrBitSize:
			out.width = n
		case dwarf.AttrConstValue:
			out.at = n
		case dwarf.AttrUpperBound:
			upper, hasUpper = n, f.Class == dwarf.ClassConstant
		case dwarf.AttrCount:
			count = n
		}
	}
	switch e.Tag {
	case dwarf.TagMember:
		switch {
		case hasBits:
			out.at = 8*bytesAt + bitsAt
		case hasBig: // counted from the most significant bit of the storage (DWARF 3)
			out.at = 8*bytesAt + 8*out.size - bigBits - out.width
		default:
			out.at = 8 * bytesAt
		}
	case dwarf.TagSubrangeType:
		if out.size = count; hasUpper {
			out.size = upper + 1
		}
	}
	return out
}

// endUnit makes the types of the unit that was read.
func (d *debugTypes) endUnit() error {
	for _, e := range d.order {
		e.made = e.shell()
	}
	for _, e := range d.order {
		d.fill(e)
	}
	if d.lost != 0 {
		return fmt.Errorf("debug information refers to %#x, where its unit has no type", d.lost)
	}
	for _, e := range d.order {
		if e.name == "" || e.declaration {
			continue
		}
		switch e.tag {
		case dwarf.TagStructType, dwarf.TagUnionType, dwarf.TagEnumerationType, dwarf.TagSubprogram:
			if is := e.identity(); !d.seen[is] {
				d.seen[is] = true
				d.made -= entryBytes * (1 + len(e.parts))
				d.roots = append(d.roots, e.made)
			}
		}
	}
	d.entries, d.order, d.kept = make(map[dwarf.Offset]*debugEntry), nil, maxUnitKept
	return nil
}

// shell is the type without those that it refers to.
func (e *debugEntry) shell() btf.Type {
	size := uint32(min(uint64(max(e.size, 0)), math.MaxUint32))
	switch e.tag {
	case dwarf.TagBaseType:
		const signed, signedChar, boolean, unsignedChar, float = 5, 6, 2, 8, 4 // DWARF 5, 7.8
		switch e.encoding {
		case float:
			return &btf.Float{Name: e.name, Size: size}
		case signed:
			return &btf.Int{Name: e.name, Size: size, Encoding: btf.Signed}
		case signedChar, unsignedChar:
			return &btf.Int{Name: e.name, Size: size, Encoding: btf.Char}
		case boolean:
			return &btf.Int{Name: e.name, Size: size, Encoding: btf.Bool}
		}
		return &btf.Int{Name: e.name, Size: size}
	case dwarf.TagPointerType:
		return &btf.Pointer{}
	case dwarf.TagStructType:
		if e.declaration {
			return &btf.Fwd{Name: e.name, Kind: btf.FwdStruct}
		}
		return &btf.Struct{Name: e.name, Size: size}
	case dwarf.TagUnionType:
		if e.declaration {
			return &btf.Fwd{Name: e.name, Kind: btf.FwdUnion}
		}
		return &btf.Union{Name: e.name, Size: size}
	case dwarf.TagEnumerationType:
		return e.enum(size)
	case dwarf.TagTypedef:
		return &btf.Typedef{Name: e.name}
	case dwarf.TagConstType, tagAtomic: // which BTF does not tell
		return &btf.Const{}
	case dwarf.TagVolatileType:
		return &btf.Volatile{}
	case dwarf.TagRestrictType:
		return &btf.Restrict{}
	case dwarf.TagArrayType:
		return &btf.Array{}
	case dwarf.TagSubprogram:
		return &btf.Func{Name: e.name, Type: &btf.FuncProto{}, Linkage: btf.GlobalFunc}
	}
	return &btf.FuncProto{}
}

func (e *debugEntry) enum(size uint32) *btf.Enum {
	out := &btf.Enum{Name: e.name, Size: size}
	for _, p := range e.parts {
		if p.tag == dwarf.TagEnumerator {
			out.Signed = out.Signed || p.at < 0
			out.Values = append(out.Values, btf.EnumValue{Name: p.name, Value: uint64(p.at)})
		}
	}
	return out
}

// fill gives a type those that it refers to.
func (d *debugTypes) fill(e *debugEntry) {
	switch t := e.made.(type) {
	case *btf.Pointer:
		t.Target = d.at(e.of)
	case *btf.Struct:
		t.Members = d.members(e)
	case *btf.Union:
		t.Members = d.members(e)
	case *btf.Typedef:
		t.Type = d.at(e.of)
	case *btf.Const:
		t.Type = d.at(e.of)
	case *btf.Volatile:
		t.Type = d.at(e.of)
	case *btf.Restrict:
		t.Type = d.at(e.of)
	case *btf.Array:
		d.dimensions(t, e)
	case *btf.FuncProto:
		d.prototype(t, e)
	case *btf.Func:
		d.prototype(t.Type.(*btf.FuncProto), e)
	}
}

// index is the type that BTF has arrays counted by.
var index = &btf.Int{Name: "__ARRAY_SIZE_TYPE__", Size: 4}

// dimensions makes an array of several dimensions one of arrays.
func (d *debugTypes) dimensions(t *btf.Array, e *debugEntry) {
	t.Index, t.Type = index, d.at(e.of)
	for i := len(e.parts) - 1; i >= 0; i-- {
		n := uint32(min(uint64(max(e.parts[i].size, 0)), math.MaxUint32))
		if i == 0 {
			t.Nelems = n
			return
		}
		t.Type = &btf.Array{Index: index, Type: t.Type, Nelems: n}
	}
}

func (d *debugTypes) prototype(t *btf.FuncProto, e *debugEntry) {
	t.Return = d.at(e.of)
	for _, p := range e.parts {
		switch p.tag {
		case dwarf.TagFormalParameter:
			t.Params = append(t.Params, btf.FuncParam{Name: p.name, Type: d.at(p.of)})
		case dwarf.TagUnspecifiedParameters:
			t.Params = append(t.Params, btf.FuncParam{Type: &btf.Void{}}) // an ellipsis
		}
	}
}

func (d *debugTypes) members(e *debugEntry) []btf.Member {
	out := make([]btf.Member, 0, len(e.parts))
	for _, p := range e.parts {
		if p.tag == dwarf.TagMember && p.at >= 0 && p.at <= math.MaxUint32 {
			out = append(out, btf.Member{Name: p.name, Type: d.at(p.of), Offset: btf.Bits(p.at), BitfieldSize: btf.Bits(max(p.width, 0))})
		}
	}
	return out
}

// at is the type at an offset, void for none.
func (d *debugTypes) at(offset dwarf.Offset) btf.Type {
	if offset == 0 {
		return &btf.Void{}
	}
	if e := d.entries[offset]; e != nil {
		return e.made
	}
	d.lost = offset
	return &btf.Void{}
}

// identity is equal for entries of several units that describe one type.
func (e *debugEntry) identity() [sha256.Size]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%d %s %d", e.tag, e.name, e.size)
	for _, p := range e.parts {
		fmt.Fprintf(h, "\x00%s %d %d", p.name, p.at, p.width)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
