package rules

import (
	"encoding/binary"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
)

// kernelWithBTF is a kernel of which only the livepatch structs are known:
// mainline's, but for the name and the type of the replace field.
func kernelWithBTF(t *testing.T, field string, fieldType btf.Type) *kernel.Kernel {
	t.Helper()
	pointer := &btf.Pointer{Target: &btf.Void{}}
	long, u32 := &btf.Int{Name: "unsigned long", Size: 8}, &btf.Int{Name: "unsigned int", Size: 4}
	at := func(name string, typ btf.Type, bytes btf.Bits) btf.Member {
		return btf.Member{Name: name, Type: typ, Offset: 8 * bytes}
	}
	return kernelOfTypes(t,
		&btf.Struct{Name: "klp_patch", Size: 200, Members: []btf.Member{
			at("mod", pointer, 0), at("objs", pointer, 8), at("states", pointer, 16), at(field, fieldType, 24),
		}},
		&btf.Struct{Name: "klp_object", Size: 168, Members: []btf.Member{at("name", pointer, 0), at("funcs", pointer, 8), at("callbacks", pointer, 16)}},
		&btf.Struct{Name: "klp_func", Size: 152, Members: []btf.Member{at("old_name", pointer, 0), at("new_func", pointer, 8), at("old_sympos", long, 16)}},
		&btf.Struct{Name: "klp_state", Size: 24, Members: []btf.Member{at("id", long, 0), at("version", u32, 8)}},
	)
}

// kernelOfTypes is a kernel of which only its BTF is known.
func kernelOfTypes(t *testing.T, types ...btf.Type) *kernel.Kernel {
	t.Helper()
	builder, err := btf.NewBuilder(types, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := builder.Marshal(nil, &btf.MarshalOptions{Order: binary.LittleEndian})
	if err != nil {
		t.Fatal(err)
	}
	return kernelWith(t, "vmlinux.btf", string(raw))
}

func TestRulesOnLayouts(t *testing.T) {
	flag := kernelWithBTF(t, "replace", &btf.Int{Name: "_Bool", Size: 1, Encoding: btf.Bool})
	set := kernelWithBTF(t, "replace_set", &btf.Int{Name: "unsigned int", Size: 4})
	strides := func(m *klp.Module, function uint64) {
		m.Layout = klp.Layout{Source: klp.LayoutRelocations, FuncSize: function, ObjectSize: 168, ObjectFuncs: 8, FuncNew: 8}
	}
	for _, c := range []struct {
		name   string
		rule   *Rule
		k      *kernel.Kernel
		change func(*klp.Module)
		want   string // a part of the only message, "" for none
	}{
		{"same strides", klp313, flag, func(m *klp.Module) { strides(m, 152) }, ""},
		{"other stride", klp313, flag, func(m *klp.Module) { strides(m, 240) }, "the size of klp_func is 240, in this kernel 152"},
		{"a table is no evidence", klp313, flag, func(m *klp.Module) { strides(m, 240); m.Layout.Source = klp.LayoutBuiltin }, ""},
		{"same field", klp315, flag, func(m *klp.Module) { m.Replace.FieldSource = klp.FieldDWARF }, ""},
		{"other field", klp315, set, func(m *klp.Module) { m.Replace.FieldSource = klp.FieldDWARF }, "built with bool replace, this kernel has unsigned int replace_set"},
		{"list for a flag", klp315, flag, func(m *klp.Module) {
			m.Replace = klp.Replace{Kind: klp.KindSets, Sets: []uint32{1, 2}, FieldSource: klp.FieldValue}
		}, "built with unsigned int *replace_sets, this kernel has bool replace"},
		{"an assumption is no evidence", klp315, set, func(m *klp.Module) { m.Replace.FieldSource = klp.FieldAssumed }, ""},
	} {
		m := fitting()
		c.change(m)
		got, needs := judge(t, c.rule, m, c.k)
		switch {
		case needs != "":
			t.Errorf("%s: needs %s", c.name, needs)
		case c.want == "" && len(got) > 0, c.want != "" && len(got) != 1:
			t.Errorf("%s: %+v", c.name, got)
		case c.want != "":
			compare(t, got[0], expect{finding.Error, "", true, c.want, "", ""})
		}
	}
}
