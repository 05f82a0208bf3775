package elfread

import (
	"encoding/binary"
	"testing"

	"github.com/klplint/klplint/internal/safeelf"
)

// TestCheckTypes: what each kind cannot have, as kernel/bpf/btf.c has it.
func TestCheckTypes(t *testing.T) {
	const flag = 1 << 31
	info := func(kind, members uint32) uint32 { return kind<<24 | members }
	good := []uint32{
		1, info(1, 0), 4, 1<<24 | 32, // int
		0, info(2, 0), 1, // a pointer
		0, info(3, 0), 0, 1, 1, 3, // int[3]
		1, info(4, 2), 8, 1, 1, 0, 1, 1, 32, // a struct
		1, info(5, 2) | flag, 4, 1, 1, 3 << 24, 1, 1, 5 << 24, // a union of bit fields
		1, info(6, 1), 4, 1, 7, // an enum
		1, info(7, 0) | flag, 0, // a union's declaration
		1, info(8, 0), 1, // a typedef
		0, info(13, 1), 1, 0, 1, // a prototype
		1, info(12, 1), 2, // a function
		1, info(14, 0), 1, 1, // a variable
		1, info(15, 2), 8, 1, 0, 4, 1, 4, 4, // its section
		1, info(16, 0), 8, // double
		1, info(17, 0), 1, ^uint32(0), // tags
		1, info(18, 0), 1,
		1, info(19, 1), 8, 1, 7, 0, // an enum of 64 bits
	}
	p := &parser{f: &safeelf.File{}}
	check := func(words ...uint32) (uint32, string, bool) {
		var b []byte
		for _, w := range words {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
		return p.checkTypes(b)
	}
	if off, why, _ := check(good...); why != "" || off != uint32(4*len(good)) {
		t.Fatalf("good types: %d: %s", off, why)
	}
	for _, c := range []struct {
		why         string
		unsupported bool
		words       []uint32
	}{
		{"is cut off", false, []uint32{1, info(1, 0)}},
		{"is cut off", false, []uint32{1, info(1, 0), 4}},
		{"is cut off", false, []uint32{1, info(4, 2), 8, 1, 1, 0}},
		{"is of an unknown kind", false, []uint32{0, 0, 0}},
		{"is of an unknown kind", false, []uint32{0, info(20, 0), 0}},
		{"has members, which its kind cannot have", false, []uint32{0, info(2, 1), 1}},
		{"has a kind_flag, which its kind cannot have", false, []uint32{0, info(2, 0) | flag, 1}},
		{"has an invalid name", false, []uint32{1, info(10, 0), 1}},
		{"has an invalid name", false, []uint32{0, info(8, 0), 1}},
		{"has an invalid name", false, []uint32{1 << 24, info(4, 0), 1}},
		{"has an invalid type ID", false, []uint32{0, info(2, 0), 1 << 20}},
		{"has an invalid type ID", false, []uint32{1, info(14, 0), 0, 0}},
		{"is an integer with invalid bits", false, []uint32{1, info(1, 0), 4, 33}},
		{"is an integer with invalid bits", false, []uint32{1, info(1, 0), 4, 1<<28 | 32}},
		{"is an integer with an unsupported encoding", true, []uint32{1, info(1, 0), 4, 3<<24 | 32}},
		{"is an integer with an unsupported encoding", true, []uint32{1, info(1, 0), 4, 8<<24 | 32}},
		{"is an invalid array", false, []uint32{0, info(3, 0), 0, 0, 1, 3}},
		{"is an invalid array", false, []uint32{0, info(3, 0), 4, 1, 1, 3}},
		{"has a member with an invalid type ID", false, []uint32{1, info(4, 1), 8, 1, 0, 0}},
		{"has a member with an invalid name", false, []uint32{1, info(4, 1), 8, 1 << 24, 1, 0}},
		{"has a member at an invalid offset", false, []uint32{1, info(4, 1), 8, 1, 1, 65}},
		{"has a member at an invalid offset", false, []uint32{1, info(4, 2), 8, 1, 1, 32, 1, 1, 0}},
		{"has a member at an invalid offset", false, []uint32{1, info(5, 1), 8, 1, 1, 32}},
		{"is an enum of an invalid size", false, []uint32{1, info(6, 0), 3}},
		{"is an enum of an invalid size", false, []uint32{1, info(19, 0), 0}},
		{"is an enum with an invalid name", false, []uint32{1, info(6, 1), 4, 0, 7}},
		{"is a forward declaration of a type", false, []uint32{1, info(7, 0), 1}},
		{"is a function of invalid linkage", false, []uint32{1, info(12, 2), 1}},
		{"is a variable of unsupported linkage", false, []uint32{1, info(14, 0), 1, 2}},
		{"is a section without size", false, []uint32{1, info(15, 0), 0}},
		{"is a section of a variable with an invalid type ID", false, []uint32{1, info(15, 1), 8, 0, 0, 4}},
		{"is a section of a variable at an invalid offset", false, []uint32{1, info(15, 1), 8, 1, 8, 4}},
		{"is a section of a variable at an invalid offset", false, []uint32{1, info(15, 2), 8, 1, 0, 4, 1, 2, 4}},
		{"is a floating-point number of an invalid size", false, []uint32{1, info(16, 0), 3}},
		{"is a tag of an invalid component", false, []uint32{1, info(17, 0), 1, ^uint32(1)}},
	} {
		off, why, unsupported := check(append([]uint32{0, info(2, 0), 1}, c.words...)...)
		if off != 12 || why != c.why || unsupported != c.unsupported {
			t.Errorf("%#x: at %d %q, unsupported %v; want at 12 %q, %v", c.words, off, why, unsupported, c.why, c.unsupported)
		}
	}
}
