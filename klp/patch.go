package klp

// Patch is the content of struct klp_patch, or of the sections from which a
// toolchain's init code builds it.
type Patch struct {
	At       Location // the struct (static) or the section of the tables (kpatch-build, klp-build)
	Found    bool     // false: the module is marked as a livepatch but no tables were found
	Reason   string   // why nothing was found, when Found is false
	ModNull  bool     // static: .mod is NULL
	ObjsNull bool     // static: .objs is NULL
	Objects  []Object // in table order, as far as the kernel walks
	// HasStates tells an array of states, even an empty one, from a NULL pointer.
	HasStates bool
	States    []State // up to the first id 0
	// StatesBehindEnd counts entries that follow the terminating id 0 within
	// the array's symbol; the kernel never reads them.
	StatesBehindEnd int
	StatesAt        Location
}

// Object is struct klp_object: the patched thing.
type Object struct {
	At   Location
	Name string // "vmlinux" for the kernel image, else the module's name
	// Null: static and klp-build tables give vmlinux as a NULL name. kpatch-build
	// writes the string "vmlinux", which its init code turns into NULL: Null is
	// true there too.
	Null bool
	// Literal: a static table spells "vmlinux" as a string. The kernel then waits
	// for a module of that name, which cannot exist: nothing is ever patched.
	Literal   bool
	FuncsNull bool     // the funcs pointer is NULL: klp_enable_patch() refuses it
	FuncsAt   Location // the array of funcs
	Funcs     []Func
	Callbacks []Callback
	// PostUnpatchEnabled: the author set the internal callbacks.post_unpatch_enabled.
	PostUnpatchEnabled bool
}

// Func is struct klp_func: one function that is replaced.
type Func struct {
	At       Location
	Name     string // old_name; "" when NULL or empty
	NameNull bool   // old_name is NULL
	Sympos   uint64 // old_sympos: 0 demands a unique name, n is the n-th occurrence
	New      Code   // new_func
	InItself bool   // the object is the livepatch itself, which has a symbol of this name
	OldSize  uint64 // kpatch-build: size of the original in the kernel it was built for; 0 where not recorded
	OldAddr  uint64 // kpatch-build: link address of the original in that vmlinux; 0 where not recorded
	// Aliases are the other names of the same code in the kernel that the module
	// was judged beside, each with ",N" for a position above 1, in the order of
	// names; nil where there is none, or no kernel that tells (FindAliases).
	Aliases []string
	// StartedBy are the functions of that kernel that start a thread with this one as
	// its main function, sorted (FindThreads).
	StartedBy []string
	// CallsOld are calls in the replacement's own code, its split-off parts
	// included, of a symbol that the loader resolves by the name of this func: an
	// undefined one, or a .klp.sym symbol of the same object and position.
	CallsOld []Location
	// LeadsToOld are such calls in other functions of the module that the replacement
	// calls, whatever is between.
	LeadsToOld []Location
	// PointsToOld are calls through a variable in the module's writable data which is
	// loaded with that symbol's address; at most 64.
	PointsToOld []Location
}

// Position returns max(1, sympos): two funcs of one object are the same
// function when name and Position are equal (livepatch: sysfs names funcs
// "name,sympos?:1"; klp_find_func()).
func (f *Func) Position() uint64 { return max(1, f.Sympos) }

// CallbackKind is one of the four members of struct klp_callbacks.
type CallbackKind string

// The callbacks in the order of struct klp_callbacks.
const (
	PrePatch    CallbackKind = "pre_patch"
	PostPatch   CallbackKind = "post_patch"
	PreUnpatch  CallbackKind = "pre_unpatch"
	PostUnpatch CallbackKind = "post_unpatch"
)

// Callback is one callback of an object. kpatch-build tables can hold two of
// one kind, which their init code refuses.
type Callback struct {
	Kind CallbackKind
	Func Code
	At   Location
}

// Code is a pointer to a function in the module.
type Code struct {
	Null    bool     // the pointer is NULL
	Symbol  string   // the function symbol there, "" when none is
	At      Location // where it points; section "" when it points to an undefined symbol
	Size    uint64   // st_size of the symbol, in bytes
	Exec    bool     // the section is SHF_EXECINSTR
	Init    bool     // the section is freed after load (.init.*)
	Start   bool     // a function symbol starts exactly there
	Symbols bool     // the module has function symbols in that section, so that Start means something
	Import  bool     // the pointer is to an undefined symbol, outside this module
	// Nameless: no symbol with a name lies there, or before it in the executable
	// sections that stay loaded, so that kallsyms finds none for the address
	// (kernel/module/kallsyms.c: find_kallsyms_symbol). Of new_func only. With Import,
	// the pointer is a number, by a relocation with the null symbol.
	Nameless bool
	// NoORC: the module has tables for the ORC unwinder, and they do not tell how a
	// stack is unwound at the function's start. Of new_func on x86_64 only.
	NoORC bool
}

// State is struct klp_state: a system state that the patch modifies.
type State struct {
	ID      uint64
	Version uint32
	At      Location
}

// Init is what is known of the module's init function, read from its code.
type Init struct {
	At      Location // the function; zero when Missing
	Missing bool     // struct module's init pointer has no relocation
	// NoExit: struct module has an init and no exit function; rmmod then fails
	// with -EBUSY (kernel/module/main.c: delete_module()).
	NoExit  bool
	Decoded bool     // the code could be followed
	Reason  string   // why not, when Decoded is false
	Enables []Enable // calls of klp_enable_patch() in the module's code, in address order
	// Repeats: one path through init reaches klp_enable_patch() twice with the
	// same patch; the kernel then loops for ever.
	Repeats bool
	// UsesRegister: the module imports klp_register_patch(), the interface of
	// kernels before 5.1 (and of openEuler's).
	UsesRegister bool
}

// Enable is one call of klp_enable_patch().
type Enable struct {
	At   Location
	Arg  EnableArg
	Data Location // where the argument points, for ArgData
}

// EnableArg classifies the argument of a call of klp_enable_patch().
type EnableArg string

// What could be proven of the argument.
const (
	ArgUnknown   EnableArg = "unknown"   // could not be followed
	ArgNull      EnableArg = "null"      // the constant NULL
	ArgData      EnableArg = "data"      // the address of static data
	ArgAllocated EnableArg = "allocated" // the result of an allocation
)
