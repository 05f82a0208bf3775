package kernel

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/klplint/klplint/klp"
)

// namedBTF is BTF of types as words, and of strings.
func namedBTF(names string, words ...uint32) []byte {
	b := rawBTF(binary.LittleEndian, words...)
	b = append(b[:len(b)-1], names...)
	binary.LittleEndian.PutUint32(b[20:], uint32(len(names)))
	return b
}

// TestCheckModuleBTF: types and strings of a module count on from those of the base.
func TestCheckModuleBTF(t *testing.T) {
	// Two types below: an int named a, and a typedef of it named b. Eight bytes of names.
	base := namedBTF("\x00a\x00b\x00c!\x00", 1, 1<<24, 4, 32, 3, 8<<24, 1)
	const own = "x\x00y.z\x009\x00" // at 8, 10 and 14; the end is 16
	of := func(words ...uint32) *klp.Module {
		return &klp.Module{BTF: &klp.ModuleBTF{Data: namedBTF(own, words...)}}
	}
	k := &Kernel{types: typeFacts{raw: func() []byte { return base }}}
	long := make([]uint32, 0, 40*3) // each leads to the next, the last to the int
	for i := range uint32(40) {
		long = append(long, 0, 10<<24, 4+i)
	}
	long[len(long)-1] = 1
	for _, c := range []struct {
		name  string
		words []uint32
		want  string // a part of the reason, "" for none
	}{
		{"nothing", nil, ""},
		{"names of the base and of its own", []uint32{1, 8 << 24, 1, 8, 8 << 24, 2, 10, 8 << 24, 0}, ""},
		{"a name of the base that is none", []uint32{5, 8 << 24, 1}, "invalid name"},
		{"a digit first", []uint32{14, 8 << 24, 1}, "invalid name"},
		{"a digit first, of an int", []uint32{14, 1 << 24, 4, 32}, ""},
		{"an empty name", []uint32{9, 7 << 24, 0}, "invalid name"},
		{"a name behind the strings", []uint32{16, 8 << 24, 1}, "at offset 16, behind the strings"},
		{"the name of a pointer behind the strings", []uint32{17, 2 << 24, 1}, "behind the strings"},
		{"members", []uint32{0, 4<<24 | 2, 8, 8, 1, 0, 10, 1, 32}, ""},
		{"a member with an invalid name", []uint32{0, 4<<24 | 2, 8, 8, 1, 0, 14, 1, 32}, "member with an invalid name"},
		{"a member's name behind the strings", []uint32{0, 5<<24 | 1, 8, 99, 1, 0}, "member with a name at offset 99"},
		{"an enum", []uint32{0, 6<<24 | 2, 4, 8, 0, 14, 1}, "member with an invalid name"},
		{"a tag without a text", []uint32{0, 18 << 24, 1}, "invalid name"},
		{"a section", []uint32{14, 15 << 24, 4}, ""},
		{"a type that does not exist", []uint32{0, 10 << 24, 4}, "leads to the type 4"},
		{"itself", []uint32{0, 10 << 24, 3}, "to itself"},
		{"a pointer to what does not exist", []uint32{0, 2 << 24, 9}, ""},
		{"more than 32 one behind the other", long, "more than 32"},
	} {
		d, err := k.CheckModuleBTF(of(c.words...))
		switch {
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want == "" && d != nil:
			t.Errorf("%s: %+v", c.name, d)
		case c.want != "" && (d == nil || !strings.Contains(d.Reason, c.want) || d.ID != 3):
			t.Errorf("%s: %+v, want %q", c.name, d, c.want)
		}
	}
	m := of(8, 8<<24, 2)
	m.BTF.Base = namedBTF("\x00", 0, 1<<24, 4, 32) // one type, and an empty name
	if d, err := k.CheckModuleBTF(m); err != nil || d == nil || d.ID != 2 {
		t.Errorf("a base of its own: %+v, %v", d, err)
	}
	if _, err := (&Kernel{}).CheckModuleBTF(of()); !errors.Is(err, ErrNoTypes) {
		t.Errorf("no types: %v", err)
	}
	if _, err := k.CheckModuleBTF(&klp.Module{BTF: &klp.ModuleBTF{}}); !errors.Is(err, errManyTypes) {
		t.Errorf("types that were not kept: %v", err)
	}
}
