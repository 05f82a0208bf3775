package klp

// Layout gives sizes and offsets, in bytes, of the livepatch structs as one
// kernel was built. Sizes differ between configurations (debug options enlarge
// kobject), offsets of the author's fields between releases.
type Layout struct {
	Source LayoutSource

	PatchSize, ObjectSize, FuncSize, StateSize uint64

	PatchMod, PatchObjs uint64
	// PatchStates is the offset of klp_patch.states; meaningless unless HasStates.
	PatchStates uint64
	HasStates   bool // struct klp_state exists (5.5 and later)
	// PatchReplace is the offset of the field that decides about replacing.
	PatchReplace uint64
	// ReplaceField is that field's type where the source of the layout tells
	// it, else KindUnknown.
	ReplaceField ReplaceKind
	// PatchSupersedes is the offset of the proposed supersedes pointer; 0 = none.
	PatchSupersedes uint64

	ObjectName, ObjectFuncs uint64
	// ObjectCallbacks is the offset of klp_object.callbacks; meaningless unless HasCallbacks.
	ObjectCallbacks uint64
	HasCallbacks    bool

	FuncName, FuncNew, FuncSympos uint64
	StateID, StateVersion         uint64
}

// LayoutSource says what decided the layout.
type LayoutSource string

// The sources, as they stand in JSON.
const (
	LayoutRelocations LayoutSource = "relocations" // spacing of the relocated pointers
	LayoutSymbols     LayoutSource = "symbols"     // sizes of the array symbols
	LayoutBTF         LayoutSource = "btf"         // a given kernel's BTF
	LayoutDWARF       LayoutSource = "dwarf"       // the module's own debug info
	LayoutBuiltin     LayoutSource = "builtin"     // the table by kernel release
)
