package kernel

// Source is one file or folder that a Kernel was learned from.
type Source struct {
	Path string // as given, or as found in a given folder
	Kind SourceKind
	// Note says what could not be read of it, "" when nothing is missing.
	Note string
}

// SourceKind says what a file turned out to be.
type SourceKind string

// The kinds, as they stand in JSON.
const (
	BootImage    SourceKind = "vmlinuz"          // bzImage, EFI zboot, arm64 Image
	VmlinuxELF   SourceKind = "vmlinux"          // linked kernel, stripped or not
	SymbolList   SourceKind = "symbols"          // System.map or /proc/kallsyms
	FilterList   SourceKind = "filter-functions" // available_filter_functions, or its _addrs form
	SymVers      SourceKind = "symvers"          // Module.symvers
	ConfigFile   SourceKind = "config"           // .config, or /proc/config.gz
	RawBTF       SourceKind = "btf"              // /sys/kernel/btf/vmlinux
	ModuleFolder SourceKind = "modules"          // /lib/modules/REL
	Unread       SourceKind = "unread"           // found in a folder, and of no use
)

// part is what one source contributes.
type part struct {
	source  Source
	release string // "" when the source carries none
	image   *imageFacts
	copies  *inlinedCopies
	text    *symbolText
	filter  *filterList
	exports *exportTable
	config  configuration
	types   *typeFacts
	modules *moduleTree
}
