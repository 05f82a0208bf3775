package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/klplint/klplint/klp"
)

// The abbreviations of debugUnit: code, tag, has children, attribute and form
// pairs, 0 0.
var debugAbbrevs = slices.Concat(
	[]byte{1, 0x11, 1, 0, 0},                                      // compile unit
	[]byte{2, 0x13, 0, 0x03, 0x08, 0x3c, 0x19, 0, 0},              // struct NAME;
	[]byte{3, 0x13, 1, 0x03, 0x08, 0x0b, 0x0b, 0, 0},              // struct NAME, size
	[]byte{4, 0x0d, 0, 0x03, 0x08, 0x49, 0x13, 0x38, 0x0b, 0, 0},  // member NAME, type, offset
	[]byte{5, 0x24, 0, 0x03, 0x08, 0x0b, 0x0b, 0x3e, 0x0b, 0, 0},  // base type NAME, size, encoding
	[]byte{6, 0x2e, 1, 0x03, 0x08, 0x27, 0x19, 0, 0},              // function NAME, with a prototype
	[]byte{7, 0x05, 0, 0x49, 0x13, 0, 0},                          // parameter, type
	[]byte{8, 0x0f, 0, 0x49, 0x13, 0, 0},                          // pointer, type
	[]byte{9, 0x17, 1, 0x0b, 0x0b, 0, 0},                          // union, size
	[]byte{10, 0x0d, 0, 0x49, 0x13, 0x38, 0x0b, 0, 0},             // member, type, offset
	[]byte{11, 0x0d, 0, 0x03, 0x08, 0x6b, 0x0b, 0x0d, 0x0b, 0, 0}, // bit field NAME, offset and width in bits
	[]byte{12, 0x16, 0, 0x03, 0x08, 0x49, 0x13, 0, 0},             // typedef NAME, type
	[]byte{13, 0x17, 1, 0x03, 0x08, 0x0b, 0x0b, 0, 0},             // union NAME, size
	[]byte{14, 0x04, 1, 0x03, 0x08, 0x0b, 0x0b, 0, 0},             // enum NAME, size
	[]byte{15, 0x28, 0, 0x03, 0x08, 0x1c, 0x07, 0, 0},             // value NAME, number of 8 bytes
	[]byte{16, 0x01, 1, 0x49, 0x13, 0, 0},                         // array, type
	[]byte{17, 0x21, 0, 0x37, 0x0b, 0, 0},                         // dimension, elements
	[]byte{18, 0x26, 0, 0x49, 0x13, 0, 0},                         // const, type
	[]byte{0},
)

// debugUnit writes the entries of one unit of DWARF 4.
type debugUnit struct {
	b     []byte
	order binary.AppendByteOrder
}

func newDebugUnit() *debugUnit { return debugUnitOf(binary.LittleEndian, 1) }

// debugUnitOf begins a unit with an entry.
func debugUnitOf(order binary.AppendByteOrder, first byte, values ...any) *debugUnit {
	u := &debugUnit{order: order, b: order.AppendUint16(make([]byte, 4), 4)}
	u.b = append(u.b, 0, 0, 0, 0, 8) // abbreviations, bytes of an address
	u.add(first, values...)
	return u
}

// add writes an entry and returns its offset: strings, one byte for numbers, bytes,
// values of enums as uint64, and references as uint32.
func (u *debugUnit) add(code byte, values ...any) uint32 {
	at := uint32(len(u.b))
	u.b = append(u.b, code)
	for _, v := range values {
		switch v := v.(type) {
		case string:
			u.b = append(append(u.b, v...), 0)
		case int:
			u.b = append(u.b, byte(v))
		case []byte:
			u.b = append(u.b, v...)
		case uint32:
			u.b = u.order.AppendUint32(u.b, v)
		case uint64:
			u.b = u.order.AppendUint64(u.b, v)
		}
	}
	return at
}

func (u *debugUnit) end() { u.b = append(u.b, 0) }

func (u *debugUnit) bytes() []byte {
	u.end()
	return append(u.order.AppendUint32(nil, uint32(len(u.b)-4)), u.b[4:]...)
}

// describe writes a type with what it is made of, and returns its offset.
func (u *debugUnit) describe(t btf.Type) uint32 {
	members := func(code byte, size uint32, list []btf.Member) uint32 {
		of := make([]uint32, len(list))
		for i := range list {
			of[i] = u.describe(list[i].Type)
		}
		at := u.add(code, t.TypeName(), int(size))
		for i := range list {
			u.add(4, list[i].Name, of[i], int(list[i].Offset/8))
		}
		u.end()
		return at
	}
	switch t := t.(type) {
	case *btf.Int:
		return u.add(5, t.Name, int(t.Size), 5)
	case *btf.Pointer:
		return u.add(8, u.describe(t.Target))
	case *btf.Const:
		return u.add(18, u.describe(t.Type))
	case *btf.Typedef:
		return u.add(12, t.Name, u.describe(t.Type))
	case *btf.Fwd:
		return u.add(2, t.Name)
	case *btf.Struct:
		return members(3, t.Size, t.Members)
	case *btf.Union:
		return members(13, t.Size, t.Members)
	case *btf.Enum:
		at := u.add(14, t.Name, int(t.Size))
		for _, v := range t.Values {
			u.add(15, v.Name, v.Value)
		}
		u.end()
		return at
	case *btf.Array:
		at := u.add(16, u.describe(t.Type))
		if t.Nelems > 0 {
			u.add(17, int(t.Nelems))
		}
		u.end()
		return at
	}
	panic(t)
}

// function writes void new_f(void).
func (u *debugUnit) function() {
	u.add(6, "new_f")
	u.end()
}

// debugModule is a livepatch of f in vmlinux with units of debug information.
func debugModule(units ...*debugUnit) *klp.Module {
	m := &klp.Module{Debug: &klp.ModuleDebug{Abbrev: debugAbbrevs}}
	for _, u := range units {
		m.Debug.Info = append(m.Debug.Info, u.bytes()...)
	}
	m.Patch.Objects = []klp.Object{{Name: vmlinux, Null: true, Funcs: []klp.Func{{Name: "f", New: klp.Code{Symbol: "new_f"}}}}}
	return m
}

// debugKernel has struct a {int x; union {int y; unsigned z:3;};} with x at the
// offset and void f(struct a *).
func debugKernel(t testing.TB, x btf.Bits) *Kernel {
	t.Helper()
	number := &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	a := &btf.Struct{Name: "a", Size: 16, Members: []btf.Member{
		{Name: "x", Type: number, Offset: x},
		{Offset: 64, Type: &btf.Union{Size: 4, Members: []btf.Member{{Name: "y", Type: number}, {Name: "z", Type: number, Offset: 1, BitfieldSize: 3}}}},
	}}
	builder, err := btf.NewBuilder([]btf.Type{
		&btf.Func{Name: "f", Type: &btf.FuncProto{Return: &btf.Void{}, Params: []btf.FuncParam{{Type: &btf.Pointer{Target: a}}}}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := builder.Marshal(nil, &btf.MarshalOptions{Order: binary.LittleEndian})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "vmlinux.btf")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	ks, err := Options{}.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return ks[0]
}

// describing is a unit with struct a as debugKernel's with x at 0.
func describing() *debugUnit {
	u := newDebugUnit()
	number := u.add(5, "int", 4, 5)
	union := u.add(9, 4)
	u.add(4, "y", number, 0)
	u.add(11, "z", 1, 3)
	u.end()
	alias := u.add(12, "unnamed", union)
	u.add(3, "a", 16)
	u.add(4, "x", number, 0)
	u.add(10, alias, 8)
	u.end()
	return u
}

// declaring is a unit with void new_f(struct a *) that only declares struct a.
func declaring() *debugUnit {
	u := newDebugUnit()
	pointer := u.add(8, u.add(2, "a"))
	u.add(6, "new_f")
	u.add(7, pointer)
	u.end()
	return u
}

// A type that several units describe is told once, and counts as reached though
// the unit with the function only declares it.
func TestTypesOfUnits(t *testing.T) {
	for x, want := range map[btf.Bits][]LayoutDifference{
		0:  nil,
		32: {{Type: "struct a", What: "the member x is at 0, in the kernel at 4", Moved: true, Reached: true}},
	} {
		types := debugKernel(t, x).TypesOf(debugModule(declaring(), describing(), describing()))
		if got, err := types.CompareLayouts(); err != nil || !slices.Equal(got, want) {
			t.Errorf("x at %d: %+v, %v, want %+v", x, got, err, want)
		}
		if d, err := types.ComparePrototype("f", "new_f"); err != nil || d.What != "" {
			t.Errorf("x at %d: %+v, %v", x, d, err)
		}
	}
}

// Two functions of one name that differ have no prototype.
func TestPrototypesOfUnits(t *testing.T) {
	u := newDebugUnit()
	number := u.add(5, "int", 4, 5)
	u.add(6, "new_f")
	u.add(7, number)
	u.end()
	k := debugKernel(t, 0)
	d, err := k.TypesOf(debugModule(u)).ComparePrototype("f", "new_f")
	if err != nil || d.New != "void new_f(int)" || !d.Calls {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := k.TypesOf(debugModule(u, declaring())).ComparePrototype("f", "new_f"); !errors.Is(err, ErrNoPrototype) {
		t.Errorf("two prototypes: %v", err)
	}
}

// Hostile debug information ends in an error or in silence, at bounded cost.
func TestHostileTypes(t *testing.T) {
	k := debugKernel(t, 32)
	self := newDebugUnit()
	at := uint32(len(self.b))
	self.add(8, at)
	self.add(6, "new_f")
	self.add(7, at)
	self.end()

	nested := newDebugUnit()
	next := uint32(len(nested.b))
	for range 64 { // unnamed unions of two of the next each
		size := uint32(2 + 2*6 + 1)
		nested.add(9, 4)
		nested.add(10, next+size, 0)
		nested.add(10, next+size, 0)
		nested.end()
		next += size
	}
	nested.add(9, 4)
	nested.end()
	nested.add(3, "a", 16)
	nested.add(10, uint32(12), 0)
	nested.end()
	nested.function()

	named := newDebugUnit()
	next = uint32(len(named.b))
	long := strings.Repeat("m", 200)
	for range 64 { // unnamed structs of two of the next each
		size := uint32(3 + 2*(2+200+4) + 1)
		named.add(3, "", 4)
		named.add(4, long, next+size, 0)
		named.add(4, long, next+size, 0)
		named.end()
		next += size
	}
	named.add(3, "", 4)
	named.end()
	named.add(3, "a", 16)
	named.add(4, "x", uint32(12), 0)
	named.end()
	named.function()

	within := newDebugUnit()
	at = uint32(len(within.b))
	within.add(16, at) // an array of itself
	within.end()
	within.add(3, "a", 16)
	within.add(4, "x", at, 4)
	within.end()
	within.function()

	lost := newDebugUnit()
	lost.add(6, "new_f")
	lost.add(7, uint32(11)) // the unit itself is no type
	lost.end()

	deep := newDebugUnit()
	deep.b = append(deep.b, bytes.Repeat([]byte{3, 'a', 0, 16}, 1<<13)...)

	for _, c := range []struct {
		name    string
		m       *klp.Module
		layouts string // in the error, "" for none
		proto   string
	}{
		{"a pointer to itself", debugModule(self), "", ""},
		{"unnamed members without end", debugModule(nested), "", ""},
		{"members without a type's name without end", debugModule(named), "", ""},
		{"an array of itself", debugModule(within), "", ""},
		{"no type", debugModule(lost), "", "where its unit has no type"},
		{"structs in structs", debugModule(deep), "more than 4194304 entries", "describes no replacement"},
		{"no abbreviations", &klp.Module{Patch: debugModule().Patch, Debug: &klp.ModuleDebug{Info: self.b}}, "damaged", "damaged"},
	} {
		types := k.TypesOf(c.m)
		_, err := types.CompareLayouts()
		if (err == nil) != (c.layouts == "") || err != nil && !strings.Contains(err.Error(), c.layouts) {
			t.Errorf("%s: layouts: %v, want %q", c.name, err, c.layouts)
		}
		_, err = types.ComparePrototype("f", "new_f")
		if (err == nil) != (c.proto == "") || err != nil && !strings.Contains(err.Error(), c.proto) {
			t.Errorf("%s: prototype: %v, want %q", c.name, err, c.proto)
		}
	}
}

// Places of members in all forms lead to those that pahole writes.
func TestPlacesOfMembers(t *testing.T) {
	k := debugKernel(t, 0)
	y := func(form ...byte) []byte {
		return append([]byte{19, 0x0d, 0, 0x03, 0x08, 0x49, 0x13, 0x38}, append(form, 0, 0)...)
	}
	z := func(forms ...byte) []byte {
		return append([]byte{19, 0x0d, 0, 0x03, 0x08, 0x38, 0x0b, 0x0d, 0x0b}, append(forms, 0, 0)...)
	}
	for _, c := range []struct {
		name   string
		abbrev []byte
		place  any // of y, behind its type; of z in numbers
		big    bool
		want   string // in the difference, or in the error; "" for the kernel's place
	}{
		{"a constant", y(0x0b), 8, false, ""},
		{"a constant, elsewhere", y(0x0b), 4, false, "y is at 4, in the kernel at 8"},
		{"plus, as in DWARF 2", y(0x0a), []byte{2, 0x23, 8}, false, ""},
		{"plus, elsewhere", y(0x0a), []byte{2, 0x23, 4}, false, "y is at 4, in the kernel at 8"},
		{"plus a number of two bytes", y(0x18), []byte{3, 0x23, 0x88, 0}, false, ""},
		{"computed", y(0x0a), []byte{1, 0x97}, false, "computed"},
		{"plus, and more", y(0x0a), []byte{3, 0x23, 8, 0x06}, false, "computed"},
		{"plus nothing", y(0x0a), []byte{1, 0x23}, false, "computed"},
		{"bits from the start of the struct", z(0x6b, 0x0b), []byte{0, 3, 65}, false, ""},
		{"bits from the start of the storage", z(0x6b, 0x0b), []byte{8, 3, 1}, false, ""},
		{"bits from the end of the storage", z(0x0b, 0x0b, 0x0c, 0x0b), []byte{8, 3, 4, 28}, false, ""},
		{"bits from the end, elsewhere", z(0x0b, 0x0b, 0x0c, 0x0b), []byte{8, 3, 4, 27}, false, "z is at 8 and 2 bits"},
		{"bits behind the end", z(0x0b, 0x0b, 0x0c, 0x0d), []byte{4, 3, 4, 0x7c}, false, ""},
		{"bits from the end of what has no size", z(0x0c, 0x0b), []byte{8, 3, 28}, false, "computed"},
		{"bits from the highest on", z(0x0b, 0x0b, 0x0c, 0x0b), []byte{8, 3, 4, 1}, true, ""},
		{"bits from the highest on, elsewhere", z(0x0b, 0x0b, 0x0c, 0x0b), []byte{8, 3, 4, 28}, true, "z is at 11 and 4 bits"},
	} {
		u := newDebugUnit()
		if c.big {
			u = debugUnitOf(binary.BigEndian, 1)
		}
		number := u.add(5, "int", 4, 5)
		u.add(3, "a", 16)
		u.add(4, "x", number, 0)
		if c.abbrev[5] == 0x49 { // its type
			u.add(19, "y", number, c.place)
			u.add(11, "z", 65, 3)
		} else {
			u.add(4, "y", number, 8)
			u.add(19, "z", c.place)
		}
		u.end()
		u.function()
		m := debugModule(u)
		m.Debug.BigEndian, m.Debug.Abbrev = c.big, withAbbrev(c.abbrev)
		got, err := k.TypesOf(m).CompareLayouts()
		switch {
		case err != nil:
			if c.want != "computed" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		case c.want == "" && len(got) > 0, c.want != "" && (len(got) != 1 || !strings.Contains(got[0].What, c.want)):
			t.Errorf("%s: %+v, want %q", c.name, got, c.want)
		}
	}
}

// withAbbrev is the abbreviations with one more, 19.
func withAbbrev(a []byte) []byte {
	return slices.Concat(debugAbbrevs[:len(debugAbbrevs)-1], a, []byte{0})
}

// Debug information that leaves out what is asked for is no description of types.
func TestDebugInformationThatDoesNotTell(t *testing.T) {
	k := debugKernel(t, 0)
	prototype := newDebugUnit()
	prototype.function()
	other := newDebugUnit()
	other.add(6, "g")
	other.end()
	bare := newDebugUnit()
	bare.add(19, "new_f")
	signature := newDebugUnit()
	signature.add(19, make([]byte, 8))
	signature.function()
	name := []byte{0x03, 0x08}
	function, pointer, unit := []byte{19, 0x2e, 0}, []byte{19, 0x0f, 0}, []byte{19, 0x11, 1}
	split := debugUnitOf(binary.LittleEndian, 19, "a.dwo")
	version5 := func(kind byte) []byte {
		b := append([]byte{0, 0, 0, 0, 5, 0, kind, 8, 0, 0, 0, 0}, make([]byte, 12)...)
		b[0] = byte(len(b) - 4)
		return b
	}
	for _, c := range []struct {
		name   string
		info   []byte
		abbrev []byte
		want   string
	}{
		{"whole", prototype.bytes(), pointer, ""},
		{"whole, in one of two units", slices.Concat(bare.bytes(), prototype.bytes()), slices.Concat(function, name), ""},
		{"another function's", other.bytes(), pointer, "describes no replacement"},
		{"gcc -g1, or an assembler", bare.bytes(), slices.Concat(function, name), "describes no replacement"},
		{"declared only", bare.bytes(), slices.Concat(function, name, []byte{0x27, 0x19, 0x3c, 0x19}), "describes no replacement"},
		{"-gsplit-dwarf", split.bytes(), slices.Concat(unit, []byte{0xb0, 0x42, 0x08}), "in another file"},
		{"-gsplit-dwarf of DWARF 5", version5(4), pointer, "in another file"},
		{"-gsplit-dwarf of DWARF 5, as a unit", split.bytes(), slices.Concat(unit, []byte{0x76, 0x08}), "in another file"},
		{"-fdebug-types-section", signature.bytes(), slices.Concat(pointer, []byte{0x49, 0x20}), "types in units of their own"},
		{"-fdebug-types-section of DWARF 5", slices.Concat(prototype.bytes(), version5(2)), pointer, "types in units of their own"},
	} {
		m := debugModule()
		m.Debug.Info, m.Debug.Abbrev = c.info, withAbbrev(append(c.abbrev, 0, 0))
		types := k.TypesOf(m)
		_, layouts := types.CompareLayouts()
		_, proto := types.ComparePrototype("f", "new_f")
		for _, err := range []error{layouts, proto} {
			switch {
			case c.want == "" && err == nil:
			case c.want == "" || !errors.Is(err, ErrNoModuleTypes) || !strings.Contains(err.Error(), c.want):
				t.Errorf("%s: %v, want %q", c.name, err, c.want)
			}
		}
	}
}

// Types of one name that differ only in what their members are stay two; those that
// are alike are one.
func TestTypesThatDifferWithin(t *testing.T) {
	k := debugKernel(t, 32)
	unit := func(size uint32, first, second string) *debugUnit {
		u := newDebugUnit()
		number := &btf.Int{Name: "int", Size: size}
		inner := &btf.Struct{Size: 8, Members: []btf.Member{{Name: first, Type: number}, {Name: second, Type: number, Offset: 32}}}
		alias := u.describe(&btf.Typedef{Name: "pair_t", Type: inner})
		u.describe(&btf.Struct{Name: "a", Size: 16, Members: []btf.Member{{Name: "x", Type: number}, {Name: "y", Type: inner, Offset: 64}}})
		u.add(6, "new_f")
		u.add(7, alias)
		u.end()
		return u
	}
	for _, c := range []struct {
		units  []*debugUnit
		want   int // structs and typedefs with a name
		differ int // from the kernel's
	}{
		{[]*debugUnit{unit(4, "p", "q"), unit(4, "p", "q")}, 2, 1},
		{[]*debugUnit{unit(4, "p", "q"), unit(4, "q", "p")}, 4, 2},
		{[]*debugUnit{unit(4, "p", "q"), unit(2, "p", "q")}, 4, 2},
	} {
		types := k.TypesOf(debugModule(c.units...))
		list, err := types.CompareLayouts()
		if err != nil || len(list) != c.differ {
			t.Errorf("%+v, %v, want %d", list, err, c.differ)
		}
		named := 0
		for _, is := range types.protos.all {
			switch is.(type) {
			case *btf.Struct, *btf.Typedef:
				if is.TypeName() != "" {
					named++
				}
			}
		}
		if named != c.want {
			t.Errorf("%d types with a name, want %d", named, c.want)
		}
	}
}

// FuzzDebugTypes: whatever the bytes, the types are compared or refused, without a
// panic.
func FuzzDebugTypes(f *testing.F) {
	f.Add(slices.Concat(declaring().bytes(), describing().bytes()), debugAbbrevs, []byte("a\x00"), []byte{0, 0, 0, 0}, false)
	kernels := []*Kernel{debugKernel(f, 0), debugKernel(f, 32)}
	f.Fuzz(func(t *testing.T, info, abbrev, str, offsets []byte, big bool) {
		m := debugModule()
		m.Debug = &klp.ModuleDebug{Info: info, Abbrev: abbrev, Str: str, LineStr: str, StrOffsets: offsets, BigEndian: big}
		for _, k := range kernels {
			types := k.TypesOf(m)
			_, err := types.CompareLayouts()
			_, otherwise := types.ComparePrototype("f", "new_f")
			for _, err := range []error{err, otherwise} {
				if err != nil && !errors.Is(err, ErrNoModuleTypes) && !errors.Is(err, ErrNoPrototype) {
					t.Error(err)
				}
			}
		}
	})
}
