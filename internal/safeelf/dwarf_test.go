package safeelf

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
)

// unit is one unit of DWARF 4 whose abbreviations start at off.
func unit(off uint32, entries ...byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(7+len(entries)))
	b = binary.LittleEndian.AppendUint32(append(b, 4, 0), off)
	return append(append(b, 8), entries...)
}

// TestCheckDWARF refuses what debug/dwarf would read at a high price.
func TestCheckDWARF(t *testing.T) {
	plain := []byte{1, 0x11, 1, 0, 0, 0}
	wide := append([]byte{1, 0x11, 1}, bytes.Repeat([]byte{0x3c, 0x19}, maxAttributes+1)...)
	var many []byte // abbreviations, one table from any offset on
	for len(many) <= maxAbbrevs {
		many = append(many, 1, 0x13, 0, 0, 0)
	}
	for _, tt := range []struct {
		name               string
		info, abbrev, text []byte
		ok                 bool
	}{
		{"nothing", nil, nil, nil, true},
		{"plain", unit(0, 1, 0), plain, []byte("a\x00"), true},
		{"cut", unit(0, 1, 0)[:9], plain, nil, true},
		{"abbreviations beyond", unit(1000), plain, nil, true},
		{"other byte order", append([]byte{0, 0, 0, 20, 0, 4}, make([]byte, 20)...), plain, nil, false},
		{"units", bytes.Repeat(unit(0), maxUnits+1), plain, nil, false},
		{"attributes", unit(0), append(wide, 0, 0, 0), nil, false},
		{"abbreviations", unit(0), many, nil, false},
		{"the same abbreviations", bytes.Repeat(unit(0), 100), many[:maxAbbrevs/2], nil, true},
		{"abbreviations by overlap", append(unit(0), append(unit(5), unit(10)...)...), many[:maxAbbrevs/2], nil, false},
		{"string", unit(0), plain, make([]byte, maxString), true},
		{"long string", unit(0), plain, append(bytes.Repeat([]byte{'s'}, maxString+1), 0), false},
		{"string without an end", unit(0), plain, bytes.Repeat([]byte{'s'}, maxString+2), false},
	} {
		f := &File{}
		err := f.checkDWARF(map[string][]byte{".debug_info": tt.info, ".debug_abbrev": tt.abbrev, ".debug_str": tt.text})
		if (err == nil) != tt.ok {
			t.Errorf("%s: error %v", tt.name, err)
		}
		if err != nil && tt.name != "other byte order" && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: error %v is not ErrTooLarge", tt.name, err)
		}
	}
}

// packed is a compressed section of size zeros.
func packed(t *testing.T, name string, size int) *elfmut.Section {
	t.Helper()
	b := binary.LittleEndian.AppendUint32(nil, uint32(elf.COMPRESS_ZLIB))
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(size))
	b = binary.LittleEndian.AppendUint64(b, 1)
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	if _, err := w.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &elfmut.Section{Name: name, Type: elf.SHT_PROGBITS, Flags: elf.SHF_COMPRESSED, Data: append(b, z.Bytes()...)}
}

// TestUnpackedTogether: the limit is for what all debug sections unpack to, not
// for each, and holds for what a compression header promises.
func TestUnpackedTogether(t *testing.T) {
	const size = 1 << 20
	f := elfmut.New(elf.EM_X86_64, binary.LittleEndian)
	f.Add(packed(t, ".debug_str", size))
	f.Add(packed(t, ".debug_line_str", size))
	b := f.Bytes()
	open := func() *File {
		e, err := New(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if got, err := open().Unpacked(open().Index(".debug_str"), size); err != nil || !bytes.Equal(got, make([]byte, size)) {
		t.Fatalf("%d bytes, error %v", len(got), err)
	}
	if _, err := open().Unpacked(open().Index(".debug_str"), size-1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte more than the limit: error %v", err)
	}
	if _, err := open().DWARF(2*size - 1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte more than the limit together: error %v", err)
	}
	if _, err := open().DWARF(2 * size); errors.Is(err, ErrTooLarge) {
		t.Errorf("the limit: error %v", err)
	}
}
