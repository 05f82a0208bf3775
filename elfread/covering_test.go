package elfread

import (
	"debug/elf"
	"fmt"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
)

// TestMiddleOfFunctions: a new function that points into the middle of one is
// named after it, the nearest where functions overlap, and not at all where none
// is. A few such look-ups pass over the symbols, many sort them: the answers are
// the same.
func TestMiddleOfFunctions(t *testing.T) {
	const funcs, size = 80, 32
	s := x86()
	s.objects = []object{{}}
	for i := range funcs {
		s.objects[0].funcs = append(s.objects[0].funcs, fmt.Sprintf("old_%d", i))
	}
	f := s.build()
	text := f.Section(".text")
	text.Data = make([]byte, funcs*size)
	index := elf.SectionIndex(f.Index(".text"))
	f.EditSym("new_func", func(y *elfmut.Sym) { y.Value, y.Size = 0, 16*size }) // around the first ones
	f.AddSym(elfmut.Sym{Name: "outer", Bind: elf.STB_GLOBAL, Type: elf.STT_FUNC, Shndx: index, Value: 64 * size, Size: 16 * size})
	want := make([]string, funcs)
	for i := range funcs {
		switch {
		case i%4 != 0:
			want[i] = fmt.Sprintf("new_%d", i)
			f.AddSym(elfmut.Sym{Name: want[i], Bind: elf.STB_GLOBAL, Type: elf.STT_FUNC, Shndx: index, Value: uint64(i * size), Size: size * 3 / 4})
		case i < 16:
			want[i] = "new_func"
		case i >= 64:
			want[i] = "outer"
		}
		// A label and a variable name no code, however near they are.
		f.AddSym(elfmut.Sym{Name: ".L1", Shndx: index, Value: uint64(i*size + 8)})
		f.AddSym(elfmut.Sym{Name: "data_in_code", Type: elf.STT_OBJECT, Shndx: index, Value: uint64(i*size + 9), Size: 4})
	}
	n := 0
	f.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela {
		for i := range rs {
			if rs[i].Sym == 1 { // the section symbol of .text
				rs[i].Addend = int64(n*size + 10)
				n++
			}
		}
		return rs
	})
	m := must(t, f, Options{})
	got := m.Patch.Objects[0].Funcs
	if len(got) != funcs || n != funcs {
		t.Fatalf("%d funcs, %d pointers", len(got), n)
	}
	for i, fn := range got {
		c := fn.New
		if c.Symbol != want[i] || c.Start || !c.Symbols || !c.Exec || c.At.Offset != uint64(i*size+10) || c.At.Symbol != want[i] {
			t.Errorf("func %d: %+v, want %s", i, c, want[i])
		}
		size := uint64(size * 3 / 4)
		switch want[i] {
		case "":
			size = 0
		case "new_func", "outer":
			size = 512
		}
		if c.Size != size {
			t.Errorf("func %d: size %d, want %d", i, c.Size, size)
		}
	}
}

// TestFunctionNames: which of the symbols at one place names a new function.
func TestFunctionNames(t *testing.T) {
	const at = 128
	for _, tc := range []struct {
		name   string
		syms   []elfmut.Sym
		direct string // the relocation is against this symbol, not the section's
		want   string
		start  bool
		size   uint64
	}{
		{name: "a function", syms: []elfmut.Sym{{Name: "f", Type: elf.STT_FUNC, Value: at, Size: 8}}, want: "f", start: true, size: 8},
		{name: "aliases", syms: []elfmut.Sym{{Name: "f", Type: elf.STT_FUNC, Value: at, Size: 8}, {Name: "g", Type: elf.STT_FUNC, Value: at, Size: 8}}, want: "f", start: true, size: 8},
		{name: "the alias that is meant", syms: []elfmut.Sym{{Name: "f", Type: elf.STT_FUNC, Value: at, Size: 8}, {Name: "g", Type: elf.STT_FUNC, Value: at, Size: 8}}, direct: "g", want: "g", start: true, size: 8},
		{name: "one with a size", syms: []elfmut.Sym{{Name: "f", Type: elf.STT_FUNC, Value: at}, {Name: "g", Type: elf.STT_FUNC, Value: at, Size: 8}}, want: "g", start: true, size: 8},
		{name: "assembler code without a type", syms: []elfmut.Sym{{Name: "f", Value: at}}, want: "f", start: true},
		{name: "a local label is no name", syms: []elfmut.Sym{{Name: ".L7", Value: at}, {Name: "$x", Value: at}}, want: ""},
		{name: "a variable is no function", syms: []elfmut.Sym{{Name: "v", Type: elf.STT_OBJECT, Value: at, Size: 8}}, want: ""},
		{name: "directly, to a place behind its symbol", syms: []elfmut.Sym{{Name: "f", Type: elf.STT_FUNC, Value: at - 8, Size: 32}}, direct: "f", want: "f", size: 32},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := x86()
			s.objects = s.objects[:1]
			f := s.build()
			index := elf.SectionIndex(f.Index(".text"))
			for _, y := range tc.syms {
				y.Shndx, y.Bind = index, elf.STB_GLOBAL
				f.AddSym(y)
			}
			f.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela {
				for i := range rs {
					if rs[i].Sym != 1 {
						continue
					}
					if rs[i].Addend = at; tc.direct != "" {
						rs[i].Sym = uint32(f.SymIndex(tc.direct))
						rs[i].Addend -= int64(f.Syms()[rs[i].Sym].Value)
					}
				}
				return rs
			})
			c := must(t, f, Options{}).Patch.Objects[0].Funcs[0].New
			if c.Symbol != tc.want || c.Start != tc.start || c.Size != tc.size || c.At.Offset != at || c.Import || c.Null {
				t.Errorf("%+v, want %q", c, tc.want)
			}
		})
	}
}

// TestImportedFunction: a new function that another module has is no code of this one.
func TestImportedFunction(t *testing.T) {
	s := x86()
	s.objects = s.objects[:1]
	f := s.build()
	relocate(f, ".data", elfmut.Rela{Offset: 576 + 8, Sym: elsewhere(f), Type: abs64})
	at := must(t, f, Options{}).Patch.Objects[0].Funcs[0]
	if c := at.New; !c.Import || c.Symbol != "elsewhere" || c.Null || c.At.Section != "" || c.Exec {
		t.Errorf("%+v of func at %+v", c, at.At)
	}
}

// TestCoveringWithLabels: a function around a place is found by the first look-ups,
// which search all symbols, and by the later ones alike, however many labels lie
// between.
func TestCoveringWithLabels(t *testing.T) {
	const funcs = 40
	s := x86()
	s.objects = []object{{}}
	for i := range funcs {
		s.objects[0].funcs = append(s.objects[0].funcs, fmt.Sprintf("f%d", i))
	}
	f := s.build()
	f.Section(".text").Data = make([]byte, 4096)
	index := elf.SectionIndex(f.Index(".text"))
	f.EditSym("new_func", func(y *elfmut.Sym) { y.Value, y.Size = 0, 4096 })
	f.EditSyms(func(syms []elfmut.Sym) []elfmut.Sym {
		for i := range 100 { // mapping symbols, as on arm64
			syms = append(syms, elfmut.Sym{Name: "$x", Shndx: index, Value: uint64(8 + 8*i)})
		}
		return syms
	})
	f.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela {
		for i := range rs {
			if rs[i].Sym == 1 {
				rs[i].Addend = 2000 // all of them into one function
			}
		}
		return rs
	})
	for i, fn := range must(t, f, Options{}).Patch.Objects[0].Funcs {
		if fn.New.Symbol != "new_func" {
			t.Fatalf("func %d: %q, the ones before it new_func", i, fn.New.Symbol)
		}
	}
}
