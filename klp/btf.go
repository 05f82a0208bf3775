package klp

// ModuleBTF is a module's .BTF section: its header, what a walk over its types
// met (include/uapi/linux/btf.h), and the types themselves.
type ModuleBTF struct {
	Size             uint64 // bytes of the section
	Magic            uint16 // 0xeb9f
	Version, Flags   uint8
	HdrLen           uint32
	TypeOff, TypeLen uint32 // from the end of the header
	StrOff, StrLen   uint32
	StringsEnd       bool // the last byte of the strings is a NUL, or there are none
	// TypesEnd is where the walk over the types ended, in bytes from their start:
	// TypeLen where all of them are whole and of known kinds.
	TypesEnd uint32
	// Data is the section itself, which describes what the module's types add to
	// those of a base; nil where it is larger than what is kept, 4 MiB.
	Data []byte
	// Base is .BTF.base, the part of the base that Data refers to; nil where the
	// module has none and Data builds on all of its kernel's BTF.
	Base []byte
}
