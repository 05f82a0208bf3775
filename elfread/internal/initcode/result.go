package initcode

import "github.com/klplint/klplint/klp"

// Result is what was proven.
type Result struct {
	// Decoded: the init function was followed to the end of every path. Where
	// it is false, Reason says what stopped it, and where.
	Decoded bool
	Reason  string
	// Enables holds every call of klp_enable_patch() in the sections of
	// Input.Exec, by section and offset, also those that init does not reach.
	Enables []klp.Enable
	// Args holds, for Enables of kind ArgData, where each argument points. It is
	// as long as Enables.
	Args []Place
	// Repeats: a path through init calls klp_enable_patch() again with a patch
	// that an earlier call on that path did not refuse.
	Repeats   bool
	RepeatsAt klp.Location // the later call; zero unless Repeats
	Replace   Replace
	ShadowIDs []klp.ShadowID // by section and offset of the call
}

// Replace is what klp_patch.replace holds when klp_enable_patch() is called.
// At most one of Known, Runtime and Static is set; when none is, Reason says why
// nothing could be proven.
type Replace struct {
	// Known: on every path the field holds this value.
	Known bool
	// Width of the store in bytes: 1 for bool replace, 4 for u32 replace_set, 8 for
	// a pointer; 0 when the allocation zeroes the struct and nothing is stored.
	Width   int
	Value   uint64 // as a number; 0 when Pointer is set
	Pointer *Place // the stored pointer's target, for a relocated address of data
	// Runtime: the code stores to the field, and what it stores is not a constant
	// or depends on the path.
	Runtime bool
	// Static: the patch is static data and no code of init stores to the field, so
	// that its content in the section stands.
	Static bool
	At     klp.Location // the store, zeroing allocation or module parameter that decides; zero when unknown
	Reason string       // why it is not Known; "" when Known or Static
}
