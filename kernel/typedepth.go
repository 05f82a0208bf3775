package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/klplint/klplint/internal/btfkind"
)

// maxNested bounds how many types lead from one to the next before one
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
	for at := uint64(0); at+btfkind.Head <= size; {
		r.offsets = append(r.offsets, uint32(at))
		kind, parts := r.head(uint32(at))
		at += btfkind.Head + kind.Body(parts)
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

func (r *rawTypes) head(at uint32) (kind btfkind.Kind, parts uint32) {
	info := r.order.Uint32(r.types[at+4:])
	return btfkind.Kind(info >> 24 & 0x1f), info & 0xffff
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
	case btfkind.Int, btfkind.Enum, btfkind.Forward, btfkind.Float, btfkind.Enum64:
		return 0, false
	case btfkind.Array: // the elements' type, then that of the index, which is read first
		return r.word(at + btfkind.Head + 4*uint64(1-min(n, 1))), n < 2
	case btfkind.Struct, btfkind.Union:
		return r.word(at + btfkind.Head + 12*uint64(n) + 4), n < parts
	case btfkind.DataSection:
		return r.word(at + btfkind.Head + 12*uint64(n)), n < parts
	case btfkind.FuncProto:
		if n == parts { // what it returns comes last
			return r.word(at + 8), true
		}
		return r.word(at + btfkind.Head + 8*uint64(n) + 4), n < parts
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

// maxUnordered bounds the types of a kernel that are read as they are asked for, in any
// order: so many can lead from one to the next at most, which takes half of the stack
// that ends a program. Debian's 6.12 has 112,768 types.
const maxUnordered = 200_000

// readKernelTypes opens a kernel's BTF. Of more types than maxUnordered all are read, in
// the order that nested looked at.
func readKernelTypes(data []byte) (spec *btf.Spec, next uint32, err error) {
	load := func() (*btf.Spec, error) { return btf.LoadSpecFromReader(bytes.NewReader(data)) }
	raw, err := rawTypesOf(data)
	if err != nil {
		return nil, 0, err
	}
	if len(raw.offsets) > maxUnordered {
		return readTypes(data, 1, load)
	}
	spec, err = load()
	return spec, raw.next(1), err
}

// readTypes reads all types of BTF, whose ids begin with first, in the order
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
