package klp

// Kind tells what a file is. Only KindLivepatch carries patch tables that a
// kernel's klp_enable_patch() could be given.
type Kind string

// The kinds of file that elfread tells apart, by evidence in the file.
const (
	KindLivepatch  Kind = "livepatch"   // livepatch= in .modinfo, or livepatch tables
	KindModule     Kind = "module"      // an ordinary kernel module
	KindKpatchCore Kind = "kpatch-core" // a module for the old out-of-tree kpatch.ko (depends=kpatch)
	KindKGraft     Kind = "kgraft"      // SUSE's kGraft (struct kgr_patch), before livepatch
	KindXenPayload Kind = "xen-payload" // a Xen hypervisor live patch (.livepatch.funcs)
	KindKsplice    Kind = "ksplice"     // Oracle Ksplice (.ksplice_* sections)
	KindVmlinux    Kind = "vmlinux"     // a linked kernel image
	KindObjectFile Kind = "object-file" // a relocatable object that never went through modpost
	KindOtherELF   Kind = "other-elf"   // a program, a shared library, another machine
)

// Arch is the architecture of a module in the kernel's spelling of uname -m,
// except that ppc64le and arm64 are written as packages write them.
type Arch string

// The architectures whose kernels support livepatching (HAVE_LIVEPATCH).
const (
	X86_64      Arch = "x86_64"
	ARM64       Arch = "arm64"
	PPC64LE     Arch = "ppc64le"
	S390X       Arch = "s390x" // big-endian
	LoongArch64 Arch = "loongarch64"
)

// Toolchain is what wrote the livepatch tables. It is told by evidence in the
// file, never by the file's name.
type Toolchain string

// The toolchains. Static covers every module with a struct klp_patch in its
// data: hand-written ones, the kernel's samples and selftests, SUSE's.
const (
	Static      Toolchain = "static"
	KpatchBuild Toolchain = "kpatch-build" // .kpatch.funcs
	KlpBuild    Toolchain = "klp-build"    // .init.klp_objects, or __klp_objects in 6.19
)

// Compression is how the file was packed.
type Compression string

// The compressions that kmod and the kernel know.
const (
	Uncompressed Compression = "none"
	Gzip         Compression = "gzip"
	XZ           Compression = "xz"
	Zstd         Compression = "zstd"
)

// Location is a place in a module: a byte of a section, and the symbol that
// covers or names it. The zero Location means "the file as a whole".
type Location struct {
	Section string // section name, "" for the file as a whole
	Offset  uint64 // bytes from the start of the section
	Symbol  string // the covering symbol, "" where none is known
	File    int64  // bytes from the start of the (unpacked) file; 0 where the place has no bytes
}

// Module is one file that was read.
type Module struct {
	Path      string    // as given by the caller
	Name      string    // name= of .modinfo, else the name in .gnu.linkonce.this_module, else ""
	Kind      Kind      // what the file is
	Arch      Arch      // from e_machine, class and byte order
	Toolchain Toolchain // "" when Kind is not KindLivepatch or no tables were found
	Size      int64     // bytes of the file as stored
	SHA256    string    // lower-case hex of the file as stored; "" unless it was asked for
	// UnsignedSHA256 is the digest of the unpacked file up to its signature
	// trailer: signing and packing a module leave it as it is. "" as SHA256.
	UnsignedSHA256 string
	Compression    Compression // how the file is stored
	XZ             *XZStream   // how an xz file is packed; nil for others
	Modinfo        Modinfo
	Vermagic       Vermagic
	Signature      *Signature // nil when the module is not signed
	// SignatureError says why the bytes behind the ELF image are no valid
	// signature trailer; "" when there is none or it is well formed.
	SignatureError string
	// Trailer is the struct module_signature in front of the marker that ends the
	// file; nil where no marker ends it or no whole struct is there.
	Trailer *Trailer

	Layout  Layout
	Replace Replace
	Patch   Patch
	Init    Init

	KlpRelas   []KlpRela    // every section that is, or is named like, a livepatch relocation section
	KlpSyms    []KlpSym     // every symbol named .klp.sym.* or .klp.tombstone.*, and every SHN_LIVEPATCH one
	Imports    []Import     // undefined symbols, in symbol-table order
	Exports    []string     // names in __ksymtab_strings: symbols that it exports, and their namespaces
	Sections   []Section    // every section, by index; [0] is the null section
	Leftovers  []Leftover   // relocation records of build steps that were skipped
	ForceFuncs []Location   // relocated entries of .kpatch.force
	ShadowIDs  []ShadowID   // constant ids passed to klp_shadow_*(), where provable
	Symtab     SymtabStatus // whether the symbol table is there and whole
	BTF        *ModuleBTF   // the module's .BTF; nil where it has none
	// Debug is what tells the types of a module without BTF; nil unless it was asked for
	// (elfread.Options.Types) and is there.
	Debug      *ModuleDebug
	Returns    Returns
	Stray      Stray
	Indirect   Indirect    // its functions that are called through pointers
	Deferred   []Deferral  // those of them that the kernel may call later; at most 64
	Arms       []Arming    // what makes the kernel do so, in the order of the table of symbols
	Relas      Relas       // the relocations that the module loader applies itself
	OddSymbols []OddSymbol // symbols that have no address; at most 64, in symbol-table order
	// NoSites are the entries of __mcount_loc and __patchable_function_entries
	// that lead to no instruction which ftrace could patch; at most 64.
	NoSites []FtraceEntry
	// StructName is the name in struct module, by which the kernel knows the
	// module once it is loaded; "" where that cannot be read. Name is the one in
	// .modinfo, where there is one.
	StructName string
	// ThisModuleSize is the size of .gnu.linkonce.this_module in bytes, which
	// newer kernels compare with their struct module; 0 when it is absent.
	ThisModuleSize uint64
	// LayoutCRC is the CRC that the module records for module_layout, the symbol
	// that stands for struct module itself; valid when HasLayoutCRC. It is among
	// the versions but is no import, and a kernel built with CONFIG_MODVERSIONS
	// refuses a module whose CRC differs from its own with -ENOEXEC ("disagrees
	// about version of symbol module_layout"; kernel/module/version.c:
	// check_modstruct_version).
	LayoutCRC    uint64
	HasLayoutCRC bool
}

// IsLivepatch reports whether the file claims to be a livepatch or carries
// livepatch tables.
func (m *Module) IsLivepatch() bool { return m.Kind == KindLivepatch }

// Section is one entry of the section header table, with ELF's own numbers
// (debug/elf names them).
type Section struct {
	Name   string
	Type   uint32 // SHT_*
	Flags  uint64 // SHF_*; SHF_RELA_LIVEPATCH is 0x00100000
	Offset uint64 // bytes from the start of the file
	Size   uint64 // bytes
	Link   uint32
	Info   uint32
	Align  uint64 // sh_addralign, bytes
	Relas  int    // relocations of it that the kernel applies, livepatch ones included
	Again  bool   // an earlier section, allocated as this one, has the name too
}

// ReadOnly reports whether the loader maps the section without write access
// while the module lives: it lacks SHF_WRITE, or is made read-only when init has
// ended, by its name or by SHF_RO_AFTER_INIT (kernel/module/main.c: layout_sections).
func (s *Section) ReadOnly() bool {
	const write, roAfterInit = 0x1, 0x200000
	return s.Flags&write == 0 || s.Flags&roAfterInit != 0 || s.Name == ".data..ro_after_init"
}

// SectionOf returns the section of a place; nil for the file as a whole and
// for values that were not read from a file.
func (m *Module) SectionOf(at Location) *Section {
	if at.Section == "" {
		return nil
	}
	for i := range m.Sections {
		if m.Sections[i].Name == at.Section {
			return &m.Sections[i]
		}
	}
	return nil
}

// Import is an undefined symbol that the kernel or another module must export.
type Import struct {
	Name   string
	Weak   bool
	HasCRC bool // the module records a CRC (__versions, or __version_ext_crcs)
	// CRC is valid when HasCRC. A CRC has 32 bits, but the field in __versions that holds
	// it is an unsigned long, and the kernel compares all of it (kernel/module/version.c).
	CRC uint64
}

// Leftover is a record that an intermediate build step should have consumed,
// found by looking into a section rather than at its name.
type Leftover struct {
	At   Location
	What string // one clause, e.g. "__klp_relocs entry without its .klp.rela counterpart"
}

// ShadowID is a constant shadow-variable id in a call of a klp_shadow_* function.
type ShadowID struct {
	ID uint64
	By string   // the called function, e.g. "klp_shadow_alloc"
	At Location // the call
}

// SymtabStatus says in which state the symbol table is.
type SymtabStatus struct {
	Missing bool // there is no SHT_SYMTAB section
	Section int  // index of the SHT_SYMTAB section
	Entries int  // number of entries, the null one included
	// Damaged says what shows that symbols which the klp relocations need
	// were dropped or renumbered; "" when nothing does.
	Damaged string
	// Strings says what is wrong with the string table, or with a name's place in it,
	// which kernels look at since 6.13; "" where nothing is.
	Strings string
}

// Trailer is struct module_signature as it stands in the file
// (include/linux/module_signature.h).
type Trailer struct {
	Algo, Hash, IDType, SignerLen, KeyIDLen uint8
	Pad                                     [3]byte
	Length                                  uint32 // sig_len: bytes of the signature in front of the struct
	// Before is how many bytes stand between the ELF image and the struct.
	Before int64
	// Content is what the signature's bytes are, where IDType is PKeyPKCS7.
	Content SignatureContent
}

// SignatureContent is what the bytes of a signature are, as far as the kernel's
// reader goes (crypto/asymmetric_keys/pkcs7_parser.c).
type SignatureContent int

// The contents.
const (
	// ContentSigned: a PKCS#7 message with signed data, or one that was not read.
	ContentSigned SignatureContent = iota
	// ContentNoMessage: no DER, or of another form than PKCS#7 has. EBADMSG.
	ContentNoMessage
	// ContentOther: a PKCS#7 message with other content than signed data. EINVAL.
	ContentOther
)

// PKeyPKCS7 is the IDType of a PKCS#7 signature (PKEY_ID_PKCS7), the only one
// that kernels still take.
const PKeyPKCS7 = 2

// Signature is the trailer that scripts/sign-file appends.
type Signature struct {
	At     int64  // file offset of the PKCS#7 data
	Size   int64  // bytes of the PKCS#7 data
	IDType string // "pkcs7"; older kernels also wrote "pgp" and "x509"
	Hash   string // digest algorithm, e.g. "sha256"; "" when unreadable
	Algo   string // key algorithm, e.g. "rsa", "ecdsa"; "" when unreadable
	Signer string // issuer and serial, or the subject key id in hex
}
