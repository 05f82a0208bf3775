package elfread

import "github.com/klplint/klplint/klp"

// Options says what the caller knows and wants. The zero Options is useful.
type Options struct {
	// Layout of the livepatch structs, from the BTF of the kernel that the
	// modules are for; nil when none is at hand. Modules for another release
	// must not be read with it.
	Layout *klp.Layout
	// ReplaceField says which field stands in the slot of klp_patch.replace,
	// where neither debug information nor the value itself tells: klp.KindFlag,
	// KindSet or KindSets; "" leaves it to the evidence.
	ReplaceField klp.ReplaceKind
	// SHA256 asks for the digests of the file: as stored, and unpacked without
	// its signature.
	SHA256 bool
	// Types keeps the debug information of modules without BTF, for rules that compare
	// types with the kernel's.
	Types bool
}
