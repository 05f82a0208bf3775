package safeelf

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
)

// TestHeaders: what could make debug/elf take much memory or time is refused
// before it reads the file, and what it refuses, or takes as it is, comes out as
// an *Error that says where.
func TestHeaders(t *testing.T) {
	f := elfmut.New(elf.EM_X86_64, binary.LittleEndian)
	f.Add(&elfmut.Section{Name: ".data", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Data: make([]byte, 64)})
	good := f.Bytes()
	le := binary.LittleEndian
	ef, err := elf.NewFile(bytes.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	shoff := int64(le.Uint64(good[40:]))
	header := func(name string) int64 {
		for i, s := range ef.Sections {
			if s.Name == name {
				return shoff + int64(i)*shdrSize
			}
		}
		t.Fatalf("no section %s", name)
		return 0
	}
	names, data := header(".shstrtab"), header(".data")
	for _, tc := range []struct {
		name  string
		put   func(b []byte)
		at    int64
		cause string
		is    error
	}{
		{"byte order of a program", func(b []byte) { b[16] = byte(elf.ET_EXEC); b[elf.EI_DATA] = 3 }, 0, "unknown ELF data encoding", nil},
		{"version of a program", func(b []byte) { b[16] = byte(elf.ET_EXEC); b[elf.EI_VERSION] = 2 }, shoff, "unknown ELF version", nil},
		{"large program headers", func(b []byte) { b[16] = byte(elf.ET_EXEC); le.PutUint16(b[56:], 1); le.PutUint16(b[54:], 65535) }, 54, "e_phentsize is 65535, not 56", nil},
		{"many program headers", func(b []byte) { b[16] = byte(elf.ET_EXEC); le.PutUint16(b[56:], 65535); le.PutUint16(b[54:], 56) }, 56, "65535 program headers", ErrTooLarge},
		{"program headers beyond", func(b []byte) {
			b[16] = byte(elf.ET_EXEC)
			le.PutUint16(b[56:], 1)
			le.PutUint16(b[54:], 56)
			le.PutUint64(b[32:], 1<<40)
		}, 32, "1 program headers at", ErrTruncated},
		{"large section headers", func(b []byte) { le.PutUint16(b[58:], 65535) }, 58, "e_shentsize is 65535, not 64", nil},
		{"section headers beyond", func(b []byte) { le.PutUint64(b[40:], 1<<63) }, 40, "section headers at", ErrTruncated},
		{"many sections", func(b []byte) { le.PutUint16(b[60:], 0xfff0) }, 40, "65520 section headers at", ErrTruncated},
		{"more sections in the first header", func(b []byte) { le.PutUint16(b[60:], 0); le.PutUint64(b[shoff+32:], 1<<40) }, shoff, "1099511627776 sections, the limit is 65535", ErrTooLarge},
		{"few sections in the first header", func(b []byte) { le.PutUint16(b[60:], 0); le.PutUint64(b[shoff+32:], 2); b[62] = 1 }, shoff, "invalid ELF shnum", nil},
		{"name table's index", func(b []byte) { le.PutUint16(b[62:], 9999) }, 62, "e_shstrndx is 9999", nil},
		{"name table's type", func(b []byte) { b[names+4] = byte(elf.SHT_PROGBITS) }, shoff, "invalid ELF section name string table type", nil},
		{"large name table", func(b []byte) { le.PutUint64(b[names+32:], maxNames+1) }, names, "section name table of 16777217 bytes", ErrTooLarge},
		{"name table beyond", func(b []byte) { le.PutUint64(b[names+24:], 1<<40) }, names, "section name table of", ErrTruncated},
		{"name beyond", func(b []byte) { le.PutUint32(b[data:], 1<<20) }, shoff, "bad section name index", nil},
		{"negative offset", func(b []byte) { le.PutUint64(b[data+24:], 1<<63) }, shoff, "invalid section offset", nil},
		{"section beyond", func(b []byte) { le.PutUint64(b[data+32:], 1<<40) }, data, "1099511627776 bytes at", ErrTruncated},
	} {
		b := bytes.Clone(good)
		tc.put(b)
		_, err := New(bytes.NewReader(b), int64(len(b)))
		var e *Error
		if !errors.As(err, &e) || e.Offset != tc.at || !strings.Contains(err.Error(), tc.cause) || tc.is != nil && !errors.Is(err, tc.is) {
			t.Errorf("%s: %v, want %q at 0x%x", tc.name, err, tc.cause, tc.at)
		}
	}
}

// TestUnreadHeader: what no kernel looks at in the header of an object file makes it
// no other file, nor does a flag that a loaded section may not have.
func TestUnreadHeader(t *testing.T) {
	made := elfmut.New(elf.EM_X86_64, binary.LittleEndian)
	made.Add(&elfmut.Section{Name: ".data", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Data: make([]byte, 64)})
	good := made.Bytes()
	want, err := New(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	for name, put := range map[string]func(b []byte){
		"class":           func(b []byte) { b[elf.EI_CLASS] = 1 },
		"encoding":        func(b []byte) { b[elf.EI_DATA] = 2 },
		"version":         func(b []byte) { b[elf.EI_VERSION] = 9 },
		"e_version":       func(b []byte) { le.PutUint32(b[20:], 0) },
		"program headers": func(b []byte) { le.PutUint16(b[56:], 1); le.PutUint64(b[32:], 1<<40) },
		"compressed": func(b []byte) {
			at := le.Uint64(b[40:]) + uint64(want.Index(".data"))*shdrSize + 8
			le.PutUint64(b[at:], le.Uint64(b[at:])|uint64(elf.SHF_COMPRESSED))
		},
		"compressed names": func(b []byte) {
			at := le.Uint64(b[40:]) + uint64(le.Uint16(b[62:]))*shdrSize + 8
			le.PutUint64(b[at:], le.Uint64(b[at:])|uint64(elf.SHF_COMPRESSED))
		},
	} {
		b := bytes.Clone(good)
		put(b)
		f, err := New(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f.BigEndian || f.Machine != want.Machine || len(f.Sections) != len(want.Sections) || f.Sections[want.Index(".data")].Flags != want.Sections[want.Index(".data")].Flags {
			t.Errorf("%s: read as another file", name)
		}
	}
}

// TestNames: names are bounded one by one, and together before debug/elf copies
// each: sections may share one long name.
func TestNames(t *testing.T) {
	for _, tc := range []struct {
		length, sections int
		ok               bool
		cause            string
	}{
		{MaxName, 10, true, ""},
		{MaxName + 1, 10, false, "name of more than 4096 bytes"},
		{MaxName, 5000, false, "section names of up to 4096 bytes"},
		{250, 60000, true, ""},
		{300, 60000, false, "section names of up to 300 bytes"},
	} {
		f := elfmut.New(elf.EM_X86_64, binary.LittleEndian)
		long := f.Add(&elfmut.Section{Name: strings.Repeat("n", tc.length), Type: elf.SHT_NOBITS})
		for range tc.sections {
			f.Add(&elfmut.Section{Name: ".x", Type: elf.SHT_NOBITS})
		}
		b := f.Bytes()
		shoff := int(binary.LittleEndian.Uint64(b[40:]))
		name := binary.LittleEndian.Uint32(b[shoff+long*shdrSize:])
		for i := long; i <= long+tc.sections; i++ {
			binary.LittleEndian.PutUint32(b[shoff+i*shdrSize:], name)
		}
		_, err := New(bytes.NewReader(b), int64(len(b)))
		if (err == nil) != tc.ok || err != nil && !strings.Contains(err.Error(), tc.cause) {
			t.Errorf("%d sections with a name of %d bytes: %v", tc.sections, tc.length, err)
		}
	}
}
