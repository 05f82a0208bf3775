package klp

// OddSymbol is a symbol-table entry of which the module loader makes no address
// (kernel/module/main.c: simplify_symbols).
type OddSymbol struct {
	Name  string
	Shndx uint16   // SHN_COMMON (0xfff2), or an index beyond the section headers
	At    Location // the symbol-table entry
	// BadName: its name lies beyond the file, where the loader reads all the same.
	BadName bool
}

// SHNCommon is the section index of a common symbol, which compilers make of a variable
// without a definition where -fno-common is not given.
const SHNCommon = 0xfff2

// Relas is what the relocations show that the module loader applies itself, by
// SHT_RELA sections without SHF_RELA_LIVEPATCH for sections with SHF_ALLOC; and
// types and values of the livepatch ones, which the same code applies.
type Relas struct {
	Entries  int       // relocations that were looked at, R_*_NONE included
	Odd      []OddRela // the ones that the loader may refuse, in file order; at most 64
	OddCount int       // all of them
}

// OddRela is a relocation that does not look like one a compiler makes for the
// kernel.
type OddRela struct {
	Kind   OddRelaKind
	Type   uint32   // R_*, as the architecture numbers them
	Symbol string   // what it refers to: the symbol's or, for a section symbol, the section's name
	At     Location // the place that it fills
	Value  uint64   // RelaNonzero: what stands there in the file
}

// OddRelaKind says in what a relocation is odd.
type OddRelaKind int

// The kinds of odd relocations.
const (
	// RelaUnknown: its type is none of those that any kernel of the architecture applies.
	RelaUnknown OddRelaKind = iota + 1
	// RelaOverflow: the address does not fit into the field, wherever in its part
	// of the address space the module is loaded.
	RelaOverflow
	// RelaNonzero: the field holds a value before. x86 refuses that.
	RelaNonzero
	// RelaTwice: an earlier relocation fills some of the same bytes. x86 refuses that.
	RelaTwice
	// RelaBeyondSection: the place lies outside the section.
	RelaBeyondSection
	// RelaBeyondSymbols: the symbol's index lies outside the symbol table.
	RelaBeyondSymbols
	// RelaTable: it is in a table that the loader follows, and fills its field
	// otherwise than the loader reads it. Noted on x86_64.
	RelaTable
	// RelaMissing: a call or jump in code has none, and leads to the instruction
	// behind it. Noted on x86_64, of code without any relocations and of those of
	// type NONE.
	RelaMissing
	// RelaAstray: that of a call or jump in code leads behind the start of an import, to
	// what is no code, or outside of its section. x86_64 checks no such distance.
	RelaAstray
	// RelaInit: struct module's init or exit is an import. Noted on x86_64.
	RelaInit
	// RelaNoKey: an entry of .static_call_sites leads to code of the module where the key
	// of its static call, or the trampoline of one of another module's, is meant.
	RelaNoKey
)
