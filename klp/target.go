package klp

// Target answers what a kernel's own look-ups would find. Package kernel
// fulfils it from what is known of a real kernel; packages replace and rules
// ask it. A nil Target means that nothing is known.
type Target interface {
	// Behaviour returns how this kernel answers where releases differ.
	Behaviour() Behaviour
	// FindFunc answers klp_find_object_symbol() and then, where the symbol is
	// found, ftrace_location(), for one func of an object ("vmlinux" or a
	// module's name). Status SymbolUnknown when the object's symbols are not known.
	FindFunc(object, name string, sympos uint64) SymbolAnswer
	// FindSym answers klp_find_object_symbol() alone, as klp_resolve_symbols()
	// asks it for a .klp.sym symbol.
	FindSym(object, name string, sympos uint64) SymbolAnswer
	// CheckLoad lists what the module loader refuses before the module's init
	// function runs (vermagic, size of struct module, unresolved symbols, CRCs,
	// licence, namespaces), in the kernel's order of checks; empty when it
	// would be accepted as far as is known.
	CheckLoad(m *Module) []Refusal
}

// SymbolStatus is the outcome of a symbol look-up.
type SymbolStatus string

// The outcomes. All but SymbolFound and SymbolUnknown make the load fail.
const (
	SymbolFound       SymbolStatus = "found"
	SymbolMissing     SymbolStatus = "missing"     // not in the object's symbols
	SymbolAmbiguous   SymbolStatus = "ambiguous"   // sympos 0 and more than one match
	SymbolBeyond      SymbolStatus = "beyond"      // sympos above the number of matches
	SymbolUntraceable SymbolStatus = "untraceable" // found, but ftrace knows no location at its entry
	SymbolUnknown     SymbolStatus = "unknown"     // the object's symbols are not known
)

// SymbolAnswer is a Target's answer about one symbol.
type SymbolAnswer struct {
	Status  SymbolStatus
	Matches int     // occurrences of the name in the object
	Reason  string  // for SymbolUnknown: what is missing; for others a detail, or ""
	Refusal Refusal // what the kernel says; zero for SymbolFound and SymbolUnknown
}

// Refusal is why a kernel does not take a module.
type Refusal struct {
	Errno   string // e.g. "ENOEXEC"
	Message string // the kernel's log line without its prefix, or "" where it logs none
	Reason  string // the same in klplint's words, with names and numbers
}
