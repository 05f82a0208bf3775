package initcode

import (
	"github.com/klplint/klplint/elfread/internal/initcode/ir"
	"github.com/klplint/klplint/klp"
)

// Place is a byte of a section, by ELF section index.
type Place struct {
	Section int    // index in the section header table; 0 means nowhere
	Offset  uint64 // bytes from the start of the section
}

// Source gives the parts of one module that analysis asks for, when it asks for
// them: most modules need their init code and its relocations and nothing else.
// All methods must tolerate any argument. What they return is only read, and only
// until Analyze returns.
type Source interface {
	// Section returns the section with that index, and false when there is none
	// or its content cannot be read. Analyze asks once per section and call.
	Section(index int) (ir.Section, bool)
	// Symbol returns the entry of the symbol table with that index, and false
	// when there is none.
	Symbol(index uint32) (ir.Symbol, bool)
	// Function returns the bounds of the function symbol that covers the byte,
	// and false when none does.
	Function(at Place) (Function, bool)
	// Object returns the bounds of the data symbol that covers the byte, and
	// false when none does. It is asked only about variables in which init code
	// keeps pointers.
	Object(at Place) (lo, hi uint64, ok bool)
}

// Function is a function symbol.
type Function struct {
	Name   string
	Lo, Hi uint64 // first byte, and the byte behind the last one; section offsets
}

// Input is one question about a module's code.
type Input struct {
	Arch   klp.Arch
	Source Source
	// Init is the start of the init function: what struct module's init pointer
	// is relocated to. The zero Place: there is none.
	Init Place
	// Enable is the symbol index of klp_enable_patch, 0 when the module does not
	// import it.
	Enable uint32
	// Exec lists the sections in which calls are looked for (SHF_EXECINSTR).
	Exec []int
	// Data lists the other allocated sections that have relocations. It is
	// read only when the patch is allocated at run time, to see whether data
	// refers to the variable that holds its pointer.
	Data []int
	// JumpTable is the index of __jump_table, 0 where there is none. Its branches
	// are rewritten at run time, so that code with one of them proves nothing.
	JumpTable int
	// Params is the index of __param, 0 where there is none. The kernel stores
	// module parameters before it calls init.
	Params int
	// ReplaceOffset is the offset of klp_patch.replace, in bytes: 24, or 16 on 5.1-5.4.
	ReplaceOffset uint64
	// Shadow asks for calls of klp_shadow_*() too. Set it when the module imports one.
	Shadow bool
}
