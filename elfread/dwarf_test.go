package elfread

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
)

// debugWriter writes the debug information of one compilation unit, DWARF 4,
// without any string section.
type debugWriter struct{ b []byte }

// The abbreviations that debugWriter uses.
const (
	abbrevUnit = 1 + iota
	abbrevStruct
	abbrevMember
	abbrevBase
	abbrevTypedef
	abbrevPointer
	abbrevForward
)

var abbrevs = []byte{
	abbrevUnit, 0x11, 1, 0, 0, // DW_TAG_compile_unit
	abbrevStruct, 0x13, 1, 0x03, 0x08, 0x0b, 0x0f, 0, 0, // structure_type: name string, byte_size udata
	abbrevMember, 0x0d, 0, 0x03, 0x08, 0x38, 0x0f, 0x49, 0x13, 0, 0, // member: name, data_member_location, type
	abbrevBase, 0x24, 0, 0x0b, 0x0f, 0, 0, // base_type: byte_size
	abbrevTypedef, 0x16, 0, 0x49, 0x13, 0, 0, // typedef: type
	abbrevPointer, 0x0f, 0, 0, 0, // pointer_type
	abbrevForward, 0x13, 0, 0x03, 0x08, 0, 0, // structure_type that is only declared
	0,
}

func newDebug() *debugWriter { return &debugWriter{append(make([]byte, 11), abbrevUnit)} }

// here is the offset of the next entry.
func (w *debugWriter) here() uint32 { return uint32(len(w.b)) }

func (w *debugWriter) name(s string) { w.b = append(append(w.b, s...), 0) }

func (w *debugWriter) number(n uint64) { w.b = binary.AppendUvarint(w.b, n) }

// typ writes a type and returns where it is.
func (w *debugWriter) typ(abbrev byte, rest ...byte) uint32 {
	at := w.here()
	w.b = append(append(w.b, abbrev), rest...)
	return at
}

// typedef writes a typedef of a type.
func (w *debugWriter) typedef(of uint32) uint32 {
	return w.typ(abbrevTypedef, binary.LittleEndian.AppendUint32(nil, of)...)
}

// member is one member of a struct.
type member struct {
	name string
	at   uint64
	typ  uint32
}

func (w *debugWriter) structure(name string, size uint64, members ...member) {
	w.b = append(w.b, abbrevStruct)
	w.name(name)
	w.number(size)
	for _, m := range members {
		w.b = append(w.b, abbrevMember)
		w.name(m.name)
		w.number(m.at)
		w.b = binary.LittleEndian.AppendUint32(w.b, m.typ)
	}
	w.b = append(w.b, 0)
}

// addTo ends the unit and puts it into a module.
func (w *debugWriter) addTo(f *elfmut.File) {
	b := append(w.b, 0)
	binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	b[4], b[10] = 4, 8 // version, size of an address
	f.Add(&elfmut.Section{Name: ".debug_info", Type: elf.SHT_PROGBITS, Data: b, Align: 1})
	f.Add(&elfmut.Section{Name: ".debug_abbrev", Type: elf.SHT_PROGBITS, Data: abbrevs, Align: 1})
}

// livepatch writes the structs of include/linux/livepatch.h for x86(), with a
// replace field of some name and type.
func (w *debugWriter) livepatch(field string, typ uint32) { w.livepatchSized(field, typ, 168, 152) }

// livepatchSized does so for a kernel whose structs have these sizes.
func (w *debugWriter) livepatchSized(field string, typ uint32, object, fn uint64) {
	p := w.typ(abbrevPointer)
	number := w.typ(abbrevBase, 8)
	w.typ(abbrevForward, []byte("klp_patch\x00")...) // a declaration says nothing
	w.structure("klp_func", fn, member{"old_name", 0, p}, member{"new_func", 8, p}, member{"old_sympos", 16, number}, member{"old_func", 24, p})
	w.structure("other", 8, member{"replace", 3, p})
	w.structure("klp_object", object, member{"name", 0, p}, member{"funcs", 8, p}, member{"callbacks", 16, number})
	w.structure("klp_state", 24, member{"id", 0, number}, member{"version", 8, number})
	w.structure("klp_patch", 200, member{"mod", 0, p}, member{"objs", 8, p}, member{"states", 16, p}, member{field, 24, typ})
}

// TestFieldType: the type of the replace field in the module's debug information
// tells the field, through typedefs, and no other evidence about the module may
// contradict it.
func TestFieldType(t *testing.T) {
	for _, tc := range []struct {
		name  string
		field string
		typ   func(*debugWriter) uint32
		want  klp.ReplaceKind
		by    klp.FieldSource
	}{
		{"bool", "replace", func(w *debugWriter) uint32 { return w.typ(abbrevBase, 1) }, klp.KindFlag, klp.FieldDWARF},
		{"u32", "replace_set", func(w *debugWriter) uint32 { return w.typ(abbrevBase, 4) }, klp.KindSet, klp.FieldDWARF},
		{"pointer", "replace_sets", func(w *debugWriter) uint32 { return w.typ(abbrevPointer) }, klp.KindSets, klp.FieldDWARF},
		{"typedef of a typedef", "replace_set", func(w *debugWriter) uint32 { return w.typedef(w.typedef(w.typ(abbrevBase, 4))) }, klp.KindSet, klp.FieldDWARF},
		{"a typedef of itself", "replace", func(w *debugWriter) uint32 { return w.typedef(w.here()) }, klp.KindFlag, klp.FieldAssumed},
		{"more typedefs than anyone writes", "replace_set", func(w *debugWriter) uint32 {
			at := w.typ(abbrevBase, 4)
			for range 8 {
				at = w.typedef(at)
			}
			return at
		}, klp.KindFlag, klp.FieldAssumed},
		{"u64", "replace", func(w *debugWriter) uint32 { return w.typ(abbrevBase, 8) }, klp.KindFlag, klp.FieldAssumed},
		{"a type that is not there", "replace", func(*debugWriter) uint32 { return 1 << 20 }, klp.KindFlag, klp.FieldAssumed},
		{"a struct", "replace", func(w *debugWriter) uint32 { at := w.here(); w.structure("x", 4); return at }, klp.KindFlag, klp.FieldAssumed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := enabling()
			w := newDebug()
			w.livepatch(tc.field, tc.typ(w))
			w.addTo(f)
			m := must(t, f, Options{})
			if r := m.Replace; r.Kind != tc.want || r.FieldSource != tc.by {
				t.Errorf("%s by %s, want %s by %s", r.Kind, r.FieldSource, tc.want, tc.by)
			}
			if tables(m) != usual {
				t.Errorf("tables %s", tables(m))
			}
			_, err := read(f.Bytes(), Options{ReplaceField: klp.KindSet})
			conflict := tc.by == klp.FieldDWARF && tc.want != klp.KindSet
			if want := fmt.Sprintf("replace field is a %s according to dwarf, but was given as a set", tc.want); (err != nil) != conflict || conflict && !strings.Contains(err.Error(), want) {
				t.Errorf("against an option: error %v", err)
			}
		})
	}
}

// TestDebugLayout: for a release that the table does not know the structs are
// laid out as the debug information says, or not at all, with the reason.
func TestDebugLayout(t *testing.T) {
	old := func() *elfmut.File {
		s := x86()
		s.init, s.release = true, "4.18.0-513.el8.x86_64"
		return s.build()
	}
	with := func(change func(*debugWriter)) *elfmut.File {
		f, w := old(), newDebug()
		change(w)
		w.addTo(f)
		return f
	}
	whole := func(w *debugWriter) { w.livepatch("replace", w.typ(abbrevBase, 1)) }
	if l := must(t, with(whole), Options{}).Layout; l.PatchReplace != 24 || l.PatchStates != 16 || !l.HasStates || l.ObjectCallbacks != 16 || l.FuncSympos != 16 || l.PatchSize != 200 {
		t.Errorf("layout %+v", l)
	}
	unknown := "layout of struct klp_patch unknown: no kernel's BTF was given; "
	for _, tc := range []struct {
		name string
		f    *elfmut.File
		err  string
	}{
		{"none", old(), "the module has no debug information; "},
		{"of something else", with(func(w *debugWriter) { w.structure("page", 64) }), "the module's debug information does not describe struct klp_patch; "},
		{"without klp_object", with(func(w *debugWriter) { w.structure("klp_patch", 200); w.structure("klp_func", 152) }), "the module's debug information does not describe struct klp_patch; "},
		{"a struct of no size", with(func(w *debugWriter) {
			whole(w)
			w.b = append(w.b, abbrevStruct)
			w.name("klp_patch")
			w.number(0)
			w.b = append(w.b, 0)
		}), ""},
		{"an abbreviation that is not there", with(func(w *debugWriter) { whole(w); w.b = append(w.b, 99) }), "debug info: "},
		{"cut off in a member", with(func(w *debugWriter) {
			whole(w)
			w.b = append(w.b, abbrevStruct)
			w.name("klp_patch")
			w.number(8)
			w.b = append(w.b, abbrevMember, 'x')
		}), "debug info: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := read(tc.f.Bytes(), Options{})
			if tc.err == "" {
				if err != nil || tables(m) != usual {
					t.Errorf("error %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), unknown+tc.err) || !strings.Contains(err.Error(), `the module is for "4.18.0-513.el8.x86_64"`) {
				t.Errorf("error %v, want one with %q", err, unknown+tc.err)
			}
		})
	}
}

// TestDebugTellsStride: where symbols and relocations leave two sizes open, the
// debug information settles it, and where the arrays themselves contradict each
// other, it does not help.
func TestDebugTellsStride(t *testing.T) {
	s := x86()
	s.init, s.sizes.object, s.sizes.fn, s.symbols = true, 376, 360, false
	f, w := s.build(), newDebug()
	w.livepatchSized("replace", w.typ(abbrevBase, 1), 376, 360)
	w.addTo(f)
	m := must(t, f, Options{})
	if tables(m) != usual || m.Layout.ObjectSize != 376 || m.Layout.FuncSize != 360 {
		t.Errorf("%s, layout %+v", tables(m), m.Layout)
	}
}

// TestDebugNames: the names in .debug_str alone tell the common case, so that
// nothing need be parsed: not even what could not be.
func TestDebugNames(t *testing.T) {
	for names, want := range map[string]klp.FieldSource{
		"klp_patch\x00replace\x00":                      klp.FieldDWARF,
		"klp_patch_other\x00replace\x00":                klp.FieldAssumed,
		"klp_patch\x00replace_set\x00":                  klp.FieldAssumed, // must be parsed, and cannot be
		strings.Repeat("x", 3000) + "\x00klp_patch\x00": klp.FieldDWARF,
	} {
		f := enabling()
		f.Add(&elfmut.Section{Name: ".debug_info", Type: elf.SHT_PROGBITS, Data: []byte("not DWARF at all"), Align: 1})
		f.Add(&elfmut.Section{Name: ".debug_str", Type: elf.SHT_PROGBITS, Data: []byte(names), Align: 1})
		m := must(t, f, Options{})
		if r := m.Replace; r.Kind != klp.KindFlag || r.FieldSource != want {
			t.Errorf("%.40q: %s by %s, want %s", names, r.Kind, r.FieldSource, want)
		}
	}
}
