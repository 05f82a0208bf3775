package jsonform

// Dump is what dump writes.
type Dump struct {
	Schema  int           `json:"schema" jsonschema:"enum=1"`
	Modules Lines[Module] `json:"modules"`
	// What could not be read.
	Errors List[Problem] `json:"errors"`
}

// Module is what one module patches and replaces.
type Module struct {
	// As it was given; PACKAGE!/PATH for a module in a package.
	Path string `json:"path"`
	// The module's own name.
	Name string `json:"name"`
	// Of a named file that is no livepatch, what it is.
	Kind string `json:"kind" jsonschema:"enum=livepatch,enum=module,enum=kpatch-core,enum=kgraft,enum=xen-payload,enum=ksplice,enum=vmlinux,enum=object-file,enum=other-elf"`
	// x86_64, arm64, ppc64le, s390x or loongarch64.
	Arch string `json:"arch"`
	// The first word of vermagic.
	KernelRelease string `json:"kernel_release"`
	Vermagic      string `json:"vermagic"`
	// Left out where no tables were found.
	Toolchain string `json:"toolchain,omitempty" jsonschema:"enum=static,enum=kpatch-build,enum=klp-build"`
	// Of the file as stored.
	SHA256 string `json:"sha256,omitempty"`
	// Bytes of the file as stored.
	Size        int64  `json:"size"`
	Compression string `json:"compression" jsonschema:"enum=none,enum=gzip,enum=xz,enum=zstd"`
	Signed      bool   `json:"signed"`
	// There where the module is signed.
	Signature *Signature `json:"signature,omitempty"`
	// Why the signature could not be read.
	SignatureError string `json:"signature_error,omitempty"`
	// Of modinfo.
	License string `json:"license"`
	// Of modinfo.
	Depends []string `json:"depends"`
	// Left out where no tables were found.
	Layout *Layout `json:"layout,omitempty"`
	// There for a livepatch.
	Replace *Replace `json:"replace,omitempty"`
	// Why no tables were found.
	Reason  string   `json:"reason,omitempty"`
	Objects []Object `json:"objects"`
	States  []State  `json:"states"`
	// The livepatch relocations (.klp.rela.OBJECT.SECTION).
	KlpRelas []KlpRela `json:"klp_relas"`
}

// Signature is the one appended to the module.
type Signature struct {
	// pkcs7 of all modules since Linux 4.4.
	IDType    string `json:"id_type"`
	Hash      string `json:"hash,omitempty"`
	Algorithm string `json:"algorithm,omitempty"`
	Signer    string `json:"signer,omitempty"`
}

// Layout is where the sizes of the kernel's structs come from.
type Layout struct {
	Source string `json:"source" jsonschema:"enum=relocations,enum=symbols,enum=btf,enum=dwarf,enum=builtin"`
}

// Replace is the field of klp_patch that says what a load evicts. The member named like kind holds the value.
type Replace struct {
	Kind string `json:"kind" jsonschema:"enum=flag,enum=set,enum=sets,enum=unknown"`
	// bool replace.
	Flag *bool `json:"flag,omitempty"`
	// u32 replace_set.
	Set *uint32 `json:"set,omitempty"`
	// The sets that a patch of this set replaces as well.
	Supersedes []uint32 `json:"supersedes,omitzero"`
	// replace_sets.
	Sets []uint32 `json:"sets,omitzero"`
	// The pointer replace_sets is NULL.
	Null *bool `json:"null,omitempty"`
	// runtime: a module parameter decides, and the value is not known.
	Source string `json:"source" jsonschema:"enum=data,enum=code,enum=runtime,enum=none"`
	// How it is known which field this is.
	FieldSource string `json:"field_source,omitempty" jsonschema:"enum=dwarf,enum=btf,enum=value,enum=option,enum=assumed"`
	// Why the value is not known.
	Reason string `json:"reason,omitempty"`
	// The module parameter that decides, where one can be told.
	Param *Param `json:"param,omitempty"`
}

// Param is a module parameter.
type Param struct {
	Name string `json:"name"`
	// As in .modinfo: bool, int and the like.
	Type string `json:"type"`
	// What replace is without the parameter, where that is known.
	Default *bool `json:"default,omitempty"`
}

// Object is one patched object (struct klp_object).
type Object struct {
	// "vmlinux" or the name of a module.
	Name string `json:"name"`
	// A static table spells "vmlinux" as a string: the kernel looks for a module of that name.
	Literal   bool     `json:"literal"`
	Callbacks []string `json:"callbacks" jsonschema:"enum=pre_patch,enum=post_patch,enum=pre_unpatch,enum=post_unpatch"`
	Funcs     []Func   `json:"funcs"`
}

// Func is one patched function (struct klp_func).
type Func struct {
	// The old function; "" for a func without a name.
	Name string `json:"name"`
	// For Rust and C++ names only.
	Demangled string `json:"demangled,omitempty"`
	Sympos    uint64 `json:"sympos"`
	// The symbol of the new function; "" where there is none.
	New string `json:"new"`
	// In bytes; only where new names a symbol.
	NewSize *uint64 `json:"new_size,omitempty"`
	// In bytes; only where the toolchain records it.
	OldSize uint64 `json:"old_size,omitempty"`
}

// State is one state of system state tracking (struct klp_state).
type State struct {
	ID      uint64 `json:"id"`
	Version uint32 `json:"version"`
}

// KlpRela is one section of livepatch relocations.
type KlpRela struct {
	Section string `json:"section"`
	// The object whose load applies them.
	Object string `json:"object"`
	// The section they change.
	Target string `json:"target"`
	// The livepatch symbols they refer to.
	Symbols []KlpSymbol `json:"symbols"`
}

// KlpSymbol is one livepatch symbol (.klp.sym.OBJECT.NAME,SYMPOS).
type KlpSymbol struct {
	Object string `json:"object"`
	Name   string `json:"name"`
	Sympos uint64 `json:"sympos"`
}
