package klp

// ModuleBTF is the header of a module's .BTF section and what a walk over its
// types met (include/uapi/linux/btf.h).
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
}
