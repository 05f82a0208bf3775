package kernel

import (
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/klplint/klplint/klp"
)

// specOf is BTF of the types.
func specOf(t *testing.T, types ...btf.Type) *btf.Spec {
	t.Helper()
	b, err := btf.NewBuilder(types, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := b.Spec()
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// What of a type's layout has no name of its own is compared with the type that it
// stands in.
func TestLayoutsWithin(t *testing.T) {
	char, number, long := &btf.Int{Name: "char", Size: 1}, &btf.Int{Name: "int", Size: 4}, &btf.Int{Name: "long", Size: 8}
	outer := func(members ...btf.Member) btf.Type { return &btf.Struct{Name: "outer", Size: 16, Members: members} }
	inner := func(first, second string) btf.Type {
		return &btf.Struct{Size: 8, Members: []btf.Member{{Name: first, Type: number}, {Name: second, Type: number, Offset: 32}}}
	}
	deep := func(levels int, name string) (t btf.Type) {
		for t = number; levels > 0; levels-- {
			t = &btf.Struct{Size: 4, Members: []btf.Member{{Name: name, Type: t}}}
		}
		return t
	}
	named := &btf.Struct{Name: "named", Size: 8, Members: []btf.Member{{Name: "a", Type: long}}}
	for _, c := range []struct {
		name        string
		kernel, own btf.Type
		want        string // of the difference, "" for none
		is          string // its type
	}{
		{
			"a member of another size at the same place",
			outer(btf.Member{Name: "closing", Type: char}, btf.Member{Name: "c", Type: long, Offset: 64}),
			outer(btf.Member{Name: "closing", Type: number}, btf.Member{Name: "c", Type: long, Offset: 64}),
			"the member closing has 4 bytes, in the kernel 1", "struct outer",
		},
		{
			"pointers in the place of a pointer",
			outer(btf.Member{Name: "next", Type: &btf.Pointer{Target: named}}),
			outer(btf.Member{Name: "next", Type: &btf.Array{Index: number, Type: &btf.Pointer{Target: named}, Nelems: 2}}),
			"the member next has 16 bytes, in the kernel 8", "struct outer",
		},
		{
			"a member whose type the module does not describe",
			outer(btf.Member{Name: "n", Type: named}, btf.Member{Name: "c", Type: long, Offset: 64}),
			outer(btf.Member{Name: "n", Type: &btf.Fwd{Name: "named"}}, btf.Member{Name: "c", Type: long, Offset: 64}),
			"", "",
		},
		{
			"an array without an end",
			outer(btf.Member{Name: "c", Type: long}, btf.Member{Name: "text", Type: &btf.Array{Index: number, Type: char}, Offset: 64}),
			outer(btf.Member{Name: "c", Type: long}, btf.Member{Name: "text", Type: &btf.Array{Index: number, Type: char, Nelems: 8}, Offset: 64}),
			"", "",
		},
		{
			"a longer array",
			outer(btf.Member{Name: "text", Type: &btf.Array{Index: number, Type: char, Nelems: 7}}, btf.Member{Name: "c", Type: long, Offset: 64}),
			outer(btf.Member{Name: "text", Type: &btf.Array{Index: number, Type: char, Nelems: 8}}, btf.Member{Name: "c", Type: long, Offset: 64}),
			"the member text has 8 bytes, in the kernel 7", "struct outer",
		},
		{
			"arrays alike", outer(btf.Member{Name: "text", Type: &btf.Array{Index: number, Type: number, Nelems: 4}}),
			outer(btf.Member{Name: "text", Type: &btf.Array{Index: number, Type: number, Nelems: 4}}), "", "",
		},
		{
			"an enum without a name", outer(btf.Member{Name: "e", Type: &btf.Enum{Size: 4, Values: []btf.EnumValue{{Name: "ONE", Value: 1}}}}),
			outer(btf.Member{Name: "e", Type: &btf.Enum{Size: 4, Values: []btf.EnumValue{{Name: "ONE", Value: 1}}}}), "", "",
		},
		{"more levels than are looked at", outer(btf.Member{Name: "n", Type: deep(40, "n")}), outer(btf.Member{Name: "n", Type: deep(40, "n")}), "", ""},
		{
			"longer names than are kept", outer(btf.Member{Name: "n", Type: deep(20, strings.Repeat("n", 200))}),
			outer(btf.Member{Name: "n", Type: deep(20, strings.Repeat("n", 200))}), "", "",
		},
		{
			"a struct without a name", outer(btf.Member{Name: "id", Type: inner("pid", "ppid")}), outer(btf.Member{Name: "id", Type: inner("ppid", "pid")}),
			"the member id.ppid is at 0, in the kernel at 4", "struct outer",
		},
		{
			"an array of such",
			outer(btf.Member{Name: "id", Type: &btf.Array{Index: number, Type: &btf.Const{Type: inner("pid", "ppid")}, Nelems: 2}}),
			outer(btf.Member{Name: "id", Type: &btf.Array{Index: number, Type: &btf.Const{Type: inner("ppid", "pid")}, Nelems: 2}}),
			"the member id.ppid is at 0, in the kernel at 4", "struct outer",
		},
		{
			"behind a pointer", outer(btf.Member{Name: "id", Type: &btf.Pointer{Target: inner("pid", "ppid")}}),
			outer(btf.Member{Name: "id", Type: &btf.Pointer{Target: inner("ppid", "pid")}}), "", "",
		},
		{
			"a typedef's", &btf.Typedef{Name: "node_t", Type: inner("a", "b")}, &btf.Typedef{Name: "node_t", Type: inner("b", "a")},
			"the member b is at 0, in the kernel at 4", "typedef node_t",
		},
		{
			"a typedef's alike", outer(btf.Member{Name: "n", Type: &btf.Typedef{Name: "node_t", Type: inner("a", "b")}}),
			outer(btf.Member{Name: "n", Type: &btf.Typedef{Name: "node_t", Type: inner("a", "b")}}), "", "",
		},
		{
			"a typedef's that a struct has", outer(btf.Member{Name: "n", Type: &btf.Typedef{Name: "node_t", Type: inner("a", "b")}}),
			outer(btf.Member{Name: "n", Type: &btf.Typedef{Name: "node_t", Type: inner("b", "a")}}),
			"the member b is at 0, in the kernel at 4", "typedef node_t",
		},
		{
			"a negative value, signed and not",
			&btf.Enum{Name: "e", Size: 4, Values: []btf.EnumValue{{Name: "NONE", Value: 0xffffffff}}},
			&btf.Enum{Name: "e", Size: 4, Signed: true, Values: []btf.EnumValue{{Name: "NONE", Value: 1<<64 - 1}}},
			"", "",
		},
		{
			"a negative value, not signed and signed",
			&btf.Enum{Name: "e", Size: 4, Signed: true, Values: []btf.EnumValue{{Name: "NONE", Value: 1<<64 - 1}}},
			&btf.Enum{Name: "e", Size: 4, Values: []btf.EnumValue{{Name: "NONE", Value: 0xffffffff}}},
			"", "",
		},
		{
			"a typedef's values",
			&btf.Typedef{Name: "e_t", Type: &btf.Enum{Size: 4, Values: []btf.EnumValue{{Name: "ONE", Value: 1}}}},
			&btf.Typedef{Name: "e_t", Type: &btf.Enum{Size: 4, Values: []btf.EnumValue{{Name: "ONE", Value: 2}}}},
			"ONE is 2, in the kernel 1", "typedef e_t",
		},
	} {
		k := kernelOfTypes(t, c.kernel)
		u := newDebugUnit()
		u.describe(c.own)
		u.function()
		var want []LayoutDifference
		if c.want != "" {
			want = []LayoutDifference{{Type: c.is, What: c.want, Moved: true}}
		}
		m := debugModule(u)
		for by, types := range map[string]*ModuleTypes{
			"BTF": {kernel: k, module: m, opened: true, spec: specOf(t, c.own, &btf.Func{Name: "new_f", Type: &btf.FuncProto{Return: &btf.Void{}}})}, "DWARF": k.TypesOf(m),
		} {
			if got, err := types.CompareLayouts(); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s, by %s: %+v, %v, want %+v", c.name, by, got, err, want)
			}
			if want == nil && types.protos != nil {
				t.Errorf("%s: types are made where nothing differs", c.name)
			}
		}
	}
}

// kernelOfTypes is a kernel of which nothing but types is known.
func kernelOfTypes(t *testing.T, types ...btf.Type) *Kernel {
	t.Helper()
	k := &Kernel{}
	k.allTypes.once.Do(func() { k.allTypes.kernelTypes = newKernelTypes(specOf(t, types...), 0) })
	return k
}

// What replacements take by a typedef is reached.
func TestTypedefsAreReached(t *testing.T) {
	number := &btf.Int{Name: "int", Size: 4}
	node := func(at btf.Bits) *btf.Typedef {
		return &btf.Typedef{Name: "node_t", Type: &btf.Struct{Size: 8, Members: []btf.Member{{Name: "a", Type: number, Offset: at}}}}
	}
	u := newDebugUnit()
	pointer := u.add(8, u.describe(node(32)))
	u.add(6, "new_f")
	u.add(7, pointer)
	u.end()
	got, err := kernelOfTypes(t, node(0)).TypesOf(debugModule(u)).CompareLayouts()
	want := []LayoutDifference{{Type: "typedef node_t", What: "the member a is at 4, in the kernel at 0", Moved: true, Reached: true}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

// Names of members within members are not put together without bound.
func TestPathsAreBounded(t *testing.T) {
	long := make([]byte, 2*maxPath)
	for i := range long {
		long[i] = 'x'
	}
	var deep btf.Type = &btf.Int{Name: "int", Size: 4}
	for range 20 {
		deep = &btf.Struct{Size: 4, Members: []btf.Member{{Name: string(long), Type: deep}}}
	}
	l, ok := layoutOfType(&btf.Struct{Name: "outer", Size: 4, Members: []btf.Member{{Name: "a", Type: deep}}})
	if !ok || len(l.members) != 1 {
		t.Errorf("%d members", len(l.members))
	}
}

// Functions that parameters point to are called by the replacement.
func TestFunctionsAmongParameters(t *testing.T) {
	number, long := &btf.Int{Name: "int", Size: 4}, &btf.Int{Name: "long", Size: 8}
	taking := func(params ...btf.Type) *btf.FuncProto {
		f := &btf.FuncProto{Return: number}
		for _, p := range params {
			f.Params = append(f.Params, btf.FuncParam{Type: p})
		}
		return f
	}
	pointer := func(f *btf.FuncProto) btf.Type { return &btf.Typedef{Name: "fn_t", Type: &btf.Pointer{Target: f}} }
	self := &btf.FuncProto{Return: number}
	self.Params = []btf.FuncParam{{Type: &btf.Pointer{Target: self}}}
	for _, c := range []struct {
		name     string
		was, own *btf.FuncProto
		differ   bool
	}{
		{"alike", taking(pointer(taking(number))), taking(pointer(taking(number))), false},
		{"one more", taking(pointer(taking(number))), taking(pointer(taking(number, long))), true},
		{"wider", taking(pointer(taking(number))), taking(pointer(taking(long))), true},
		{"within one", taking(pointer(taking(pointer(taking(number))))), taking(pointer(taking(pointer(taking(long))))), false},
		{"itself", self, self, false},
		{"a struct that is only declared", taking(&btf.Struct{Name: "pair", Size: 16}), taking(&btf.Fwd{Name: "pair"}), false},
	} {
		if what, calls := comparePrototypes(c.was, c.own, false); (what != "") != c.differ || calls {
			t.Errorf("%s: %q, %v", c.name, what, calls)
		}
	}
}

// A replacement of several funcs is named once.
func TestUndescribed(t *testing.T) {
	f := klp.Func{New: klp.Code{Symbol: "new_f"}}
	o := ModuleTypes{spec: specOf(t), module: &klp.Module{Patch: klp.Patch{Objects: []klp.Object{{Funcs: []klp.Func{f, f}}}}}}
	if err := o.undescribed(); err == nil || !strings.HasSuffix(err.Error(), ": there is none of new_f") {
		t.Errorf("error %v", err)
	}
}
