package klp

// ModuleBTF is a module's .BTF section: its header, the form of its types
// (include/uapi/linux/btf.h), and the types themselves.
type ModuleBTF struct {
	Size             uint64 // bytes of the section
	Magic            uint16 // 0xeb9f
	Version, Flags   uint8
	HdrLen           uint32
	TypeOff, TypeLen uint32 // from the end of the header
	StrOff, StrLen   uint32
	// LayoutOff and LayoutLen are of the part that headers of 32 bytes have since 7.3;
	// Unknown tells that what is behind them, up to HdrLen, is not zero.
	LayoutOff, LayoutLen uint32
	Unknown              bool
	StringsEnd           bool // the last byte of the strings is a NUL, or there are none
	// TypesEnd is where the first type lies that kernels refuse by its own form, in
	// bytes from the start of the types, and TypeDefect says why, in words that go on
	// after "the type"; TypeLen and "" where there is none. What types refer to, and
	// what their names are, is not looked at. TypeUnsupported tells that kernels answer
	// ENOTSUPP.
	TypesEnd        uint32
	TypeDefect      string
	TypeUnsupported bool
	// Data is the section itself, which describes what the module's types add to
	// those of a base; nil where it is larger than what is kept, 1.5 MiB.
	Data []byte
	// Base is .BTF.base, the part of the base that Data refers to; nil where the
	// module has none and Data builds on all of its kernel's BTF.
	Base []byte
}
