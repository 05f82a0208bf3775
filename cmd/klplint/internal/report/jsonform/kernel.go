package jsonform

// Kernels is what kernel writes.
type Kernels struct {
	Schema  int          `json:"schema" jsonschema:"enum=1"`
	Kernels List[Kernel] `json:"kernels"`
	// One for each --lookup and kernel.
	LookUps List[LookUp] `json:"lookups"`
}

// Kernel is what is known of one kernel.
type Kernel struct {
	// "" where no file says it.
	Release  string `json:"release"`
	Arch     string `json:"arch"`
	Vermagic string `json:"vermagic"`
	// The text that /proc/version shows.
	Banner  string         `json:"banner,omitempty"`
	Sources []KernelSource `json:"sources"`
	Counts  KernelCounts   `json:"counts"`
	// The kind of source that gave the symbols.
	SymbolsFrom string        `json:"symbols_from,omitempty"`
	Layout      *KernelLayout `json:"layout,omitempty"`
	// Bytes.
	StructModuleSize uint64 `json:"struct_module_size,omitempty"`
	// Whether the kernel can be livepatched; left out where nothing tells.
	Livepatch string `json:"livepatch,omitempty" jsonschema:"enum=yes,enum=no"`
	// What tells that it cannot.
	LivepatchReason string          `json:"livepatch_reason,omitempty"`
	Behaviour       KernelBehaviour `json:"behaviour"`
	// What is not known, in words.
	Missing []string `json:"missing"`
}

// KernelSource is one file or folder that was read.
type KernelSource struct {
	Path string `json:"path"`
	Kind string `json:"kind"`
	Note string `json:"note,omitempty"`
}

// KernelCounts are counts of what is known; what is not known is left out.
type KernelCounts struct {
	// Of vmlinux.
	Symbols *int `json:"symbols,omitempty"`
	// ftrace locations.
	Traceable *int `json:"traceable,omitempty"`
	Exports   *int `json:"exports,omitempty"`
	// In the folder of modules.
	Modules *int `json:"modules,omitempty"`
	// In the list of symbols.
	ListedModules *int `json:"listed_modules,omitempty"`
	// Of the kernel's .config.
	Options *int `json:"options,omitempty"`
}

// KernelLayout is the layout of the kernel's structs, in bytes.
type KernelLayout struct {
	Source    string `json:"source" jsonschema:"enum=relocations,enum=symbols,enum=btf,enum=dwarf,enum=builtin"`
	KlpPatch  uint64 `json:"klp_patch"`
	KlpObject uint64 `json:"klp_object"`
	KlpFunc   uint64 `json:"klp_func"`
	// Left out where the kernel has no states.
	KlpState      *uint64 `json:"klp_state,omitempty"`
	ReplaceOffset uint64  `json:"replace_offset"`
	ReplaceField  string  `json:"replace_field"`
}

// KernelBehaviour is how this release answers where releases differ.
type KernelBehaviour struct {
	// The errno that insmod sees when an init function returns EEXIST; two where the release that changed it is not known.
	InitEEXIST            []string `json:"init_eexist"`
	NullNameCrashes       string   `json:"null_name_crashes" jsonschema:"enum=yes,enum=no,enum=unknown"`
	Sympos01              string   `json:"sympos01" jsonschema:"enum=yes,enum=no,enum=unknown"`
	ThisModuleSizeChecked string   `json:"this_module_size_checked" jsonschema:"enum=yes,enum=no,enum=unknown"`
}

// LookUp is one name that was looked up in one kernel.
type LookUp struct {
	KernelRelease string `json:"kernel_release"`
	Object        string `json:"object"`
	Name          string `json:"name"`
	// Of a module that was read from its file.
	SrcVersion string `json:"srcversion,omitempty"`
	// Why the object's symbols are not known.
	Error string `json:"error,omitempty"`
	// The rule that reports that error.
	Rule string `json:"rule,omitempty"`
	// What the name is when it is no function of its own.
	Derived string `json:"derived,omitempty"`
	// The symbols of that name, in the order in which sympos counts them.
	Positions []LookUpPosition `json:"positions"`
	// What becomes of a func with that sympos.
	Verdicts []LookUpVerdict `json:"verdicts"`
	// Proposals for a name that is missing.
	Similar []string `json:"similar"`
	// What the function takes and returns, in C, by the kernel's BTF.
	Prototype string `json:"prototype,omitempty"`
	// Other names of the same address.
	Aliases []string `json:"aliases"`
	// Copies that the compiler made of it or of a part of it.
	Clones []string `json:"clones"`
	// Other entries of the same system call with the same body.
	Twins []string `json:"twins"`
	// Compat entries of the same system call.
	Compats []string `json:"compats"`
	// Functions into which it was inlined; left out where no vmlinux with DWARF was given.
	Inlined []string `json:"inlined,omitempty"`
}

// LookUpPosition is one symbol of the name.
type LookUpPosition struct {
	Sympos uint64 `json:"sympos"`
	// Hexadecimal; left out where it is not known.
	Address string `json:"address,omitempty"`
	// Bytes; left out where it is not known.
	Size uint64 `json:"size,omitempty"`
	// Whether size is the symbol's own, or the distance to the next one.
	SizeExact *bool `json:"size_exact,omitempty"`
	// The letter of kallsyms; "-" where it is not known.
	Kind      string `json:"kind"`
	Traceable string `json:"traceable" jsonschema:"enum=yes,enum=no,enum=unknown"`
	// In a section that the kernel frees after boot.
	Init bool   `json:"init"`
	File string `json:"file,omitempty"`
}

// LookUpVerdict is what becomes of a func with that sympos.
type LookUpVerdict struct {
	Sympos uint64 `json:"sympos"`
	Status string `json:"status" jsonschema:"enum=found,enum=missing,enum=ambiguous,enum=beyond,enum=untraceable,enum=unknown"`
	// The rule that reports it.
	Rule  string `json:"rule,omitempty"`
	Errno string `json:"errno,omitempty"`
	// The kernel's log line, or what is missing.
	Message string `json:"message,omitempty"`
}
