package kernel

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/klplint/klplint/klp"
)

// rawBTF is BTF of types as words, without names.
func rawBTF(order binary.ByteOrder, words ...uint32) []byte {
	b := make([]byte, 24+4*len(words)+1)
	order.PutUint16(b, 0xeb9f)
	b[2] = 1
	for i, w := range []uint32{24, 0, 4 * uint32(len(words)), 4 * uint32(len(words)), 1} {
		order.PutUint32(b[4+4*i:], w)
	}
	for i, w := range words {
		order.PutUint32(b[24+4*i:], w)
	}
	return b
}

// All kinds of types that refer to others are followed, in both orders of bytes.
func TestNestedTypes(t *testing.T) {
	for _, c := range []struct {
		name  string
		words []uint32
		want  int
	}{
		{"nothing", nil, 0},
		{"int", []uint32{0, 1 << 24, 4, 32}, 1},
		{"pointer to itself", []uint32{0, 2 << 24, 1}, 1},
		{"beyond the end", []uint32{0, 2 << 24, 9}, 1},
		{"const, volatile, void", []uint32{0, 10 << 24, 2, 0, 9 << 24, 0}, 2},
		{"what was read is no step", []uint32{0, 9 << 24, 0, 0, 10 << 24, 1}, 1},
		{"struct by its second member", []uint32{0, 4<<24 | 2, 8, 0, 0, 0, 0, 2, 0, 0, 2 << 24, 0}, 2},
		{"array by its elements, behind the index", []uint32{0, 3 << 24, 0, 2, 3, 1, 0, 2 << 24, 0, 0, 1 << 24, 4, 32}, 2},
		{"function by its parameter", []uint32{0, 12 << 24, 2, 0, 13<<24 | 1, 0, 0, 3, 0, 2 << 24, 0}, 3},
		{"function by its result", []uint32{0, 13<<24 | 1, 2, 0, 0, 0, 2 << 24, 0}, 2},
		{"variable in a section", []uint32{0, 15<<24 | 1, 8, 2, 0, 8, 0, 14 << 24, 3, 0, 0, 2 << 24, 0}, 3},
		{"an enum's values are none", []uint32{0, 6<<24 | 1, 4, 0, 2, 0, 19<<24 | 1, 8, 0, 1, 1}, 1},
	} {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			raw, err := rawTypesOf(rawBTF(order, c.words...))
			if err != nil || raw.nested(1) != c.want {
				t.Errorf("%s: %d, %v, want %d", c.name, raw.nested(1), err, c.want)
			}
		}
	}
	for _, bad := range [][]byte{nil, make([]byte, 19), rawBTF(binary.LittleEndian, 0, 2<<24, 1)[:30]} {
		if _, err := rawTypesOf(bad); err == nil {
			t.Errorf("%d bytes are BTF", len(bad))
		}
	}
}

// The library reads a type with all that it leads to by calling itself: a module's
// longest chain is refused, in its own BTF and in that of its base.
func TestChainsOfTypesAreRefused(t *testing.T) {
	chain := func(n uint32) []byte {
		words := make([]uint32, 0, 3*n)
		for i := range n {
			words = append(words, 0, 10<<24, (i+2)%(n+1)) // const of the next one, the last of void
		}
		return rawBTF(binary.LittleEndian, words...)
	}
	empty := specOf(t, &btf.Int{Name: "int", Size: 4})
	for _, c := range []struct {
		name       string
		data, base []byte
		refused    bool
	}{
		{"short", chain(maxNested), nil, false},
		{"long", chain(maxNested + 1), nil, true},
		{"the longest that is kept", chain(1 << 17), nil, true},
		{"of the base", chain(1), chain(1 << 17), true},
	} {
		m := &klp.Module{BTF: &klp.ModuleBTF{Data: c.data, Base: c.base}}
		_, err := typesOfBTF(m, empty, 1)
		if err == nil || errors.Is(err, errNested) != c.refused || c.refused != errors.Is(err, ErrNoModuleTypes) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A kernel's types are read in any order, unless there are more than the stack holds.
func TestKernelsWithManyTypes(t *testing.T) {
	chain := func(next func(i uint32) uint32) []byte {
		words := make([]uint32, 0, 3*(maxUnordered+1))
		for i := range uint32(maxUnordered + 1) {
			words = append(words, 0, 10<<24, next(i))
		}
		return rawBTF(binary.LittleEndian, words...)
	}
	if _, _, err := readKernelTypes(chain(func(i uint32) uint32 { return (i + 2) % (maxUnordered + 2) })); !errors.Is(err, errNested) {
		t.Errorf("each leads to the next: %v", err)
	}
	// Each leads to the one before, which was read.
	spec, next, err := readKernelTypes(chain(func(i uint32) uint32 { return i }))
	if err != nil || next != maxUnordered+2 {
		t.Fatalf("each leads to the one before: %d, %v", next, err)
	}
	if _, err := spec.TypeByID(maxUnordered + 1); err != nil {
		t.Error(err)
	}
	if _, err := readBTF(chain(func(i uint32) uint32 { return (i + 2) % (maxUnordered + 2) })); !errors.Is(err, errNested) {
		t.Errorf("facts of a kernel: %v", err)
	}
}
