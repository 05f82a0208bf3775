package elfread

import (
	"debug/elf"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
)

// The livepatch core stops at the first func that is all zero, whatever count the
// init code went by.
func TestFuncsEndAtZero(t *testing.T) {
	for file, table := range map[string]string{"klp-build/many.ko": "klp_funcs", "kpatch/many.ko": ".kpatch.funcs"} {
		f := fixture(t, file)
		for _, s := range f.Sections {
			switch {
			case s.Type == elf.SHT_RELA && strings.HasSuffix(s.Name, table):
				s.Data = nil
			case strings.HasSuffix(s.Name, table):
				clear(s.Data)
			}
		}
		m := must(t, f, Options{})
		if len(m.Patch.Objects) == 0 {
			t.Fatalf("%s: no objects", file)
		}
		for _, o := range m.Patch.Objects {
			if len(o.Funcs) > 0 {
				t.Errorf("%s: %d funcs of %s", file, len(o.Funcs), o.Name)
			}
		}
	}
}

// Nobody exports a symbol without a name.
func TestNamelessUndefined(t *testing.T) {
	f := fixture(t, "static/one-func.ko")
	f.AddSym(elfmut.Sym{Bind: elf.STB_GLOBAL})
	f.AddSym(elfmut.Sym{Bind: elf.STB_WEAK})
	if m := must(t, f, Options{}); len(m.OddSymbols) != 1 || m.OddSymbols[0].Shndx != 0 {
		t.Errorf("odd symbols %+v", m.OddSymbols)
	}
}

// What newer kernels look at in the string table of the symbols.
func TestStringTable(t *testing.T) {
	for want, edit := range map[string]func(f *elfmut.File){
		"":                                    func(*elfmut.File) {},
		"it does not begin with a NUL":        func(f *elfmut.File) { f.Section(".strtab").Data[0] = 'x' },
		"it does not end with a NUL":          func(f *elfmut.File) { s := f.Section(".strtab"); s.Data = append(s.Data, 'x') },
		"the name of symbol 3 lies beyond it": func(f *elfmut.File) { binary.LittleEndian.PutUint32(f.Section(".symtab").Data[3*24:], 1<<16) },
	} {
		f := fixture(t, "static/one-func.ko")
		edit(f)
		if got := must(t, f, Options{}).Symtab.Strings; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The null symbol is worth 0: what refers to it is a number, or nothing.
func TestNullSymbol(t *testing.T) {
	for addend, want := range map[int64]string{0: "null", 64: "a number"} {
		f := fixture(t, "static/one-func.ko")
		at := must(t, f, Options{}).Patch.Objects[0].Funcs[0].At
		f.EditRelas(".rela"+at.Section, func(rs []elfmut.Rela) []elfmut.Rela {
			for i := range rs {
				if rs[i].Offset == at.Offset+8 { // new_func
					rs[i].Sym, rs[i].Addend = 0, addend
				}
			}
			return rs
		})
		code := must(t, f, Options{}).Patch.Objects[0].Funcs[0].New
		got := "code"
		switch {
		case code.Null:
			got = "null"
		case code.Import && code.Nameless:
			got = "a number"
		}
		if got != want {
			t.Errorf("addend %d: %s, want %s: %+v", addend, got, want, code)
		}
	}
}

// A list of addresses that distances fill is none (x86_64: R_X86_64_64 alone).
func TestAddressTables(t *testing.T) {
	f := fixture(t, "static/one-func.ko")
	f.Section(".orc_unwind_ip").Name = "__param"
	if m := must(t, f, Options{}); m.Relas.OddCount == 0 {
		t.Error("a list of distances passes for parameters")
	}
}

// The kernel looks for the funcs of an object of the livepatch's own name in itself.
func TestObjectIsTheLivepatch(t *testing.T) {
	f := fixture(t, "static/callbacks.ko")
	copy(f.Section(".gnu.linkonce.this_module").Data[24:], "ext4\x00")
	found := false
	m := must(t, f, Options{})
	for _, o := range m.Patch.Objects {
		for _, fn := range o.Funcs {
			found = found || o.Name == "ext4"
			if fn.InItself {
				t.Errorf("%s is said to be in the module", fn.Name)
			}
		}
	}
	if !found {
		t.Fatal("no func of ext4")
	}
	f.AddSym(elfmut.Sym{Name: "ext4_freeze", Type: elf.STT_FUNC, Shndx: elf.SectionIndex(f.Index(".text"))})
	m = must(t, f, Options{})
	for _, o := range m.Patch.Objects {
		for _, fn := range o.Funcs {
			if fn.InItself != (o.Name == "ext4" && fn.Name == "ext4_freeze") {
				t.Errorf("%s of %s: in itself %t", fn.Name, o.Name, fn.InItself)
			}
		}
	}
}
