package elfread

import (
	"debug/elf"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/klplint/klplint/fixtures"
	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// TestOrderOfRelocations: linkers sort relocations by offset, but need not, and
// may spread those of one section over several.
func TestOrderOfRelocations(t *testing.T) {
	reversed := x86().build()
	reversed.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela { slices.Reverse(rs); return rs })
	spread := x86().build()
	rs := spread.Relas(".rela.data")
	spread.SetRelas(".rela.data", rs[6:])
	spread.AddRelas(".rela.data.more", ".data", 0, rs[:6])
	padded := x86().build()
	padded.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela {
		for _, r := range rs {
			rs = append(rs, elfmut.Rela{Offset: r.Offset}) // R_X86_64_NONE at every place too
		}
		return rs
	})
	for name, f := range map[string]*elfmut.File{"reversed": reversed, "spread": spread, "with R_X86_64_NONE": padded} {
		if got := tables(must(t, f, Options{})); got != usual {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestLaterRelocations: the loader does not apply .klp.rela sections before init
// runs, so that what they would write is not in the tables.
func TestLaterRelocations(t *testing.T) {
	f := x86().build()
	sym := f.AddSym(elfmut.Sym{Name: ".klp.sym.vmlinux.f,0", Bind: elf.STB_GLOBAL, Shndx: klp.SHNLivepatch})
	f.AddRelas(".klp.rela.vmlinux..data", ".data", elf.SHF_ALLOC|klp.SHFRelaLivepatch,
		[]elfmut.Rela{{Offset: atFuncs + 8, Sym: uint32(sym), Type: abs64}})
	m := must(t, f, Options{})
	if got := tables(m); got != usual {
		t.Errorf("%s, want %s", got, usual)
	}
	if len(m.KlpRelas) != 1 || m.KlpRelas[0].Entries != 1 || len(m.KlpRelas[0].Symbols) != 1 || m.KlpRelas[0].ForeignCount != 0 {
		t.Errorf("%+v", m.KlpRelas)
	}
}

// klpSection adds a livepatch relocation section for .text, whose bytes are zero.
func klpSection(f *elfmut.File, relas ...elfmut.Rela) {
	f.AddRelas(".klp.rela.vmlinux..text", ".text", elf.SHF_ALLOC|klp.SHFRelaLivepatch, relas)
}

// TestForeign: every relocation against a symbol that the livepatch core does
// not resolve is counted, and the first ones are listed.
func TestForeign(t *testing.T) {
	f := x86().build()
	good := uint32(f.AddSym(elfmut.Sym{Name: ".klp.sym.vmlinux.f,0", Bind: elf.STB_GLOBAL, Shndx: klp.SHNLivepatch}))
	undefined := elsewhere(f)
	relas := []elfmut.Rela{{Offset: 0, Sym: good, Type: abs64}}
	for i := range uint64(100) {
		relas = append(relas, elfmut.Rela{Offset: 8 + i%10*8, Sym: undefined, Type: abs64})
	}
	relas = append(relas, elfmut.Rela{Offset: 0, Sym: 4, Type: abs64}) // new_func, a symbol of the module
	klpSection(f, relas...)
	m := must(t, f, Options{})
	k := m.KlpRelas[0]
	if k.Entries != 102 || k.ForeignCount != 101 || len(k.Foreign) != maxListed || m.Symtab.Damaged != "" {
		t.Fatalf("%d entries, %d foreign, %d listed, %q", k.Entries, k.ForeignCount, len(k.Foreign), m.Symtab.Damaged)
	}
	if x := k.Foreign[0]; x.Symbol != "elsewhere" || x.Shndx != 0 || x.At.Section != k.Section || x.At.Offset != 24 {
		t.Errorf("%+v", x)
	}

	f = x86().build()
	klpSection(f, elfmut.Rela{Sym: 4, Type: abs64})
	if x := must(t, f, Options{}).KlpRelas[0].Foreign; len(x) != 1 || x[0].Symbol != "new_func" || x[0].Shndx == 0 || x[0].Shndx == klp.SHNLivepatch {
		t.Errorf("a symbol of the module itself: %+v", x)
	}
}

// TestDamagedSymbols: a relocation that names a symbol behind the table shows
// that a tool dropped symbols.
func TestDamagedSymbols(t *testing.T) {
	f := x86().build()
	n := len(f.Syms())
	klpSection(f, elfmut.Rela{Sym: uint32(n), Type: abs64}, elfmut.Rela{Offset: 8, Sym: uint32(n + 7), Type: abs64})
	m := must(t, f, Options{})
	want := fmt.Sprintf("relocation 0 of .klp.rela.vmlinux..text refers to symbol %d, the table has %d symbols", n, n)
	if m.Symtab.Damaged != want || m.KlpRelas[0].ForeignCount != 2 {
		t.Errorf("%q, want %q; %+v", m.Symtab.Damaged, want, m.KlpRelas[0])
	}
}

// TestFilledTargets: x86's apply_relocate_add() refuses targets that are not
// zero, of the width that the relocation has.
func TestFilledTargets(t *testing.T) {
	f := x86().build()
	sym := uint32(f.AddSym(elfmut.Sym{Name: ".klp.sym.vmlinux.f,0", Bind: elf.STB_GLOBAL, Shndx: klp.SHNLivepatch}))
	text := f.Section(".text").Data
	text[3], text[12], text[31] = 0x12, 0x34, 0x56
	pc32 := uint32(elf.R_X86_64_PC32)
	relas := []elfmut.Rela{
		{Offset: 0, Sym: sym, Type: pc32},   // its highest byte
		{Offset: 8, Sym: sym, Type: pc32},   // the byte behind it is not its own
		{Offset: 24, Sym: sym, Type: abs64}, // the highest of eight
		{Offset: 12, Sym: sym, Type: uint32(elf.R_X86_64_GOTPCREL)},
	}
	klpSection(f, relas...)
	k := must(t, f, Options{}).KlpRelas[0]
	want := []klp.NonZero{
		{At: klp.Location{Section: ".text", Offset: 0}, Type: pc32, Value: 0x12000000},
		{At: klp.Location{Section: ".text", Offset: 24}, Type: abs64, Value: 0x56 << 56},
	}
	if k.NonZeroCount != len(want) || len(k.NonZero) != len(want) {
		t.Fatalf("%d, %+v", k.NonZeroCount, k.NonZero)
	}
	for i, n := range k.NonZero {
		if w := want[i]; n.Type != w.Type || n.Value != w.Value || n.At.Section != w.At.Section || n.At.Offset != w.At.Offset {
			t.Errorf("%+v, want %+v", n, w)
		}
	}

	for range 3 {
		relas = append(relas, relas...)
	}
	f.SetRelas(".klp.rela.vmlinux..text", relas)
	if k = must(t, f, Options{}).KlpRelas[0]; k.NonZeroCount != 16 || len(k.NonZero) != maxNonZero {
		t.Errorf("%d, %d listed", k.NonZeroCount, len(k.NonZero))
	}
}

// TestFilledByRelocation: what an ordinary relocation writes is there before a
// livepatch relocation, whichever of the bytes they share.
func TestFilledByRelocation(t *testing.T) {
	f := x86().build()
	sym := uint32(f.AddSym(elfmut.Sym{Name: ".klp.sym.vmlinux.f,0", Bind: elf.STB_GLOBAL, Shndx: klp.SHNLivepatch}))
	pc32 := uint32(elf.R_X86_64_PC32)
	f.AddRelas(".rela.text", ".text", 0, []elfmut.Rela{
		{Offset: 16, Sym: 1, Type: abs64}, {Offset: 32, Sym: 1, Type: pc32}, {Offset: 42, Sym: 1, Type: uint32(elf.R_X86_64_NONE)},
	})
	var got []uint64
	var relas []elfmut.Rela
	for _, off := range []uint64{0, 12, 13, 16, 20, 24, 28, 29, 32, 35, 36, 40} {
		relas = append(relas, elfmut.Rela{Offset: off, Sym: sym, Type: pc32})
	}
	klpSection(f, relas...)
	for _, n := range must(t, f, Options{}).KlpRelas[0].NonZero {
		if !n.Relocated || n.Value != 0 {
			t.Errorf("%+v", n)
		}
		got = append(got, n.At.Offset)
	}
	if want := []uint64{13, 16, 20, 29, 32, 35}; !slices.Equal(got, want) {
		t.Errorf("filled: %d, want %d", got, want)
	}
}

// TestRefusedKlpRelas: livepatch relocations that lead out of their section.
func TestRefusedKlpRelas(t *testing.T) {
	const section = ".klp.rela.vmlinux..text"
	klpSymbol := func(f *elfmut.File, name string) uint32 {
		return uint32(f.AddSym(elfmut.Sym{Name: name, Bind: elf.STB_GLOBAL, Shndx: klp.SHNLivepatch}))
	}
	refusals(t, func() *elfmut.File { return x86().build() }, []refusal{
		{name: "four bytes of eight", edit: func(f *elfmut.File) {
			klpSection(f, elfmut.Rela{Offset: 252, Sym: klpSymbol(f, ".klp.sym.vmlinux.f,0"), Type: abs64})
		}, section: section, err: "relocation at 0xfc, past the end of .text"},
		{name: "far behind", edit: func(f *elfmut.File) {
			klpSection(f, elfmut.Rela{Offset: ^uint64(0) - 3, Sym: klpSymbol(f, ".klp.sym.vmlinux.f,0"), Type: abs64})
		}, section: section, err: "past the end of .text"},
	})
	f := x86().build()
	klpSection(f, elfmut.Rela{Offset: 252, Sym: klpSymbol(f, ".klp.sym.vmlinux.f,0"), Type: uint32(elf.R_X86_64_PC32)})
	if k := must(t, f, Options{}).KlpRelas[0]; k.NonZeroCount != 0 || k.Entries != 1 {
		t.Errorf("the last four bytes of a section: %+v", k)
	}
	// The kernel counts whole entries.
	f.Section(section).Data = append(f.Section(section).Data, make([]byte, 6)...)
	if k := must(t, f, Options{}).KlpRelas[0]; k.Entries != 1 {
		t.Errorf("with six bytes behind the last entry: %+v", k)
	}
}

// TestLeftovers: entries of __klp_relocs against what klp post-link made of them.
func TestLeftovers(t *testing.T) {
	const section = "__klp_relocs"
	with := func(entries ...elfmut.Rela) *elfmut.File {
		f := x86().build()
		sym := f.AddSym(elfmut.Sym{Name: ".klp.sym.vmlinux.f,0", Bind: elf.STB_GLOBAL, Shndx: klp.SHNLivepatch})
		klpSection(f, elfmut.Rela{Offset: 16, Sym: uint32(sym), Type: abs64}, elfmut.Rela{Offset: 8, Sym: uint32(sym), Type: abs64})
		f.Add(&elfmut.Section{Name: section, Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Data: make([]byte, len(entries)*relocSize), Align: 8})
		for i := range entries {
			entries[i].Offset, entries[i].Type = uint64(i)*relocSize, abs64
			if entries[i].Sym == 0 {
				entries[i].Type = none
			}
		}
		f.AddRelas(".rela"+section, section, 0, entries)
		return f
	}
	const symText = 1
	f := with(elfmut.Rela{Sym: symText, Addend: 8}, elfmut.Rela{Sym: symText, Addend: 16}, elfmut.Rela{Sym: symText, Addend: 24}, elfmut.Rela{}, elfmut.Rela{Sym: symData, Addend: 8})
	m := must(t, f, Options{})
	var got []string
	for _, l := range m.Leftovers {
		got = append(got, fmt.Sprintf("%s+%d%s", l.At.Section, l.At.Offset, strings.TrimPrefix(l.What, "__klp_relocs entry without its .klp.rela counterpart")))
	}
	want := []string{"__klp_relocs+48 (for .text+0x18)", "__klp_relocs+72", "__klp_relocs+96 (for .data+0x8)"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}

	if m = must(t, with(make([]elfmut.Rela, 2*maxListed)...), Options{}); len(m.Leftovers) != maxListed {
		t.Errorf("%d leftovers are listed", len(m.Leftovers))
	}
	f = with(elfmut.Rela{Sym: symText, Addend: 24})
	without(f, section)
	f.SetRelas(".rela"+section, nil)
	if m = must(t, f, Options{}); len(m.Leftovers) != 0 {
		t.Errorf("a section without bytes: %+v", m.Leftovers)
	}
	refusals(t, func() *elfmut.File { return with(elfmut.Rela{Sym: symText, Addend: 8}) }, []refusal{
		{name: "odd size", edit: func(f *elfmut.File) { f.Section(section).Data = make([]byte, 25) }, section: section, err: "size 25 is not a multiple of 24, the size of an entry"},
		{name: "number in place of a pointer", edit: func(f *elfmut.File) {
			f.SetRelas(".rela"+section, nil)
			f.Section(section).Data[0] = 1
		}, section: section, err: "pointer 0x1 without a relocation"},
	})
}

// TestMisnamed: of what is wrong with a section the kernel overlooks only that its
// name speaks of another one than it relocates.
func TestMisnamed(t *testing.T) {
	for _, name := range fixtures.Under(t, "rules/KLP206") {
		m, err := Open(fixtures.Path(t, name), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range m.KlpRelas {
			why, ignored := replace.KlpRelaDefect(m, &k)
			if want := strings.Contains(name, "other-place"); ignored == want && why != "" || want && !strings.Contains(why, "the name refers to section") {
				t.Errorf("%s: %s: %q, ignored %v", name, k.Section, why, ignored)
			}
		}
	}
}
