package ir

// RegCount is how many registers there are: the machine's general ones, then three
// of the lowering's own.
const RegCount = 35

// Machine is one architecture's registers and calling convention. Registers have the
// machine's own numbers.
type Machine struct {
	SP     int8   // the stack pointer
	Result int8   // what a called function returns its result in
	Args   []int8 // argument registers in order
	// Scratch are the registers that a called function may change, those of
	// arguments and result included.
	Scratch []int8
	// Pushes is how many bytes a call stores below the stack pointer.
	Pushes int64
	// CallReloc is how far into a call its relocation stands, in bytes.
	CallReloc uint64
	// Link is the register that a call leaves the return address in, or NoReg.
	Link int8
	// BigEndian: data is big-endian, else little-endian.
	BigEndian bool
	// PointerReloc is the type of the relocation of a whole pointer.
	PointerReloc uint32
}

// Decoder lowers the instructions of one architecture. Of an instruction that it does
// not understand it gives the name, where it knows it, and no length.
type Decoder interface {
	// Machine describes the architecture.
	Machine() *Machine
	// Decode lowers the instruction at a place of sec, which holds at least one
	// byte there, to steps of in.
	Decode(r Resolver, in *Insn, sec *Section, at PC)
}

// Resolver finds what a relocation refers to.
type Resolver interface {
	// Target returns the address of a symbol of the symbol table plus an addend,
	// and false when there is no such symbol, or one that is nowhere.
	Target(sym uint32, addend int64) (Value, bool)
}
