package elfread

import (
	"debug/elf"
	"strings"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
)

// resize changes the sizes of the symbols of that name, in order.
func resize(f *elfmut.File, name string, sizes ...uint64) {
	f.EditSyms(func(syms []elfmut.Sym) []elfmut.Sym {
		for i := range syms {
			if syms[i].Name == name && len(sizes) > 0 {
				syms[i].Size, sizes = sizes[0], sizes[1:]
			}
		}
		return syms
	})
}

// larger is x86() of a kernel with debug options, which enlarge the kobjects.
func larger(objects ...object) synthetic {
	s := x86()
	s.init, s.objects = true, objects
	s.sizes.object, s.sizes.fn = 376, 360
	return s
}

// TestStrideConflicts: sources that tell two sizes for one struct are an error
// that names both.
func TestStrideConflicts(t *testing.T) {
	two := func() *elfmut.File {
		return larger(object{funcs: []string{"one"}}, object{name: "ext4", funcs: []string{"two"}}).build()
	}
	refusals(t, two, []refusal{
		{name: "symbols against each other", edit: func(f *elfmut.File) { resize(f, "funcs", 720, 800) }, section: ".data", offset: 1376, err: "size of struct klp_func: symbols of arrays imply 360 and 400 bytes"},
		{name: "the second smaller", edit: func(f *elfmut.File) { resize(f, "funcs", 720, 640) }, section: ".data", offset: 1376, err: "size of struct klp_func: symbols of arrays imply 360 and 320 bytes"},
		{name: "a symbol that is no multiple", edit: func(f *elfmut.File) { resize(f, "objs", 3*376+8) }, section: ".data", offset: 224, err: "the size of the array's symbol, 1136 bytes, is not a multiple"},
		{name: "an impossible size", edit: func(f *elfmut.File) { resize(f, "funcs", 16, 16) }, section: ".data", offset: 1376, err: "impossible size"},
	})
	refusals(t, func() *elfmut.File { return x86().build() }, []refusal{
		{name: "a pointer in the part that the kernel fills in", edit: func(f *elfmut.File) {
			relocate(f, ".data", elfmut.Rela{Offset: atFuncs2 + 48, Sym: symData, Type: abs64})
		}, section: ".data", offset: atFuncs, err: "relocation at +0x30 of entry 0, in the part that the kernel fills in"},
		{name: "a pointer of objects in the part that the kernel fills in", edit: func(f *elfmut.File) {
			relocate(f, ".data", elfmut.Rela{Offset: atObjects + 72, Sym: symData, Type: abs64})
		}, section: ".data", offset: atObjects, err: "relocation at +0x48 of entry 0, in the part that the kernel fills in"},
	})
}

// TestEmptyArrays: an array of the terminating entry alone shows its stride by
// its symbol.
func TestEmptyArrays(t *testing.T) {
	m := must(t, larger(object{}, object{name: "ext4"}).build(), Options{})
	if tables(m) != "vmlinux:; ext4:" || m.Layout.FuncSize != 360 || m.Layout.Source != klp.LayoutSymbols {
		t.Errorf("%s, layout %+v", tables(m), m.Layout)
	}
	for _, o := range m.Patch.Objects {
		if o.FuncsNull || len(o.Funcs) != 0 {
			t.Errorf("%+v", o)
		}
	}
}

// TestDebugTellsBetween: without symbols, entries of two sizes may fit. The
// module's debug information, which nothing else needed, decides.
func TestDebugTellsBetween(t *testing.T) {
	s := larger(object{funcs: []string{"one"}}, object{name: "ext4", funcs: []string{"two", "three"}})
	s.symbols = false
	unclear := "size of struct klp_object is ambiguous: 168 bytes by the table of releases, but relocations fit 376 too, and no symbol decides"
	refusals(t, s.build, []refusal{
		{name: "no debug information", edit: func(*elfmut.File) {}, section: ".data", offset: 224, err: unclear},
		{name: "of a third size", edit: func(f *elfmut.File) { describe(f, 200, 360) }, section: ".data", offset: 224, err: unclear},
	})
	f := s.build()
	describe(f, 376, 360)
	if m := must(t, f, Options{}); tables(m) != usual || m.Layout.ObjectSize != 376 || m.Layout.FuncSize != 360 {
		t.Errorf("%s, layout %+v", tables(m), m.Layout)
	}
}

// describe adds debug information with structs of these sizes, and the names by
// which a reader sees that it need not be parsed for the replace field.
func describe(f *elfmut.File, object, fn uint64) {
	w := newDebug()
	w.livepatchSized("replace", w.typ(abbrevBase, 1), object, fn)
	w.addTo(f)
	f.Add(&elfmut.Section{Name: ".debug_str", Type: elf.SHT_PROGBITS, Data: []byte("klp_patch\x00replace\x00"), Align: 1})
}

// TestDebugAlone: where the table's size does not fit and the arrays have too
// little to measure, the debug information is what is left.
func TestDebugAlone(t *testing.T) {
	build := func() *elfmut.File {
		s := larger(object{funcs: []string{"one"}})
		f := s.build()
		// Symbols of a size from which no stride follows, and a patch that
		// refers to its objects only.
		resize(f, "objs", 2*376+8)
		resize(f, "funcs", 2*360)
		return f
	}
	refusals(t, build, []refusal{{name: "none", edit: func(*elfmut.File) {}, section: ".data", offset: 224, err: "the module has no debug information"}})
	f := build()
	resize(f, "objs", 0)
	resize(f, "funcs", 3*360) // the author left room: half of it is no entry
	describe(f, 376, 360)
	m := must(t, f, Options{})
	if tables(m) != "vmlinux: one,0>new_func" || m.Layout.FuncSize != 360 || m.Layout.Source != klp.LayoutDWARF {
		t.Errorf("%s, layout %+v", tables(m), m.Layout)
	}
}

// TestGivenLayout: a kernel's layout that no source is named for is its BTF, and
// one without a replace field says that livepatches stack.
func TestGivenLayout(t *testing.T) {
	l := modern
	l.Source, l.PatchReplace = "", 0
	m := must(t, enabling(), Options{Layout: &l})
	if tables(m) != usual || !m.Replace.Known() || m.Replace.Flag || m.Replace.FieldSource != klp.FieldBTF || m.Replace.Reason != "no replace field: stacks" {
		t.Errorf("%s, replace %+v", tables(m), m.Replace)
	}
	l.PatchReplace = 1 << 20
	if _, err := read(enabling().Bytes(), Options{Layout: &l}); err == nil || !strings.Contains(err.Error(), "section .data: offset 0x0: struct klp_patch extends past the end of its section") {
		t.Errorf("a replace field behind the data: error %v", err)
	}
	l.PatchReplace, l.ReplaceField = 24, klp.KindSet
	if r := must(t, enabling(), Options{Layout: &l}).Replace; r.Kind != klp.KindSet || r.FieldSource != klp.FieldBTF {
		t.Errorf("replace %+v", r)
	}
}

// TestOpenEuler: either of its marks tells openEuler's layout, whose callbacks
// stand behind two hooks; other kernels have callbacks in their place.
func TestOpenEuler(t *testing.T) {
	for _, tc := range []struct {
		release  string
		register bool
		euler    bool
	}{
		{"5.10.0-136.12.0.86.oe2203sp1.x86_64", true, true},
		{"5.10.0-136.12.0.86.oe2203sp1.x86_64", false, true},
		{"5.10.0-rebuilt", true, true},
		{"5.10.0-rebuilt", false, false},
	} {
		s := x86()
		s.release, s.register = tc.release, tc.register
		at := uint64(16)
		if tc.euler {
			s.sizes.object, s.sizes.fn, at = 184, 168, 32
			s.objects[0].hooks = map[uint64]bool{16: true, 24: true}
		}
		s.objects[0].callbacks = map[uint64]bool{at: true}
		m := must(t, s.build(), Options{})
		want := "vmlinux: one,0>new_func pre_patch=new_func; ext4: two,0>new_func three,1>new_func"
		if tables(m) != want || m.Layout.ObjectCallbacks != at || m.Layout.FuncSize != s.sizes.fn {
			t.Errorf("%s, register %v: %s, layout %+v", tc.release, tc.register, tables(m), m.Layout)
		}
	}
}
