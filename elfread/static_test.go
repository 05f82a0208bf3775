package elfread

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/klp"
)

// read reads bytes as a module.
func read(b []byte, o Options) (*klp.Module, error) {
	return Read(bytes.NewReader(b), int64(len(b)), "test.ko", o)
}

// tables prints what a module patches, for comparing.
func tables(m *klp.Module) string {
	var b strings.Builder
	for _, o := range m.Patch.Objects {
		fmt.Fprintf(&b, "%s:", o.Name)
		for _, f := range o.Funcs {
			fmt.Fprintf(&b, " %s,%d>%s", f.Name, f.Sympos, f.New.Symbol)
		}
		for _, c := range o.Callbacks {
			fmt.Fprintf(&b, " %s=%s", c.Kind, c.Func.Symbol)
		}
		b.WriteString("; ")
	}
	return strings.TrimSuffix(b.String(), "; ")
}

const usual = "vmlinux: one,0>new_func; ext4: two,0>new_func three,1>new_func"

func TestStaticLayouts(t *testing.T) {
	for _, tc := range []struct {
		name   string
		edit   func(*synthetic)
		o      Options
		want   string // tables
		source klp.LayoutSource
		fn     uint64 // size of klp_func
		err    string
	}{
		{name: "two entries show the stride", source: klp.LayoutRelocations, fn: 152},
		{name: "no symbols", edit: func(s *synthetic) { s.symbols = false }, source: klp.LayoutRelocations, fn: 152},
		{
			name:   "one entry: the symbol's size",
			edit:   func(s *synthetic) { s.objects = s.objects[:1] },
			want:   "vmlinux: one,0>new_func",
			source: klp.LayoutSymbols, fn: 152,
		},
		{
			name:   "one entry without a symbol: the table",
			edit:   func(s *synthetic) { s.objects, s.symbols = s.objects[:1], false },
			want:   "vmlinux: one,0>new_func",
			source: klp.LayoutBuiltin, fn: 152,
		},
		{
			name:   "debug configuration: larger kobjects, by relocations",
			edit:   func(s *synthetic) { s.sizes.object, s.sizes.fn = 376, 360 },
			source: klp.LayoutRelocations, fn: 360,
		},
		{
			name: "debug configuration, one entry: by the symbol's size",
			edit: func(s *synthetic) {
				s.sizes.object, s.sizes.fn = 376, 360
				s.objects = s.objects[:1]
			},
			want:   "vmlinux: one,0>new_func",
			source: klp.LayoutSymbols, fn: 360,
		},
		{
			name: "debug configuration without symbols: nothing tells its objects from other data",
			edit: func(s *synthetic) { s.sizes.object, s.sizes.fn, s.symbols = 376, 360, false },
			err:  "size of struct klp_object is ambiguous: 168 bytes by the table of releases, but relocations fit 376 too",
		},
		{
			name: "openEuler: klp_func of 168 bytes, hooks before the callbacks",
			edit: func(s *synthetic) {
				s.release, s.register = "5.10.0-136.12.0.86.oe2203sp1.x86_64", true
				s.sizes.object, s.sizes.fn = 184, 168
				s.objects[0].callbacks = map[uint64]bool{32: true, 40: true}
				s.objects[1].hooks = map[uint64]bool{16: true, 24: true}
			},
			want:   "vmlinux: one,0>new_func pre_patch=new_func post_patch=new_func; ext4: two,0>new_func three,1>new_func",
			source: klp.LayoutRelocations, fn: 168,
		},
		{
			name:   "a kernel's BTF that fits",
			o:      Options{Layout: &klp.Layout{Source: klp.LayoutBTF, PatchSize: 200, ObjectSize: 168, FuncSize: 152, StateSize: 24, PatchObjs: 8, PatchStates: 16, HasStates: true, PatchReplace: 24, ReplaceField: klp.KindFlag, ObjectFuncs: 8, ObjectCallbacks: 16, HasCallbacks: true, FuncNew: 8, FuncSympos: 16, StateVersion: 8}},
			source: klp.LayoutRelocations, fn: 152,
		},
		{
			name: "a kernel's BTF that does not fit",
			o:    Options{Layout: &klp.Layout{Source: klp.LayoutBTF, PatchSize: 200, ObjectSize: 376, FuncSize: 360, StateSize: 24, PatchObjs: 8, PatchStates: 16, HasStates: true, PatchReplace: 24, ReplaceField: klp.KindFlag, ObjectFuncs: 8, ObjectCallbacks: 16, HasCallbacks: true, FuncNew: 8, FuncSympos: 16, StateVersion: 8}},
			err:  "the given kernel is not the one that this module was built for",
		},
		{name: "before 5.1", edit: func(s *synthetic) { s.release = "4.19.0-27-amd64" }, err: "layout of struct klp_patch unknown: no kernel's BTF was given; the module has no debug information; the built-in table starts at Linux 5.1"},
		{name: "no vermagic", edit: func(s *synthetic) { s.release = "" }, source: klp.LayoutRelocations, fn: 152},
		{
			name: "entries that overlap",
			edit: func(s *synthetic) { s.sizes.fn = 20 },
			err:  "klp_func",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := x86()
			if tc.edit != nil {
				tc.edit(&s)
			}
			m, err := read(s.build().Bytes(), tc.o)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("error %v, want one with %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := tc.want
			if want == "" {
				want = usual
			}
			if got := tables(m); got != want {
				t.Errorf("tables %s\nwant %s", got, want)
			}
			if m.Layout.Source != tc.source || m.Layout.FuncSize != tc.fn || m.Layout.ObjectSize != s.sizes.object {
				t.Errorf("layout %+v", m.Layout)
			}
		})
	}
}

func TestArchitectures(t *testing.T) {
	for _, tc := range []struct {
		arch    klp.Arch
		machine elf.Machine
		order   binary.ByteOrder
		pointer uint32
	}{
		{klp.X86_64, elf.EM_X86_64, binary.LittleEndian, 1},
		{klp.ARM64, elf.EM_AARCH64, binary.LittleEndian, 257},
		{klp.PPC64LE, elf.EM_PPC64, binary.LittleEndian, 38},
		{klp.S390X, elf.EM_S390, binary.BigEndian, 22},
		{klp.LoongArch64, elf.EM_LOONGARCH, binary.LittleEndian, 2},
	} {
		t.Run(string(tc.arch), func(t *testing.T) {
			s := x86()
			s.machine, s.order, s.pointer = tc.machine, tc.order, tc.pointer
			s.states = []uint64{7, 9}
			m, err := read(s.build().Bytes(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if m.Arch != tc.arch || tables(m) != usual || m.Toolchain != klp.Static {
				t.Errorf("arch %s, toolchain %s, tables %s", m.Arch, m.Toolchain, tables(m))
			}
			if len(m.Patch.States) != 2 || m.Patch.States[0].ID != 7 || m.Patch.States[1].Version != 2 {
				t.Errorf("states %+v", m.Patch.States)
			}
			s.pointer++ // no pointer of this architecture
			if _, err := read(s.build().Bytes(), Options{}); err == nil && tc.arch == klp.X86_64 {
				// Without a pointer to __this_module nothing looks like a patch.
				m, _ := read(s.build().Bytes(), Options{})
				if m.Patch.Found || m.Patch.Reason == "" {
					t.Errorf("patch found through relocations that are no pointers: %+v", m.Patch)
				}
			}
		})
	}
}

// fileOf returns an open file of a byte order.
func fileOf(t *testing.T, order binary.ByteOrder) *safeelf.File {
	t.Helper()
	b := elfmut.New(elf.EM_X86_64, order).Bytes()
	f, err := safeelf.New(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestFirstLayout: 5.1 to 5.4 have replace where later kernels have states; a
// relocated pointer there shows that a distribution brought states back.
func TestFirstLayout(t *testing.T) {
	for _, tc := range []struct {
		name, release string
		slot          uint64
		replace       []byte
		states        []uint64
		want          bool
		offset        uint64
	}{
		{"5.4", "5.4.0-26-generic", 16, []byte{1}, nil, true, 16},
		{"5.4, no replace", "5.4.0-26-generic", 16, []byte{0}, nil, false, 16},
		{"5.3 with states", "5.3.18-59-default", 24, []byte{1}, []uint64{7}, true, 24},
		{"5.3 with the later layout, no states", "5.3.18-59-default", 24, []byte{1}, nil, true, 24},
		{"no release, old", "", 16, []byte{1}, nil, true, 16},
		{"no release, new", "", 24, []byte{1}, nil, true, 24},
		{"6.12", "6.12.1", 24, []byte{1}, nil, true, 24},
	} {
		s := x86()
		s.release, s.slot, s.replace, s.states, s.init = tc.release, tc.slot, tc.replace, tc.states, true
		m, err := read(s.build().Bytes(), Options{})
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if m.Layout.PatchReplace != tc.offset || len(m.Patch.States) != len(tc.states) {
			t.Errorf("%s: replace at %d, states %v", tc.name, m.Layout.PatchReplace, m.Patch.States)
		}
		if r := m.Replace; r.Kind != klp.KindFlag || r.Flag != tc.want || r.Source != klp.FromData || r.FieldSource != klp.FieldAssumed {
			t.Errorf("%s: replace %+v", tc.name, r)
		}
	}
}

// TestLayoutFromDWARF: a release that the table does not know is read by the
// module's own debug information.
func TestLayoutFromDWARF(t *testing.T) {
	b, err := os.ReadFile("../fixtures/static/debug.ko")
	if err != nil {
		t.Fatal(err)
	}
	f, err := elfmut.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	f.SetModinfo("vermagic", "4.18.0-513.el8.x86_64 SMP mod_unload ")
	m, err := read(f.Bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	l := m.Layout
	if l.PatchSize != 200 || l.ObjectSize != 168 || l.FuncSize != 152 || l.PatchReplace != 24 || l.ObjectCallbacks != 16 || !l.HasStates {
		t.Errorf("layout %+v", l)
	}
	if r := m.Replace; r.Kind != klp.KindFlag || !r.Flag || r.FieldSource != klp.FieldDWARF || r.Source != klp.FromData {
		t.Errorf("replace %+v", r)
	}
	if got, want := tables(m), "vmlinux: cmdline_proc_show,0>klp_cmdline_proc_show"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, err := read(f.Bytes(), Options{ReplaceField: klp.KindSet}); err == nil || !strings.Contains(err.Error(), "flag according to dwarf") {
		t.Errorf("an option against debug information: %v", err)
	}
}

// TestNoInit: without code that could be followed the value of replace stays
// unknown, whatever the data says.
func TestNoInit(t *testing.T) {
	s := x86()
	s.replace = []byte{1}
	m, err := read(s.build().Bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r := m.Replace; r.Kind != klp.KindUnknown || r.Reason == "" || !m.Init.Missing {
		t.Errorf("replace %+v, init %+v", r, m.Init)
	}
}

// TestTwoPatches: where code and data do not tell which struct is the patch,
// none is chosen.
func TestTwoPatches(t *testing.T) {
	f := x86().build()
	f.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela {
		return append(rs, elfmut.Rela{Offset: 100, Sym: 5, Type: 1}, elfmut.Rela{Offset: 108, Sym: 3, Type: 1, Addend: 224})
	})
	m, err := read(f.Bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Patch.Found || !strings.Contains(m.Patch.Reason, "2 structs look like klp_patch") || m.Replace.Kind != klp.KindUnknown {
		t.Errorf("patch %+v, replace %+v", m.Patch, m.Replace)
	}
}
