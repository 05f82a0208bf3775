package klp

// KlpRela is one livepatch relocation section: SHT_RELA named
// .klp.rela.<object>.<section> (Documentation/livepatch/module-elf-format.rst).
type KlpRela struct {
	Section string // its full name
	Index   int    // its section index, under which Module.Sections has its header; 0 where it was not read from a file
	// Object and Target are the two parts of the name: the object whose loading
	// the relocations wait for, and the section they apply to, with its own
	// leading dot (".klp.rela.vmlinux..text" has Target ".text"). Both are ""
	// when Malformed says why the kernel cannot split the name.
	Object, Target string
	Malformed      string
	Entries        int   // relocations in it, R_*_NONE included
	Symbols        []int // indices into Module.KlpSyms, in order of first use
	// Foreign lists relocations against symbols that are not SHN_LIVEPATCH; at
	// most 64 places. ForeignCount has all.
	Foreign      []Foreign
	ForeignCount int
	// NonZero lists targets whose bytes are not zero before relocation, which
	// x86's apply_relocate_add() refuses; at most 16 places. NonZeroCount has all.
	NonZero      []NonZero
	NonZeroCount int
	// Alternatives lists targets within instructions that .altinstructions names:
	// the loader may copy others over them before the relocations are applied; at
	// most 16 places. AlternativeCount has all.
	Alternatives     []Location
	AlternativeCount int
	At               Location // start of the section
}

// Foreign is a relocation of a livepatch section against a symbol that is not
// SHN_LIVEPATCH.
type Foreign struct {
	Symbol string
	Shndx  uint16
	At     Location // the relocation entry
}

// NonZero is a relocation target that already holds a value.
type NonZero struct {
	At    Location // the target
	Type  uint32   // relocation type
	Value uint64   // what stands there in the file
	// Relocated: nothing stands there in the file, but an ordinary relocation,
	// which the loader applies too, fills some of the same bytes.
	Relocated bool
}

// KlpSym is a symbol that the livepatch core resolves: SHN_LIVEPATCH (0xff20)
// and named .klp.sym.<object>.<name>,<sympos>. klp-build's .klp.tombstone.*
// symbols are kept here too, with Tombstone set.
type KlpSym struct {
	Raw          string // the whole symbol name
	Object, Name string // "" when Malformed or Tombstone
	Sympos       uint64
	Malformed    string // why klp_resolve_symbols() cannot read the name; "" when it can
	Tombstone    bool
	Shndx        uint16 // st_shndx: 0xff20 is SHN_LIVEPATCH, 0 SHN_UNDEF
	Weak         bool
	Used         bool     // a relocation that the module loader applies itself names it
	Index        int      // symbol-table index
	At           Location // the symbol-table entry
}

// The section index and section flag of module-elf-format.rst.
const (
	SHNLivepatch      = 0xff20
	SHFRelaLivepatch  = 0x00100000
	VmlinuxObjectName = "vmlinux"
)
