package klp

// Replace is what the module says about replacing others: the content of one
// field of struct klp_patch, and how it came to be known.
type Replace struct {
	Kind ReplaceKind
	Flag bool     // for KindFlag: bool replace
	Set  uint32   // for KindSet: u32 replace_set
	Sets []uint32 // for KindSets: the zero-terminated array, terminator left out
	// SetsNull: the field is a pointer to such an array and is NULL.
	SetsNull bool
	// Supersedes lists further sets to evict (the proposed u32 *supersedes);
	// nil where the field does not exist.
	Supersedes  []uint32
	Source      ReplaceSource
	FieldSource FieldSource
	Reason      string   // why the value is unknown or decided at run time
	At          Location // the data or the instruction that decides; zero when unknown
	// Param is the module parameter that decides, where Source is FromRuntime and
	// one can be told; nil otherwise.
	Param *Param
}

// ReplaceKind tells which field of struct klp_patch the module was compiled with.
type ReplaceKind string

// The fields: mainline's bool, the proposed number, the proposed list.
const (
	KindFlag    ReplaceKind = "flag"
	KindSet     ReplaceKind = "set"
	KindSets    ReplaceKind = "sets"
	KindUnknown ReplaceKind = "unknown"
)

// ReplaceSource says where the value was read.
type ReplaceSource string

// The sources of the value.
const (
	FromData    ReplaceSource = "data"    // a byte, word or array in the module's data
	FromCode    ReplaceSource = "code"    // an immediate in init code
	FromRuntime ReplaceSource = "runtime" // init code stores a value that is not constant
	FromNone    ReplaceSource = "none"    // not found, or described by hand
)

// FieldSource says how it is known which field stands there.
type FieldSource string

// The sources of the field's type.
const (
	FieldDWARF   FieldSource = "dwarf"   // the module's debug info
	FieldBTF     FieldSource = "btf"     // a given kernel's BTF
	FieldValue   FieldSource = "value"   // the value itself: above 1, a relocated pointer, the width of a store
	FieldOption  FieldSource = "option"  // --replace-field
	FieldAssumed FieldSource = "assumed" // mainline's flag, for want of evidence
)

// Known reports whether the value is proven: a kind is known and the value
// does not depend on a module parameter.
func (r *Replace) Known() bool {
	return r.Kind != KindUnknown && r.Source != FromRuntime
}
