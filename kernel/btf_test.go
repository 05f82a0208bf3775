package kernel

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"

	"github.com/klplint/klplint/klp"
)

// testBTF describes livepatch structs with the given replace field; without
// states as before 5.5 where hasStates is false.
func testBTF(tb testing.TB, field string, fieldType btf.Type, hasStates bool) []byte {
	tb.Helper()
	pointer := func(name string, at uint32) btf.Member {
		return btf.Member{Name: name, Type: &btf.Pointer{Target: &btf.Void{}}, Offset: btf.Bits(at * 8)}
	}
	long := &btf.Int{Name: "unsigned long", Size: 8}
	u32 := &btf.Int{Name: "unsigned int", Size: 4}
	patch := &btf.Struct{Name: "klp_patch", Size: 200, Members: []btf.Member{pointer("mod", 0), pointer("objs", 8)}}
	at := uint32(16)
	types := []btf.Type{
		&btf.Struct{Name: "module", Size: 1280, Members: []btf.Member{pointer("list", 0)}},
		&btf.Struct{Name: "klp_object", Size: 168, Members: []btf.Member{pointer("name", 0), pointer("funcs", 8), pointer("callbacks", 16)}},
		&btf.Struct{Name: "klp_func", Size: 152, Members: []btf.Member{
			pointer("old_name", 0), pointer("new_func", 8), {Name: "old_sympos", Type: long, Offset: 128},
		}},
	}
	if hasStates {
		patch.Members = append(patch.Members, pointer("states", at))
		at += 8
		types = append(types, &btf.Struct{Name: "klp_state", Size: 24, Members: []btf.Member{
			{Name: "id", Type: long}, {Name: "version", Type: u32, Offset: 64},
		}})
	}
	patch.Members = append(patch.Members, btf.Member{Name: field, Type: fieldType, Offset: btf.Bits(at * 8)})
	builder, err := btf.NewBuilder(append(types, patch), nil)
	if err != nil {
		tb.Fatal(err)
	}
	raw, err := builder.Marshal(nil, &btf.MarshalOptions{Order: binary.LittleEndian})
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func TestReadBTF(t *testing.T) {
	boolean := &btf.Typedef{Name: "bool", Type: &btf.Int{Name: "_Bool", Size: 1, Encoding: btf.Bool}}
	u32 := &btf.Typedef{Name: "u32", Type: &btf.Int{Name: "unsigned int", Size: 4}}
	for _, tt := range []struct {
		field  string
		typ    btf.Type
		states bool
		kind   klp.ReplaceKind
		at     uint64
	}{
		{"replace", boolean, true, klp.KindFlag, 24},
		{"replace", boolean, false, klp.KindFlag, 16},
		{"replace", u32, true, klp.KindSet, 24}, // the draft that changed only the type
		{"replace_set", u32, true, klp.KindSet, 24},
		{"replace_sets", &btf.Pointer{Target: u32}, true, klp.KindSets, 24},
		{"replace_someday", u32, true, klp.KindUnknown, 0},
	} {
		facts, err := readBTF(testBTF(t, tt.field, tt.typ, tt.states))
		if err != nil {
			t.Errorf("%s: %v", tt.field, err)
			continue
		}
		want := &klp.Layout{
			Source: klp.LayoutBTF, PatchSize: 200, ObjectSize: 168, FuncSize: 152,
			PatchObjs: 8, PatchReplace: tt.at, ReplaceField: tt.kind, ObjectFuncs: 8,
			ObjectCallbacks: 16, HasCallbacks: true, FuncNew: 8, FuncSympos: 16,
		}
		if tt.states {
			want.HasStates, want.PatchStates, want.StateSize, want.StateVersion = true, 16, 24, 8
		}
		if diff := cmp.Diff(want, facts.Layout); diff != "" || facts.ModuleSize != 1280 {
			t.Errorf("%s: struct module %d (-want +got):\n%s", tt.field, facts.ModuleSize, diff)
		}
	}
}

func TestReadBTFRefuses(t *testing.T) {
	whole := testBTF(t, "replace", &btf.Int{Name: "_Bool", Size: 1, Encoding: btf.Bool}, true)
	for name, raw := range map[string][]byte{"empty": nil, "cut header": whole[:20], "cut types": whole[:len(whole)/2], "text": []byte("no BTF at all, but long enough")} {
		if facts, err := readBTF(raw); err == nil {
			t.Errorf("%s: %+v", name, facts)
		}
	}
	// A module's BTF stands on the kernel's: its strings do not begin with "".
	split := append([]byte(nil), whole...)
	stringsAt := 24 + binary.LittleEndian.Uint32(split[16:])
	split[stringsAt] = 'x'
	if _, err := readBTF(split); !errors.Is(err, errSplitBTF) {
		t.Errorf("split BTF: %v", err)
	}
	// A kernel without livepatch has no layout, and that is no error.
	builder, err := btf.NewBuilder([]btf.Type{&btf.Int{Name: "int", Size: 4}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := builder.Marshal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if facts, err := readBTF(raw); err != nil || facts.Layout != nil || facts.ModuleSize != 0 {
		t.Errorf("no livepatch: %+v, %v", facts, err)
	}
}
