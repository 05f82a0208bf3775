package klp

import "debug/dwarf"

// ModuleDebug is a module's debug information.
type ModuleDebug struct {
	Data   *dwarf.Data // nil where it could not be read
	Reason string      // why Data is nil
}
