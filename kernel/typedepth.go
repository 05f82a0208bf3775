package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cilium/ebpf/btf"
)

// maxNested bounds how many types of a module lead from one to the next before one
// that was read. The library reads them by calling itself, which takes 4 KiB of stack
// for each, and Go ends a program whose stack has 1 GB. Of the modules of Debian's 6.12
// cxgb4 has the most, 148; its vmlinux has 209.
const maxNested = 1 << 12

// rawTypes is the list of types in BTF (Documentation/bpf/btf.rst).
type rawTypes struct {
	order   binary.ByteOrder
	types   []byte
	offsets []uint32 // of each type, in the order of ids
}

// typeHead is the size of struct btf_type in bytes.
const typeHead = 12

// Kinds of types.
const (
	kindInt, kindPointer, kindArray, kindStruct, kindUnion, kindEnum, kindFwd = 1, 2, 3, 4, 5, 6, 7
	kindTypedef, kindVolatile, kindConst, kindRestrict                        = 8, 9, 10, 11
	kindFunc, kindProto, kindVar, kindDataSection, kindFloat, kindDeclTag     = 12, 13, 14, 15, 16, 17
	kindTypeTag, kindEnum64                                                   = 18, 19
)

// rawTypesOf finds where the types begin. What is no BTF is an error.
func rawTypesOf(data []byte) (*rawTypes, error) {
	const header = 20 // up to and with the place of the types
	if len(data) < header {
		return nil, fmt.Errorf("BTF of %d bytes", len(data))
	}
	r := &rawTypes{order: orderOfBTF(data)}
	from := uint64(r.order.Uint32(data[4:])) + uint64(r.order.Uint32(data[8:]))
	size := uint64(r.order.Uint32(data[12:]))
	if from > uint64(len(data)) || size > uint64(len(data))-from {
		return nil, fmt.Errorf("BTF of %d bytes, with types up to %d", len(data), from+size)
	}
	r.types = data[from : from+size]
	for at := uint64(0); at+typeHead <= size; {
		r.offsets = append(r.offsets, uint32(at))
		kind, parts := r.head(uint32(at))
		at += typeHead
		switch kind {
		case kindInt, kindVar, kindDeclTag:
			at += 4
		case kindArray, kindStruct, kindUnion, kindDataSection, kindEnum64:
			if kind == kindArray {
				parts = 1
			}
			at += 12 * uint64(parts)
		case kindEnum, kindProto:
			at += 8 * uint64(parts)
		}
	}
	return r, nil
}

// orderOfBTF tells the byte order by the magic.
func orderOfBTF(data []byte) binary.ByteOrder {
	if data[0] == 0xeb {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func (r *rawTypes) head(at uint32) (kind, parts uint32) {
	info := r.order.Uint32(r.types[at+4:])
	return info >> 24 & 0x1f, info & 0xffff
}

// word is a number of four bytes; 0 behind the end.
func (r *rawTypes) word(at uint64) uint32 {
	if at+4 > uint64(len(r.types)) {
		return 0
	}
	return r.order.Uint32(r.types[at:])
}

// refers returns the n-th type that a type refers to; false where it has fewer.
func (r *rawTypes) refers(type_ int, n uint32) (id uint32, ok bool) {
	at := uint64(r.offsets[type_])
	kind, parts := r.head(uint32(at))
	switch kind {
	case kindInt, kindEnum, kindFwd, kindFloat, kindEnum64:
		return 0, false
	case kindArray: // the elements' type, then that of the index, which is read first
		return r.word(at + typeHead + 4*uint64(1-min(n, 1))), n < 2
	case kindStruct, kindUnion:
		return r.word(at + typeHead + 12*uint64(n) + 4), n < parts
	case kindDataSection:
		return r.word(at + typeHead + 12*uint64(n)), n < parts
	case kindProto:
		if n == parts { // what it returns comes last
			return r.word(at + 8), true
		}
		return r.word(at + typeHead + 8*uint64(n) + 4), n < parts
	}
	return r.word(at + 8), n == 0
}

// nested returns how many types lead from one to the next, at most, where each is
// read with all that it leads to, in the order of ids from first on, those that were
// read left out. Types in front of first are the base's.
func (r *rawTypes) nested(first uint32) int {
	type step struct {
		index int
		next  uint32
	}
	read := make([]bool, len(r.offsets))
	deepest := 0
	var stack []step
	for i := range r.offsets {
		if read[i] {
			continue
		}
		read[i] = true
		stack = append(stack[:0], step{index: i})
		for len(stack) > 0 {
			deepest = max(deepest, len(stack))
			top := &stack[len(stack)-1]
			id, ok := r.refers(top.index, top.next)
			if !ok {
				stack = stack[:len(stack)-1]
				continue
			}
			top.next++
			if to := int64(id) - int64(first); to >= 0 && to < int64(len(read)) && !read[to] {
				read[to] = true
				stack = append(stack, step{index: int(to)})
			}
		}
	}
	return deepest
}

// next is the id behind the last type, where the first has another.
func (r *rawTypes) next(first uint32) uint32 { return first + uint32(len(r.offsets)) }

// errNested says that types lead from one to the next too often.
var errNested = errors.New("types nested too deep")

// readTypes reads all types of a module's BTF, whose ids begin with first, in the order
// that nested looked at. next is the id behind the last one.
func readTypes(data []byte, first uint32, load func() (*btf.Spec, error)) (spec *btf.Spec, next uint32, err error) {
	raw, err := rawTypesOf(data)
	if err != nil {
		return nil, 0, err
	}
	if n := raw.nested(first); n > maxNested {
		return nil, 0, fmt.Errorf("%w: %d lead from one to the next, the limit is %d", errNested, n, maxNested)
	}
	if spec, err = load(); err != nil {
		return nil, 0, err
	}
	for _, err := range spec.All() {
		if err != nil {
			return nil, 0, err
		}
	}
	return spec, raw.next(first), nil
}
