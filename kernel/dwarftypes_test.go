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
	[]byte{6, 0x2e, 1, 0x03, 0x08, 0, 0},                          // function NAME
	[]byte{7, 0x05, 0, 0x49, 0x13, 0, 0},                          // parameter, type
	[]byte{8, 0x0f, 0, 0x49, 0x13, 0, 0},                          // pointer, type
	[]byte{9, 0x17, 1, 0x0b, 0x0b, 0, 0},                          // union, size
	[]byte{10, 0x0d, 0, 0x49, 0x13, 0x38, 0x0b, 0, 0},             // member, type, offset
	[]byte{11, 0x0d, 0, 0x03, 0x08, 0x6b, 0x0b, 0x0d, 0x0b, 0, 0}, // bit field NAME, offset and width in bits
	[]byte{12, 0x16, 0, 0x03, 0x08, 0x49, 0x13, 0, 0},             // typedef NAME, type
	[]byte{0},
)

// debugUnit writes the entries of one unit of DWARF 4.
type debugUnit struct{ b []byte }

func newDebugUnit() *debugUnit {
	u := &debugUnit{b: []byte{0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8}}
	u.add(1)
	return u
}

// add writes an entry and returns its offset: strings, one byte for numbers, and
// references as uint32.
func (u *debugUnit) add(code byte, values ...any) uint32 {
	at := uint32(len(u.b))
	u.b = append(u.b, code)
	for _, v := range values {
		switch v := v.(type) {
		case string:
			u.b = append(append(u.b, v...), 0)
		case int:
			u.b = append(u.b, byte(v))
		case uint32:
			u.b = binary.LittleEndian.AppendUint32(u.b, v)
		}
	}
	return at
}

func (u *debugUnit) end() { u.b = append(u.b, 0) }

func (u *debugUnit) bytes() []byte {
	u.end()
	binary.LittleEndian.PutUint32(u.b, uint32(len(u.b)-4))
	return u.b
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
	u.b = u.b[:len(u.b)-1] // bytes is asked again
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
		{"unnamed members without end", debugModule(nested), "", "prototype of new_f in the module's types"},
		{"no type", debugModule(lost), "", "where its unit has no type"},
		{"structs in structs", debugModule(deep), "more than 4194304 entries", "prototype of new_f in the module's types"},
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
