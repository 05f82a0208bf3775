package elfread

import (
	"debug/elf"
	"strings"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
)

const (
	kpatchFuncs = ".kpatch.funcs"
	kpatchPre   = ".kpatch.callbacks.pre_patch"
	klpObjects  = ".init.klp_objects"
	klpFuncs    = ".init.klp_funcs"
)

// without makes a table an SHT_NOBITS section of the same size.
func without(f *elfmut.File, section string) {
	s := f.Section(section)
	s.Type, s.Nobits, s.Data = elf.SHT_NOBITS, uint64(len(s.Data)), nil
}

// TestRefusedKpatch: tables from which no kpatch-build's init code builds a patch.
func TestRefusedKpatch(t *testing.T) {
	refusals(t, func() *elfmut.File { return fixture(t, "kpatch/many.ko") }, []refusal{
		{name: "no bytes", edit: func(f *elfmut.File) { without(f, kpatchFuncs) }, section: kpatchFuncs, err: "section is SHT_NOBITS"},
		{name: "entries of 48 bytes", edit: func(f *elfmut.File) {
			f.Section(kpatchFuncs).Data = make([]byte, 96)
			f.SetRelas(".rela"+kpatchFuncs, nil)
		}, section: kpatchFuncs, err: "size 96 is not a multiple of 56: tables of kpatch-build before v0.3.2"},
		{name: "name of another module", edit: func(f *elfmut.File) {
			relocate(f, kpatchFuncs, elfmut.Rela{Offset: 40, Sym: elsewhere(f), Type: abs64})
		}, section: kpatchFuncs, offset: 40, err: `name points to symbol "elsewhere" of another module`},
		{name: "object's name of another module", edit: func(f *elfmut.File) {
			relocate(f, kpatchFuncs, elfmut.Rela{Offset: 56 + 48, Sym: elsewhere(f), Type: abs64})
		}, section: kpatchFuncs, offset: 56 + 48, err: `objname: name points to symbol "elsewhere" of another module`},
		{name: "relocated sympos", edit: func(f *elfmut.File) {
			relocate(f, kpatchFuncs, elfmut.Rela{Offset: 32, Sym: elsewhere(f), Type: abs64})
		}, section: kpatchFuncs, offset: 32, err: "relocation of type 1 where a number is expected"},
		{name: "callback that is cut off", edit: func(f *elfmut.File) {
			s := f.Section(kpatchPre)
			s.Data = s.Data[:8]
		}, section: kpatchPre, err: "callback extends past the end of its section"},
		{name: "callback without a relocation", edit: func(f *elfmut.File) {
			f.EditRelas(".rela"+kpatchPre, func(rs []elfmut.Rela) []elfmut.Rela { return rs[1:] })
			f.Section(kpatchPre).Data[1] = 1
		}, section: kpatchPre, err: "pointer 0x100 without a relocation"},
		{name: "callback for an unreadable object", edit: func(f *elfmut.File) {
			relocate(f, kpatchPre, elfmut.Rela{Offset: 8, Sym: elsewhere(f), Type: abs64})
		}, section: kpatchPre, offset: 8, err: "objname: name points to symbol"},
	})
}

// TestRefusedKlpBuild: the same for the kernel's own klp-build.
func TestRefusedKlpBuild(t *testing.T) {
	refusals(t, func() *elfmut.File { return fixture(t, "klp-build/many.ko") }, []refusal{
		{name: "no bytes", edit: func(f *elfmut.File) { without(f, klpObjects) }, section: klpObjects, err: "section is SHT_NOBITS"},
		{name: "odd size", edit: func(f *elfmut.File) {
			s := f.Section(klpObjects)
			s.Data = s.Data[:100]
		}, section: klpObjects, err: "size 100 is not a multiple of 64, the size of struct klp_object_ext"},
		{name: "name of another module", edit: func(f *elfmut.File) {
			relocate(f, klpObjects, elfmut.Rela{Offset: 0, Sym: elsewhere(f), Type: abs64})
		}, section: klpObjects, err: `name points to symbol "elsewhere" of another module`},
		{name: "funcs of another module", edit: func(f *elfmut.File) {
			relocate(f, klpObjects, elfmut.Rela{Offset: 64 + 8, Sym: elsewhere(f), Type: abs64})
		}, section: klpObjects, offset: 64 + 8, err: `funcs points to symbol "elsewhere" of another module`},
		{name: "funcs without an array", edit: func(f *elfmut.File) {
			relocate(f, klpObjects, elfmut.Rela{Offset: 8})
		}, section: klpObjects, err: "2 funcs, but the funcs pointer is NULL"},
		{name: "more funcs than the section holds", edit: func(f *elfmut.File) {
			f.Section(klpObjects).Data[64+56] = 2
		}, section: klpFuncs, offset: 72, err: "pointer extends past the end of the section"},
		{name: "a count that no patch has", edit: func(f *elfmut.File) {
			f.Section(klpObjects).Data[64+56+3] = 1
		}, section: klpObjects, offset: 64, err: "16777217 funcs, the limit is 32768"},
		{name: "relocated count", edit: func(f *elfmut.File) {
			relocate(f, klpObjects, elfmut.Rela{Offset: 56, Sym: elsewhere(f), Type: abs64})
		}, section: klpObjects, offset: 56, err: "relocation of type 1 where a number is expected"},
		{name: "name of a func of another module", edit: func(f *elfmut.File) {
			relocate(f, klpFuncs, elfmut.Rela{Offset: 24, Sym: elsewhere(f), Type: abs64})
		}, section: klpFuncs, offset: 24, err: "name points to symbol"},
		{name: "relocated sympos", edit: func(f *elfmut.File) {
			relocate(f, klpFuncs, elfmut.Rela{Offset: 16, Sym: elsewhere(f), Type: abs64})
		}, section: klpFuncs, offset: 16, err: "relocation of type 1 where a number is expected"},
	})
}

// TestOddKlpBuild: objects that klp-build does not write, but whose sense is clear.
func TestOddKlpBuild(t *testing.T) {
	f := fixture(t, "klp-build/many.ko")
	relocate(f, klpObjects, elfmut.Rela{Offset: 8}) // R_X86_64_NONE
	f.Section(klpObjects).Data[56] = 0
	f.Section(".rodata.str1.1").Data = append(f.Section(".rodata.str1.1").Data, "vmlinux\x00"...)
	name := len(f.Section(".rodata.str1.1").Data) - 8
	relocate(f, klpObjects, elfmut.Rela{Offset: 0, Sym: uint32(f.SectionSym(".rodata.str1.1")), Type: abs64, Addend: int64(name)})
	f.Section(klpObjects).Data[16+32] = 1 // callbacks.post_unpatch_enabled
	m := must(t, f, Options{})
	o := m.Patch.Objects[0]
	if !o.FuncsNull || len(o.Funcs) != 0 || o.Name != klp.VmlinuxObjectName || !o.Literal || o.Null || !o.PostUnpatchEnabled {
		t.Errorf("object %+v", o)
	}
	if o = m.Patch.Objects[1]; o.Literal || !o.Null || o.PostUnpatchEnabled || len(o.Funcs) != 1 {
		t.Errorf("the other object %+v", o)
	}
}

// TestOddKpatch: an object without a name is none of the others, and a callback
// may name an object that has no funcs.
func TestOddKpatch(t *testing.T) {
	f := fixture(t, "kpatch/many.ko")
	relocate(f, kpatchFuncs, elfmut.Rela{Offset: 48})
	strs := f.Section(".kpatch.strings")
	strs.Data = append(strs.Data, "nowhere\x00"...)
	relocate(f, kpatchPre, elfmut.Rela{Offset: 8, Sym: uint32(f.SectionSym(".kpatch.strings")), Type: abs64, Addend: int64(len(strs.Data) - 8)})
	m := must(t, f, Options{})
	first, last := m.Patch.Objects[0], m.Patch.Objects[len(m.Patch.Objects)-1]
	if first.Name != "" || first.Null || len(first.Funcs) != 1 {
		t.Errorf("object without a name: %+v", first)
	}
	if last.Name != "nowhere" || len(last.Funcs) != 0 || len(last.Callbacks) != 1 || last.Callbacks[0].Kind != klp.PrePatch {
		t.Errorf("object of a callback: %+v", last)
	}
}

// TestForce: the entries of .kpatch.force name functions; what is not relocated
// is no entry, and one that leads out of the module has no name.
func TestForce(t *testing.T) {
	f := fixture(t, "kpatch/one-func.ko")
	f.Section(".kpatch.force").Data = make([]byte, 32)
	replacement := f.SymIndex("klp_cmdline_proc_show")
	f.AddRelas(".rela.kpatch.force", ".kpatch.force", 0, []elfmut.Rela{
		{Offset: 0, Sym: uint32(replacement), Type: abs64},
		{Offset: 8},
		{Offset: 16, Sym: elsewhere(f), Type: abs64},
	})
	m := must(t, f, Options{})
	if len(m.ForceFuncs) != 2 {
		t.Fatalf("entries %+v", m.ForceFuncs)
	}
	for i, want := range []klp.Location{{Offset: 0, Symbol: "klp_cmdline_proc_show"}, {Offset: 16}} {
		if l := m.ForceFuncs[i]; l.Section != ".kpatch.force" || l.Offset != want.Offset || l.Symbol != want.Symbol {
			t.Errorf("entry %d: %+v", i, l)
		}
	}
}

// TestOldKpatch: where no table has a release, the byte that init code stores at
// 0x18 of the patch that it has made is the flag; RHEL 8 has it on 4.18.
func TestOldKpatch(t *testing.T) {
	f := fixture(t, "kpatch/one-func.ko")
	f.SetModinfo("vermagic", "4.18.0-553.el8_10.x86_64 SMP mod_unload modversions ")
	m := must(t, f, Options{})
	if r := m.Replace; r.Kind != klp.KindFlag || !r.Flag || r.Source != klp.FromCode || r.FieldSource != klp.FieldValue {
		t.Errorf("replace %+v", r)
	}
	if len(m.Patch.Objects) != 1 {
		t.Errorf("the tables do not depend on it: %+v", m.Patch)
	}
	// Nothing in the code tells: the release does, unless a distribution may have
	// brought the field to it; then the option settles it.
	for _, c := range []struct {
		release string
		field   klp.ReplaceKind
		known   bool
		reason  string
	}{
		{"4.19.0-27-amd64", "", true, "no replace field: stacks"},
		{"4.18.0-553.el8_10.x86_64", "", false, "or --replace-field"},
		{"4.18.0-193.el8.x86_64", "", false, "or --replace-field"},
		{"4.18.0-147.5.1.el8_1.x86_64", "", true, "no replace field: stacks"},
		{"4.18.0-x.el8.x86_64", "", false, "or --replace-field"},
		{"3.10.0-1160.el7.x86_64", "", true, "no replace field: stacks"},
		{"5.0.0-65-generic", "", true, "no replace field: stacks"},
		{"4.12.14-197.108-default", "", false, "or --replace-field"},
		{"4.19.90-2112.8.0.0131.oe1.x86_64", "", false, "or --replace-field"},
		{"4.18.0-553.el8_10.x86_64", klp.KindFlag, true, ""},
	} {
		p := &parser{m: &klp.Module{}, o: &Options{ReplaceField: c.field}}
		p.m.Vermagic.Release = c.release
		p.init.Replace.Known = true // a zeroed allocation, and no store
		if err := p.replaceFromCode(); err != nil {
			t.Fatal(err)
		}
		if r := p.m.Replace; r.Known() != c.known || r.Flag || !strings.Contains(r.Reason, c.reason) {
			t.Errorf("%s, field %q: %+v", c.release, c.field, r)
		}
	}
}

// TestForeignByteOrder: a table whose numbers make sense only the other way
// round is none of this module's.
func TestForeignByteOrder(t *testing.T) {
	f := fixture(t, "kpatch/one-func.ko")
	data := f.Section(kpatchFuncs).Data
	clear(data[32:40])
	data[32+7] = 1 // sympos 1, big-endian
	if _, err := read(f.Bytes(), Options{}); err == nil || !strings.Contains(err.Error(), "value 0x100000000000000: the table has the wrong byte order") {
		t.Errorf("error %v", err)
	}
}
