package elfread

import (
	"debug/elf"
	"fmt"
	"strings"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
)

// The number of symbols and the bytes of .data of enabling(), behind which the
// excess begins.
const (
	symsOfX86 = 12
	dataOfX86 = 2024
)

// many adds n symbols like y.
func many(f *elfmut.File, n int, y elfmut.Sym) {
	f.EditSyms(func(syms []elfmut.Sym) []elfmut.Sym {
		for range n {
			syms = append(syms, y)
		}
		return syms
	})
}

// TestLimits: counts beyond what any patch has are refused where they pass the
// limit, not cut short. One less is read, where that is cheap to show.
func TestLimits(t *testing.T) {
	refusals(t, enabling, []refusal{
		{name: "symbols", edit: func(f *elfmut.File) {
			many(f, maxSymbols, elfmut.Sym{Name: "x", Type: elf.STT_OBJECT, Shndx: elf.SectionIndex(f.Index(".data"))})
		}, section: ".symtab", err: "symbols, the limit is 262144"},
		{name: "imports", edit: func(f *elfmut.File) {
			many(f, maxImports, elfmut.Sym{Name: "x", Bind: elf.STB_GLOBAL})
		}, section: ".symtab", offset: (symsOfX86 + maxImports - 1) * 24, err: "more than 65536 undefined symbols"},
		{name: "livepatch symbols", edit: func(f *elfmut.File) {
			many(f, maxKlpSyms+1, elfmut.Sym{Name: ".klp.sym.vmlinux.f,0", Bind: elf.STB_GLOBAL, Shndx: klp.SHNLivepatch})
		}, section: ".symtab", offset: (symsOfX86 + maxKlpSyms) * 24, err: "more than 32768 livepatch symbols"},
		{name: "modinfo", edit: func(f *elfmut.File) {
			f.SetModinfo("description", strings.Repeat("x", 1<<20))
		}, section: ".modinfo", err: "the limit is 1048576"},
		{name: "relocations of one section", edit: func(f *elfmut.File) {
			f.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela { return append(rs, make([]elfmut.Rela, maxRelocs)...) })
		}, section: ".rela.data", err: "more than 262144 relocations"},
		{name: "states", edit: func(f *elfmut.File) {
			data := f.Section(".data")
			at := len(data.Data)
			states := make([]byte, (maxStates+1)*24)
			for i := 0; i < len(states); i += 24 {
				states[i] = 1
			}
			data.Data = append(data.Data, states...)
			relocate(f, ".data", elfmut.Rela{Offset: atPatch + 16, Sym: symData, Type: abs64, Addend: int64(at)})
		}, section: ".data", offset: dataOfX86 + maxStates*24, err: "more than 16384 states"},
		{name: "replace sets", edit: func(f *elfmut.File) {
			data := f.Section(".data")
			at := len(data.Data)
			for range maxSets + 1 {
				data.Data = append(data.Data, 1, 0, 0, 0)
			}
			relocate(f, ".data", elfmut.Rela{Offset: atPatch + 24, Sym: symData, Type: abs64, Addend: int64(at)})
		}, section: ".data", offset: dataOfX86 + maxSets*4, err: "list of more than 1024 replace sets"},
	})
}

// kpatchTable makes the tables of kpatch/one-func.ko hold n funcs of as many
// objects.
func kpatchTable(f *elfmut.File, n, objects int) {
	strs := f.Section(".kpatch.strings")
	names := make([]int64, objects)
	for i := range names {
		names[i] = int64(len(strs.Data))
		strs.Data = append(strs.Data, fmt.Sprintf("module_%d\x00", i)...)
	}
	f.Section(kpatchFuncs).Data = make([]byte, n*kpatchFuncSize)
	sym, code := uint32(f.SectionSym(".kpatch.strings")), uint32(f.SymIndex("klp_cmdline_proc_show"))
	relas := make([]elfmut.Rela, 0, 3*n)
	for i := range n {
		at := uint64(i) * kpatchFuncSize
		relas = append(relas,
			elfmut.Rela{Offset: at, Sym: code, Type: abs64},
			elfmut.Rela{Offset: at + 40, Sym: sym, Type: abs64},
			elfmut.Rela{Offset: at + 48, Sym: sym, Type: abs64, Addend: names[i%objects]})
	}
	f.SetRelas(".rela"+kpatchFuncs, relas)
}

// TestKpatchLimits: the same for tables of kpatch-build.
func TestKpatchLimits(t *testing.T) {
	base := func() *elfmut.File { return fixture(t, "kpatch/one-func.ko") }
	refusals(t, base, []refusal{
		{name: "funcs", edit: func(f *elfmut.File) { kpatchTable(f, maxFuncs+1, 1) }, section: kpatchFuncs, offset: maxFuncs * kpatchFuncSize, err: "more than 32768 funcs"},
		{name: "objects", edit: func(f *elfmut.File) { kpatchTable(f, maxObjects+1, maxObjects+1) }, section: kpatchFuncs, offset: maxObjects*kpatchFuncSize + 48, err: "more than 4096 objects"},
		{name: "callbacks", edit: func(f *elfmut.File) {
			f.Section(kpatchPre).Data = make([]byte, 16*(maxCallbacks+1))
			f.AddRelas(".rela"+kpatchPre, kpatchPre, 0, make([]elfmut.Rela, maxCallbacks+1))
		}, section: kpatchPre, err: "more than 8192 relocations for callbacks"},
		{name: "callbacks far apart", edit: func(f *elfmut.File) {
			f.Section(kpatchPre).Data = make([]byte, 16*(maxCallbacks+3))
			f.AddRelas(".rela"+kpatchPre, kpatchPre, 0, []elfmut.Rela{{Offset: 16 * (maxCallbacks + 2)}})
		}, section: kpatchPre, offset: 16 * (maxCallbacks + 1), err: "more than 8192 callbacks"},
		{name: "forced functions", edit: func(f *elfmut.File) {
			f.Section(".kpatch.force").Data = make([]byte, 8)
			f.AddRelas(".rela.kpatch.force", ".kpatch.force", 0, func() []elfmut.Rela {
				rs := make([]elfmut.Rela, maxFuncs+1)
				for i := range rs {
					rs[i] = elfmut.Rela{Sym: 1, Type: abs64}
				}
				return rs
			}())
		}, section: ".kpatch.force", err: "more than 32768 entries"},
	})
	f := base()
	kpatchTable(f, maxObjects, maxObjects)
	m := must(t, f, Options{})
	if n := len(m.Patch.Objects); n != maxObjects || m.Patch.Objects[n-1].Name != fmt.Sprintf("module_%d", maxObjects-1) {
		t.Errorf("%d objects", n)
	}
}

// TestKlpBuildLimits: the same for tables of klp-build, which count in numbers.
func TestKlpBuildLimits(t *testing.T) {
	refusals(t, func() *elfmut.File { return fixture(t, "klp-build/one-func.ko") }, []refusal{
		{name: "objects", edit: func(f *elfmut.File) {
			f.Section(klpObjects).Data = make([]byte, (maxObjects+1)*objectExtSize)
		}, section: klpObjects, err: "more than 4096 objects"},
		{name: "funcs of one object", edit: func(f *elfmut.File) {
			f.Section(klpObjects).Data[extNrFuncs+2] = 1
		}, section: klpObjects, err: "65537 funcs, the limit is 32768"},
	})
}

// TestManyObjects: static tables have no count; the array of objects is followed
// to its end, or to the limit.
func TestManyObjects(t *testing.T) {
	s := x86()
	s.objects = make([]object, 0, maxObjects+1)
	for range maxObjects - 1 {
		s.objects = append(s.objects, object{name: "m", funcs: []string{"f", "g"}})
	}
	s.symbols = false
	m := must(t, s.build(), Options{})
	if n := len(m.Patch.Objects); n != maxObjects-1 || len(m.Patch.Objects[n-1].Funcs) != 2 {
		t.Errorf("%d objects", n)
	}
	s.objects = append(s.objects, s.objects[:2]...)
	refusals(t, s.build, []refusal{
		{name: "too many", edit: func(*elfmut.File) {}, section: ".data", offset: atObjects + maxObjects*168, err: "more than 4096 objects"},
	})
}

// TestMostStates: as many states as the limit allows, and their terminator, are
// no state too many.
func TestMostStates(t *testing.T) {
	s := x86()
	s.states = make([]uint64, maxStates)
	for i := range s.states {
		s.states[i] = uint64(i + 1)
	}
	if m, err := read(s.build().Bytes(), Options{}); err != nil || len(m.Patch.States) != maxStates {
		t.Errorf("%d states: %v", maxStates, err)
	}
}
