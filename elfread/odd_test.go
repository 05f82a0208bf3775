package elfread

import (
	"debug/elf"
	"strings"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
)

// TestStatesBehindEnd: the kernel reads states up to the first id 0; entries
// behind it are counted, the zeros among them are not.
func TestStatesBehindEnd(t *testing.T) {
	for _, tc := range []struct {
		ids    []uint64
		states int
		behind int
	}{
		{[]uint64{7}, 1, 0},
		{[]uint64{}, 0, 0},
		{[]uint64{0}, 0, 0},
		{[]uint64{7, 0, 9}, 1, 1},
		{[]uint64{0, 8, 0, 9, 0}, 0, 2},
	} {
		s := x86()
		s.states = tc.ids
		p := must(t, s.build(), Options{}).Patch
		if len(p.States) != tc.states || p.StatesBehindEnd != tc.behind || !p.HasStates || p.StatesAt.Symbol != "states" {
			t.Errorf("%v: %+v, %d behind, at %+v", tc.ids, p.States, p.StatesBehindEnd, p.StatesAt)
		}
		for _, st := range p.States {
			if st.ID != 7 || st.Version != 1 || st.At.Symbol != "states" || st.At.Offset != p.StatesAt.Offset {
				t.Errorf("%v: %+v", tc.ids, st)
			}
		}
	}
	// Without the array's symbol nothing tells what lies behind its end.
	s := x86()
	s.states, s.symbols = []uint64{7, 0, 9}, false
	if p := must(t, s.build(), Options{}).Patch; len(p.States) != 1 || p.StatesBehindEnd != 0 {
		t.Errorf("%+v", p)
	}
	if p := must(t, x86().build(), Options{}).Patch; p.HasStates || p.StatesAt.Section != "" {
		t.Errorf("no array: %+v", p.StatesAt)
	}
}

// TestLoneSympos: a func with neither a name nor a replacement does not end the
// array while its sympos is set (include/linux/livepatch.h: klp_for_each_func_static).
func TestLoneSympos(t *testing.T) {
	f := enabling()
	f.Section(".data").Data[atFuncs2+16] = 5
	relocate(f, ".data", elfmut.Rela{Offset: atFuncs2})
	relocate(f, ".data", elfmut.Rela{Offset: atFuncs2 + 8})
	funcs := must(t, f, Options{}).Patch.Objects[1].Funcs
	if len(funcs) != 2 || !funcs[0].NameNull || !funcs[0].New.Null || funcs[0].Sympos != 5 || funcs[1].Name != "three" {
		t.Errorf("%+v", funcs)
	}
}

// TestEmptyNames: a name in memory without bytes is empty, which is not NULL.
func TestEmptyNames(t *testing.T) {
	f := enabling()
	f.Add(&elfmut.Section{Name: ".bss", Type: elf.SHT_NOBITS, Flags: elf.SHF_ALLOC | elf.SHF_WRITE, Nobits: 16, Align: 8})
	bss := uint32(f.AddSym(elfmut.Sym{Name: "zeros", Bind: elf.STB_GLOBAL, Type: elf.STT_OBJECT, Shndx: elf.SectionIndex(f.Index(".bss")), Size: 16}))
	relocate(f, ".data", elfmut.Rela{Offset: atFuncs, Sym: bss, Type: abs64})
	relocate(f, ".data", elfmut.Rela{Offset: atObjects + 168, Sym: bss, Type: abs64})
	m := must(t, f, Options{})
	if o := m.Patch.Objects[1]; o.Name != "" || o.Null || o.Literal {
		t.Errorf("object %+v", o)
	}
	if fn := m.Patch.Objects[0].Funcs[0]; fn.Name != "" || fn.NameNull || fn.New.Symbol != "new_func" {
		t.Errorf("func %+v", fn)
	}
}

// TestNamesOfSymbols: which symbols are taken for the livepatch core's, and
// which names are too long to be any.
func TestNamesOfSymbols(t *testing.T) {
	f := x86().build()
	data := elf.SectionIndex(f.Index(".data"))
	for _, y := range []elfmut.Sym{
		{Name: ".klp.sym.vmlinux.f,1", Shndx: klp.SHNLivepatch},
		{Name: "no_such_name", Shndx: klp.SHNLivepatch},
		{Name: ".klp.sym.ext4.g,0"},                          // undefined: a build step was left out
		{Name: ".klp.sym.ext4.h,0", Shndx: data},             // defined: that cannot be resolved
		{Name: ".klp.tombstone.i", Shndx: klp.SHNLivepatch},  // of objtool
		{Name: ".klp.symid", Shndx: data},                    // named alike, and nobody's
		{Name: ".klp.symid.undefined", Bind: elf.STB_GLOBAL}, // neither that nor an import
		{Name: "import", Bind: elf.STB_WEAK},                 // an ordinary one
		{Name: "", Bind: elf.STB_GLOBAL},                     // a name that a tool dropped
		{Name: "fixed", Bind: elf.STB_GLOBAL, Shndx: elf.SHN_ABS},
	} {
		f.AddSym(y)
	}
	m := must(t, f, Options{})
	var got []string
	for _, k := range m.KlpSyms {
		text := k.Raw
		switch {
		case k.Tombstone:
			text += " tombstone"
		case k.Malformed != "":
			text += " malformed"
		}
		got = append(got, text)
	}
	want := ".klp.sym.vmlinux.f,1; no_such_name malformed; .klp.sym.ext4.g,0; .klp.sym.ext4.h,0; .klp.tombstone.i tombstone"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("%s\nwant %s", s, want)
	}
	if len(m.Imports) != 1 || m.Imports[0].Name != "import" || !m.Imports[0].Weak {
		t.Errorf("imports %+v", m.Imports)
	}

	long := strings.Repeat("x", 5000)
	n := uint64(len(x86().build().Syms()))
	refusals(t, func() *elfmut.File { return x86().build() }, []refusal{
		{name: "livepatch symbol", edit: func(f *elfmut.File) { f.AddSym(elfmut.Sym{Name: ".klp.sym." + long, Shndx: klp.SHNLivepatch}) }, section: ".symtab", offset: n * 24, err: "name outside the string table or longer than"},
		{name: "import", edit: func(f *elfmut.File) { f.AddSym(elfmut.Sym{Name: long, Bind: elf.STB_GLOBAL}) }, section: ".symtab", offset: n * 24, err: "name outside the string table or longer than"},
	})
}

// TestAfterLarge: what one Reader keeps of a module with many symbols and
// relocations does not show in the next one.
func TestAfterLarge(t *testing.T) {
	s := x86()
	large := s.build()
	many(large, 1<<15, elfmut.Sym{Name: "x", Type: elf.STT_OBJECT, Shndx: elf.SectionIndex(large.Index(".data")), Value: 1, Size: 1})
	large.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela { return append(rs, make([]elfmut.Rela, 1<<15)...) })
	r := NewReader(Options{})
	for i, f := range []*elfmut.File{s.build(), large, s.build(), fixture(t, "kpatch/many.ko"), large, fixture(t, "klp-build/many.ko")} {
		b := f.Bytes()
		m, err := r.Read(strings.NewReader(string(b)), int64(len(b)), "x.ko")
		if err != nil {
			t.Fatal(err)
		}
		want := must(t, f, Options{})
		if tables(m) != tables(want) || len(m.Imports) != len(want.Imports) || m.Patch.At != want.Patch.At {
			t.Errorf("module %d: %s at %+v, want %s at %+v", i, tables(m), m.Patch.At, tables(want), want.Patch.At)
		}
	}
}

// TestNoSymtab: without symbols no relocation can be read; the module says so,
// and says nothing else of what it patches.
func TestNoSymtab(t *testing.T) {
	f := enabling()
	f.Remove(".symtab")
	m := must(t, f, Options{})
	const want = "the module has no symbol table, so relocations cannot be resolved"
	if !m.Symtab.Missing || m.Patch.Found || m.Patch.Reason != want || !m.Init.Missing || m.Init.Reason != want || m.Replace.Known() || m.Replace.Reason != want {
		t.Errorf("%+v %+v %+v", m.Symtab, m.Init, m.Replace)
	}
}

// TestExit: struct module with an init function and no exit function makes rmmod
// fail; one without either says nothing of it.
func TestExit(t *testing.T) {
	const this = ".rela.gnu.linkonce.this_module"
	for _, tc := range []struct {
		name            string
		edit            func(*elfmut.File)
		missing, noExit bool
	}{
		{"init alone", func(*elfmut.File) {}, false, true},
		{"both", func(f *elfmut.File) {
			exit := f.AddSym(elfmut.Sym{Name: "cleanup_module", Bind: elf.STB_GLOBAL, Type: elf.STT_FUNC, Shndx: elf.SectionIndex(f.Index(".text"))})
			f.EditRelas(this, func(rs []elfmut.Rela) []elfmut.Rela {
				return append(rs, elfmut.Rela{Offset: 0x300, Sym: uint32(exit), Type: abs64})
			})
		}, false, false},
		{"exit alone", func(f *elfmut.File) { f.EditSym("init_module", func(y *elfmut.Sym) { y.Name = "cleanup_module" }) }, true, false},
		{"neither", func(f *elfmut.File) { f.SetRelas(this, nil) }, true, false},
		{"an init function of another name", func(f *elfmut.File) { f.EditSym("init_module", func(y *elfmut.Sym) { y.Name = "start" }) }, false, false},
	} {
		f := enabling()
		tc.edit(f)
		in := must(t, f, Options{}).Init
		if in.Missing != tc.missing || in.NoExit != tc.noExit || (in.At.Section == "") != tc.missing {
			t.Errorf("%s: %+v", tc.name, in)
		}
	}
}
