package klp

// ModuleDebug is the sections of a module's debug information that tell types, with
// relocations applied. They are parts of what the module was read from, and hold
// until its reader reads another one.
type ModuleDebug struct {
	Info, Abbrev, Str, LineStr, StrOffsets []byte
	BigEndian                              bool
	Reason                                 string // why they could not be read; "" where they could
}
