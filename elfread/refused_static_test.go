package elfread

import (
	"debug/elf"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
)

// Places in the .data of x86(): the patch, its two objects, and their arrays
// of funcs.
const (
	atPatch   = 0
	atObjects = 224
	atFuncs   = 736  // of vmlinux: one
	atFuncs2  = 1056 // of ext4: two and three
	symData   = 3    // the section symbol of .data
	abs64     = uint32(elf.R_X86_64_64)
)

// enabling is x86() with init code that passes the patch, so that no wrong
// pointer makes another place of it.
func enabling() *elfmut.File {
	s := x86()
	s.init = true
	return s.build()
}

// abroad makes an edit that points the 8 bytes at an offset of .data to an
// undefined symbol.
func abroad(at uint64) func(*elfmut.File) {
	return func(f *elfmut.File) {
		relocate(f, ".data", elfmut.Rela{Offset: at, Sym: elsewhere(f), Type: abs64})
	}
}

// TestRefusedTables: pointers and numbers of static tables that cannot be what
// they stand for.
func TestRefusedTables(t *testing.T) {
	cut := func(at int) func(*elfmut.File) {
		return func(f *elfmut.File) { f.Section(".data").Data = f.Section(".data").Data[:at] }
	}
	refusals(t, enabling, []refusal{
		{name: "mod of another module", edit: abroad(atPatch), section: ".data", offset: atPatch, err: "does not start with a pointer to __this_module"},
		{name: "mod that is other data", edit: func(f *elfmut.File) {
			relocate(f, ".data", elfmut.Rela{Offset: atPatch, Sym: symData, Type: abs64})
		}, section: ".data", offset: atPatch, err: "does not start with a pointer to __this_module"},
		{name: "mod within struct module", edit: func(f *elfmut.File) {
			f.EditSym("__this_module", func(y *elfmut.Sym) { y.Value = 8 })
		}, section: ".data", offset: atPatch, err: "does not start with a pointer to __this_module"},
		{name: "objects of another module", edit: abroad(atPatch + 8), section: ".data", offset: atPatch + 8, err: `klp_patch.objs points to symbol "elsewhere" of another module`},
		{name: "states of another module", edit: abroad(atPatch + 16), section: ".data", offset: atPatch + 16, err: `klp_patch.states points to symbol "elsewhere" of another module`},
		{name: "funcs of another module", edit: abroad(atObjects + 8), section: ".data", offset: atObjects + 8, err: `klp_object.funcs points to symbol "elsewhere" of another module`},
		{name: "name of another module", edit: abroad(atFuncs), section: ".data", offset: atFuncs, err: `name points to symbol "elsewhere" of another module`},
		{name: "two relocations for one pointer", edit: func(f *elfmut.File) {
			f.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela {
				return append(rs, elfmut.Rela{Offset: atPatch + 8, Sym: symData, Type: abs64})
			})
		}, section: ".data", offset: atPatch + 8, err: "two relocations for one pointer"},
		{name: "pointer without a relocation", edit: func(f *elfmut.File) { f.Section(".data").Data[atPatch+17] = 0x20 }, section: ".data", offset: atPatch + 16, err: "pointer 0x2000 without a relocation"},
		{name: "pointer to an absolute symbol", edit: func(f *elfmut.File) {
			abs := f.AddSym(elfmut.Sym{Name: "fixed", Bind: elf.STB_GLOBAL, Shndx: elf.SHN_ABS})
			relocate(f, ".data", elfmut.Rela{Offset: atPatch + 8, Sym: uint32(abs), Type: abs64})
		}, section: ".data", offset: atPatch + 8, err: "relocation refers to fixed+0x0, which is in no section (index 0xfff1)"},
		{name: "relocated sympos", edit: func(f *elfmut.File) {
			relocate(f, ".data", elfmut.Rela{Offset: atFuncs + 20, Sym: symData, Type: uint32(elf.R_X86_64_32)})
		}, section: ".data", offset: atFuncs + 16, err: "relocation of type 10 where a number is expected"},
		{name: "relocated state", edit: func(f *elfmut.File) {
			relocate(f, ".data", elfmut.Rela{Offset: atPatch + 16, Sym: symData, Type: abs64, Addend: atFuncs})
		}, section: ".data", offset: atFuncs, err: "states: relocation of type 1 where a number is expected"},
		{name: "name at the end of its section", edit: func(f *elfmut.File) {
			relocate(f, ".data", elfmut.Rela{Offset: atFuncs, Sym: 2, Type: abs64, Addend: int64(len(f.Section(".rodata.str1.8").Data))})
		}, section: ".rodata.str1.8", offset: 19, err: "name starts at the end of the section"},
		{name: "pointer one byte behind a section", edit: func(f *elfmut.File) {
			relocate(f, ".data", elfmut.Rela{Offset: atFuncs, Sym: 2, Type: abs64, Addend: 20})
		}, section: ".data", offset: atFuncs, err: "past the end of the section (0x13 bytes)"},
		{name: "patch at the end of its section", edit: cut(32), section: ".data", offset: atPatch, err: "struct klp_patch extends past the end of its section"},
		{name: "objects behind the end", edit: cut(atObjects + 8), section: ".data", offset: atObjects + 8, err: "pointer extends past the end of the section"},
		{name: "array of funcs without an end", edit: cut(atFuncs2 + 2*152), section: ".data", offset: atFuncs, err: "size of struct klp_func unknown: builtin (152 bytes): not terminated before the end of section .data"},
		{name: "patch that is not loaded", edit: func(f *elfmut.File) { f.Section(".data").Flags = 0 }, section: ".data", offset: atPatch, err: "klp_enable_patch() is passed an address in a section that is not loaded"},
		{name: "list of sets of another module", edit: abroad(atPatch + 24), o: Options{ReplaceField: klp.KindSets}, section: ".data", offset: atPatch + 24, err: `replace_sets points to symbol "elsewhere" of another module`},
		{name: "list of sets that holds a pointer", edit: func(f *elfmut.File) {
			relocate(f, ".data", elfmut.Rela{Offset: atPatch + 24, Sym: symData, Type: abs64, Addend: atPatch})
		}, section: ".data", offset: atPatch, err: "list of replace sets: relocation of type 1 where a number is expected"},
		{name: "list beside a set, of another module", edit: func(f *elfmut.File) {
			f.Section(".data").Data[atPatch+24] = 2
			abroad(atPatch + 32)(f)
		}, section: ".data", offset: atPatch + 32, err: `supersedes points to symbol "elsewhere" of another module`},
		{name: "list beside a set that holds a pointer", edit: func(f *elfmut.File) {
			f.Section(".data").Data[atPatch+24] = 2
			relocate(f, ".data", elfmut.Rela{Offset: atPatch + 32, Sym: symData, Type: abs64, Addend: atPatch})
		}, section: ".data", offset: atPatch, err: "supersedes: list of replace sets: relocation of type 1"},
		{name: "neither a bool nor a number nor a pointer", edit: func(f *elfmut.File) {
			f.Section(".data").Data[atPatch+31] = 1
		}, section: ".data", offset: atPatch + 24, err: "replace: bytes 00 00 00 00 00 00 00 01 are neither"},
		{name: "a number where a list was promised", edit: func(f *elfmut.File) {
			f.Section(".data").Data[atPatch+24] = 2
		}, o: Options{ReplaceField: klp.KindSets}, err: "replace field is a sets according to option, but its value is 2"},
	})
}
