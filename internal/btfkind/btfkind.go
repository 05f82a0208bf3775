// Package btfkind knows the kinds of types in BTF and how long a type of each is
// (Documentation/bpf/btf.rst; include/uapi/linux/btf.h), for those who pass over the
// types of a file without a library.
package btfkind

// Head is the size of struct btf_type, with which every type begins, in bytes.
const Head = 12

// Kind is the kind of a type.
type Kind uint32

// The kinds, BTF_KIND_* of the kernel.
const (
	Int Kind = 1 + iota
	Pointer
	Array
	Struct
	Union
	Enum
	Forward
	Typedef
	Volatile
	Const
	Restrict
	Func
	FuncProto
	Variable
	DataSection
	Float
	DeclTag
	TypeTag
	Enum64
)

// bodies is what stands behind struct btf_type, in bytes: of the whole type, and of
// each of its members. Of a function the count of members is its linkage.
var bodies = [...]struct{ whole, member uint8 }{
	Int: {whole: 4}, Array: {whole: 12}, Variable: {whole: 4}, DeclTag: {whole: 4},
	Struct: {member: 12}, Union: {member: 12}, DataSection: {member: 12}, Enum64: {member: 12},
	Enum: {member: 8}, FuncProto: {member: 8},
}

// Known reports whether there is such a kind.
func (k Kind) Known() bool { return k >= Int && k <= Enum64 }

// Member returns the size of each member of a type of the kind, in bytes; 0 where it
// has none.
func (k Kind) Member() uint32 {
	if !k.Known() {
		return 0
	}
	return uint32(bodies[k].member)
}

// Body returns the size of what stands behind struct btf_type, in bytes, with so many
// members; 0 for an unknown kind.
func (k Kind) Body(members uint32) uint64 {
	if !k.Known() {
		return 0
	}
	return uint64(bodies[k].whole) + uint64(bodies[k].member)*uint64(members)
}
