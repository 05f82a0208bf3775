package elfread

import (
	"debug/elf"
	"strings"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
)

// stored is one way in which init code gives a value to klp_patch.replace.
type stored struct {
	name   string
	static func(*assembled) // of enabling(), whose patch is at the start of .data
	alloc  func(*assembled) // with the allocated patch in %rax
	o      Options
	want   string // as klp.Replace says it
	source klp.ReplaceSource
	field  klp.FieldSource
	err    string
}

// listAt is where TestStoredReplace puts a list of sets in .data: behind the
// arrays of x86(), where nothing else stands.
const listAt = 1600

var storedCases = []stored{
	{
		name:   "one byte",
		static: func(a *assembled) { a.op(0xc6, 0x05).ref(elf.R_X86_64_PC32, symData, 24-5).op(1) },
		alloc:  func(a *assembled) { a.op(0xc6, 0x40, 24, 1) },
		want:   "replace", source: klp.FromCode, field: klp.FieldValue,
	},
	{
		name:   "a byte of zero",
		static: func(a *assembled) { a.op(0xc6, 0x05).ref(elf.R_X86_64_PC32, symData, 24-5).op(0) },
		alloc:  func(a *assembled) { a.op(0xc6, 0x40, 24, 0) },
		want:   "no replace", source: klp.FromCode, field: klp.FieldValue,
	},
	{
		name:   "four bytes",
		static: func(a *assembled) { a.op(0xc7, 0x05).ref(elf.R_X86_64_PC32, symData, 24-8).op(5, 0, 1, 0) },
		alloc:  func(a *assembled) { a.op(0xc7, 0x40, 24, 5, 0, 1, 0) },
		want:   "set 65541", source: klp.FromCode, field: klp.FieldValue,
	},
	{
		name: "an address",
		static: func(a *assembled) {
			a.op(0x48, 0xc7, 0x05).ref(elf.R_X86_64_PC32, symData, 24-8).ref(elf.R_X86_64_32S, symData, listAt)
		},
		alloc: func(a *assembled) { a.op(0x48, 0xc7, 0x40, 24).ref(elf.R_X86_64_32S, list(a.f), 0) },
		want:  "sets {3,9}", source: klp.FromCode, field: klp.FieldValue,
	},
	{
		name:   "NULL where a list is promised",
		static: func(a *assembled) { a.op(0x48, 0xc7, 0x05).ref(elf.R_X86_64_PC32, symData, 24-8).op(0, 0, 0, 0) },
		alloc:  func(a *assembled) { a.op(0x48, 0xc7, 0x40, 24, 0, 0, 0, 0) },
		o:      Options{ReplaceField: klp.KindSets},
		want:   "sets NULL", source: klp.FromCode, field: klp.FieldOption,
	},
	{
		name: "a variable",
		static: func(a *assembled) {
			a.op(0x0f, 0xb6, 0x0d).ref(elf.R_X86_64_PC32, symData, listAt-4)
			a.op(0x88, 0x0d).ref(elf.R_X86_64_PC32, symData, 24-4)
		},
		alloc: func(a *assembled) {
			a.op(0x0f, 0xb6, 0x0d).ref(elf.R_X86_64_PC32, list(a.f), -4).op(0x88, 0x48, 24)
		},
		want: "replace decided at run time", source: klp.FromRuntime, field: klp.FieldAssumed,
	},
	{
		name: "nothing", alloc: func(*assembled) {}, static: func(*assembled) {},
		want: "no replace", field: klp.FieldAssumed, // by the data, or by the zeroed allocation
	},
	{
		name: "an address where a number is promised",
		static: func(a *assembled) {
			a.op(0x48, 0xc7, 0x05).ref(elf.R_X86_64_PC32, symData, 24-8).ref(elf.R_X86_64_32S, symData, listAt)
		},
		alloc: func(a *assembled) { a.op(0x48, 0xc7, 0x40, 24).ref(elf.R_X86_64_32S, list(a.f), 0) },
		o:     Options{ReplaceField: klp.KindSet},
		err:   "replace field is a set according to option, but init code stores an address in it",
	},
	{
		name:   "two bytes, which no field has",
		static: func(a *assembled) { a.op(0x66, 0xc7, 0x05).ref(elf.R_X86_64_PC32, symData, 24-6).op(1, 0) },
		alloc:  func(a *assembled) { a.op(0x66, 0xc7, 0x40, 24, 1, 0) },
		want:   "replace", source: klp.FromCode, field: klp.FieldAssumed,
	},
}

// list adds a variable that holds the sets 3 and 9, and returns its symbol.
func list(f *elfmut.File) uint32 {
	if i := f.SymIndex("list_of_sets"); i != 0 {
		return uint32(i)
	}
	sec := f.Add(&elfmut.Section{
		Name: ".data.sets", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC | elf.SHF_WRITE, Align: 8,
		Data: []byte{3, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0},
	})
	return uint32(f.AddSym(elfmut.Sym{Name: "list_of_sets", Bind: elf.STB_GLOBAL, Type: elf.STT_OBJECT, Shndx: elf.SectionIndex(sec), Size: 12}))
}

// TestStoredReplace: what init code stores outranks the data, tells the field by
// its width, and is read alike in static and in allocated patches.
func TestStoredReplace(t *testing.T) {
	check := func(t *testing.T, tc *stored, f *elfmut.File, untouched klp.ReplaceSource) {
		m, err := read(f.Bytes(), tc.o)
		if tc.err != "" {
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("error %v, want one with %q", err, tc.err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if tc.source == "" {
			tc.source = untouched
		}
		if r := &m.Replace; r.String() != tc.want || r.Source != tc.source || r.FieldSource != tc.field {
			t.Errorf("%s by %s, field by %s; want %s by %s, field by %s: %+v (%s)", r, r.Source, r.FieldSource, tc.want, tc.source, tc.field, m.Init, r.Reason)
		}
		if r := &m.Replace; r.Source == klp.FromCode && len(m.Init.Enables) == 1 && (r.At.Section != ".init.text" || r.At.File == 0) {
			t.Errorf("decided at %+v", r.At)
		}
	}
	for i := range storedCases {
		tc := storedCases[i]
		t.Run("static/"+tc.name, func(t *testing.T) {
			f := enabling()
			copy(f.Section(".data").Data[listAt:], []byte{3, 0, 0, 0, 9})
			a := &assembled{f: f}
			tc.static(a)
			a.op(0x48, 0xc7, 0xc7).ref(elf.R_X86_64_32S, symData, atPatch).call(0xe9, "klp_enable_patch")
			check(t, &tc, a.install(), klp.FromData)
		})
		tc = storedCases[i]
		t.Run("allocated/"+tc.name, func(t *testing.T) {
			f := fixture(t, "kpatch/one-func.ko")
			a := &assembled{f: f}
			a.op(0xbe, 0xc0, 0x0d, 0, 0).call(0xe8, "__kmalloc_noprof") // GFP_KERNEL | __GFP_ZERO
			a.op(0x48, 0xc7, 0x00).ref(elf.R_X86_64_32S, uint32(f.SymIndex("__this_module")), 0)
			tc.alloc(a)
			a.op(0x48, 0x89, 0xc7).call(0xe9, "klp_enable_patch")
			check(t, &tc, a.install(), klp.FromCode)
		})
	}
}

// TestUnfollowedCode: code whose effect is not known proves nothing, and the
// data are not believed in its place.
func TestUnfollowedCode(t *testing.T) {
	f := enabling()
	f.Section(".data").Data[atPatch+24] = 1
	a := &assembled{f: f}
	a.op(0x48, 0xc7, 0xc7).ref(elf.R_X86_64_32S, symData, atPatch).call(0xe8, "elsewhere") // it is given the patch
	a.op(0x48, 0xc7, 0xc7).ref(elf.R_X86_64_32S, symData, atPatch).call(0xe9, "klp_enable_patch")
	m := must(t, a.install(), Options{})
	if r := m.Replace; r.Kind != klp.KindUnknown || r.Source != klp.FromNone || !strings.Contains(r.Reason, "may have been written to") || r.Known() {
		t.Errorf("replace %+v", r)
	}
	if tables(m) != usual {
		t.Errorf("tables %s", tables(m))
	}
}

// TestWhichPatch: the argument of klp_enable_patch() against what the data shows.
func TestWhichPatch(t *testing.T) {
	pass := func(a *assembled, at int64, opcode byte) {
		a.op(0x48, 0xc7, 0xc7).ref(elf.R_X86_64_32S, symData, at).call(opcode, "klp_enable_patch")
	}
	for _, tc := range []struct {
		name   string
		code   func(*assembled)
		edit   func(*elfmut.File)
		reason string // "" where the patch is found
	}{
		{name: "two structs", code: func(a *assembled) { pass(a, atPatch, 0xe8); pass(a, listAt, 0xe9) }, reason: "klp_enable_patch() is called with 2 different structs"},
		{name: "one struct, twice", code: func(a *assembled) { pass(a, atPatch, 0xe8); pass(a, atPatch, 0xe9) }},
		{name: "NULL, and one in the data", code: func(a *assembled) { a.op(0x31, 0xff).call(0xe9, "klp_enable_patch") }},
		{
			name: "NULL, and none in the data", code: func(a *assembled) { a.op(0x31, 0xff).call(0xe9, "klp_enable_patch") },
			edit: func(f *elfmut.File) { f.SetRelas(".rela.data", nil) }, reason: "klp_enable_patch() is called with NULL, and no data looks like a klp_patch",
		},
		{
			name: "an allocation of nobody's", code: func(a *assembled) {
				a.op(0xbe, 0xc0, 0x0d, 0, 0).call(0xe8, "__kmalloc").op(0x48, 0x89, 0xc7).call(0xe9, "klp_enable_patch")
			}, reason: "klp_patch is allocated at run time by code of an unknown toolchain",
		},
		{name: "an unknown argument, and one in the data", code: func(a *assembled) { a.call(0xe9, "klp_enable_patch") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := enabling()
			if tc.edit != nil {
				tc.edit(f)
			}
			a := &assembled{f: f}
			tc.code(a)
			m := must(t, a.install(), Options{})
			if m.Patch.Found != (tc.reason == "") || m.Patch.Reason != tc.reason {
				t.Errorf("found %v, reason %q, want %q; %+v", m.Patch.Found, m.Patch.Reason, tc.reason, m.Init)
			}
			if tc.reason == "" && tables(m) != usual {
				t.Errorf("tables %s", tables(m))
			}
			if tc.reason != "" && (m.Replace.Kind != klp.KindUnknown || m.Replace.Reason != tc.reason) {
				t.Errorf("replace %+v", m.Replace)
			}
		})
	}
}
