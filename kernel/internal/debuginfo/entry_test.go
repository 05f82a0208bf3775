package debuginfo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
)

// TestReference: what leads to another unit is told apart from what leads nowhere.
func TestReference(t *testing.T) {
	u := &Unit{header: header{start: 100, size: 50, version: 5, offset: 4}, sections: &Sections{Order: binary.LittleEndian}}
	for _, c := range []struct {
		form uint64
		to   byte
		at   int
		err  error
	}{
		{formRefAddr, 110, 10, nil},
		{formRefAddr, 99, 0, ErrAcrossUnits},
		{formRefAddr, 150, 0, ErrAcrossUnits},
		{formRef4, 49, 49, nil},
		{formRef4, 50, 0, ErrDamaged},
		{formRefSig8, 10, 0, ErrTypeUnits},
	} {
		u.b = []byte{c.to, 0, 0, 0, 0, 0, 0, 0}
		v := Value{unit: u, form: c.form}
		if at, err := v.Reference(); !errors.Is(err, c.err) || at != c.at {
			t.Errorf("form %#x to %d: %d, %v", c.form, c.to, at, err)
		}
	}
}

// TestInt: constants of every form, in both orders of bytes.
func TestInt(t *testing.T) {
	for _, c := range []struct {
		form  uint64
		bytes []byte
		big   bool
		want  int64
		ok    bool
	}{
		{formData1, []byte{0xff}, false, 255, true},
		{formData2, []byte{1, 2}, false, 0x201, true},
		{formData2, []byte{1, 2}, true, 0x102, true},
		{formData8, slices.Repeat([]byte{0xff}, 8), false, -1, true},
		{formUdata, []byte{0x80, 1}, false, 128, true},
		{formSdata, []byte{0x7f}, false, -1, true},
		{formSdata, []byte{0x80, 0x7f}, false, -128, true},
		{formSdata, []byte{0x3f}, false, 63, true},
		{formSdata, append(slices.Repeat([]byte{0x80}, 9), 0x7f), false, -1 << 63, true},
		{formImplicitConst, nil, false, -7, true},
		{formString, []byte{1, 0}, false, 0, false},
	} {
		s := &Sections{Order: binary.LittleEndian}
		if c.big {
			s.Order = binary.BigEndian
		}
		v := Value{unit: &Unit{sections: s, b: c.bytes}, form: c.form, implicit: -7}
		if got, ok := v.Int(); got != c.want || ok != c.ok {
			t.Errorf("form %#x of % x: %d, %t", c.form, c.bytes, got, ok)
		}
	}
}

// A million entries may share one name: it is not searched to its end.
func TestLongNamesAreCut(t *testing.T) {
	long := append(bytes.Repeat([]byte("n"), 1<<20), 0)
	for _, c := range []struct {
		at   uint64
		want int
	}{{0, maxName}, {1 << 20, 0}, {1<<20 - 3, 3}, {1<<20 - maxName + 1, maxName - 1}, {1 << 21, 0}} {
		if got := len(stringAt(long, c.at, maxName)); got != c.want {
			t.Errorf("at %d: %d bytes, want %d", c.at, got, c.want)
		}
	}
}
