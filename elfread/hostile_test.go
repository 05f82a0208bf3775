package elfread

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
)

// sane fails the test when a result breaks what every caller may rely on.
func sane(t *testing.T, what string, m *klp.Module, err error) {
	t.Helper()
	if (m == nil) == (err == nil) {
		t.Fatalf("%s: module %v, error %v", what, m != nil, err)
	}
	var e *Error
	if err != nil && (!errors.As(err, &e) || e.Err == nil || err.Error() == "") {
		t.Fatalf("%s: error %#v is no *Error", what, err)
	}
	if m != nil && m.Kind == "" {
		t.Fatalf("%s: module without a kind", what)
	}
}

// swept are the fixtures whose every prefix and byte is tried: one of each form.
var swept = []string{
	"../fixtures/static/many.ko", "../fixtures/kpatch/many.ko", "../fixtures/klp-build/many.ko", "../fixtures/signed/rsa.ko",
}

// TestTruncated reads every prefix of a module: a clean error, or, where only
// what the module does not need is cut, the right answer.
func TestTruncated(t *testing.T) {
	r := NewReader(Options{})
	for i, name := range swept {
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		step := 1 + 6*i // every length of the first, a sample of the others
		if testing.Short() {
			step = 61
		}
		read := 0
		for n := 0; n < len(whole); n += step {
			m, err := r.Read(strings.NewReader(string(whole[:n])), int64(n), name)
			sane(t, name, m, err)
			if err == nil {
				read++
			}
		}
		// Section headers or symbols end the file, so that only a signature can
		// be cut without an error.
		if read > len(whole)/10 {
			t.Errorf("%s: %d of %d prefixes were read without an error", name, read, len(whole))
		}
	}
}

// TestFlipped inverts every byte in turn.
func TestFlipped(t *testing.T) {
	r := NewReader(Options{})
	for n, name := range swept {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		step := 1 + 12*n
		if testing.Short() {
			step = 97
		}
		for i := 0; i < len(b); i += step {
			b[i] = ^b[i]
			m, err := r.Read(strings.NewReader(string(b)), int64(len(b)), name)
			b[i] = ^b[i]
			sane(t, name, m, err)
		}
	}
}

// TestReaderReuse reads good and damaged files with one Reader: each must come
// out as with a new one.
func TestReaderReuse(t *testing.T) {
	s := x86()
	good := s.build().Bytes()
	bad := append([]byte(nil), good[:len(good)/2]...)
	r := NewReader(Options{})
	var first string
	for i, b := range [][]byte{good, bad, good, nil, good} {
		m, err := r.Read(strings.NewReader(string(b)), int64(len(b)), "x.ko")
		sane(t, "reuse", m, err)
		if i%2 == 0 {
			if err != nil {
				t.Fatal(err)
			}
			if got := tables(m); first == "" {
				first = got
			} else if got != first {
				t.Errorf("read %d: %s, first %s", i, got, first)
			}
		}
	}
}

func ptr[T any](v T) *T { return &v }

// TestHostile reads files that are made to cost much, within a bound of memory.
// Work without end is go test's to end: what is fast on one machine is not on
// another, under the race detector.
func TestHostile(t *testing.T) {
	for _, tc := range []struct {
		name string
		edit func(*elfmut.File)
		err  string // "" when it may be read
	}{
		{"section table beyond the end", func(f *elfmut.File) { f.Claim.Shoff = ptr(uint64(1 << 40)) }, "truncated"},
		{"section table offset overflows", func(f *elfmut.File) { f.Claim.Shoff = ptr(^uint64(0) - 10) }, "truncated"},
		{"65535 sections claimed", func(f *elfmut.File) { f.Claim.Shnum = ptr(uint16(65535)) }, "truncated"},
		{"huge section headers", func(f *elfmut.File) { f.Claim.Shentsize = ptr(uint16(65535)) }, "e_shentsize is 65535"},
		{"name table index beyond", func(f *elfmut.File) { f.Claim.Shstrndx = ptr(uint16(9999)) }, "e_shstrndx is 9999"},
		{"section size overflows", func(f *elfmut.File) { f.Section(".data").Claim.Size = ptr(^uint64(0)) }, "invalid section size"},
		{"section beyond the end", func(f *elfmut.File) { f.Section(".data").Claim.Size = ptr(uint64(1 << 40)) }, "section .data: offset"},
		{"section name beyond", func(f *elfmut.File) { f.Section(".data").Claim.Name = ptr(uint32(1 << 30)) }, "name"},
		{"cycle: objs leads to the patch", func(f *elfmut.File) {
			f.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela { rs[1].Addend = 0; return rs })
		}, "klp_object"},
		{"cycle: funcs leads to the objects", func(f *elfmut.File) {
			f.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela { rs[2].Addend = rs[1].Addend; return rs })
		}, ""},
		{"pointer beyond its section", func(f *elfmut.File) {
			f.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela { rs[2].Addend = 1 << 40; return rs })
		}, "past the end of the section"},
		{"negative addend", func(f *elfmut.File) {
			f.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela { rs[2].Addend = -8; return rs })
		}, "past the end of the section"},
		{"symbol beyond the table", func(f *elfmut.File) {
			f.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela { rs[2].Sym = 1 << 30; return rs })
		}, "refers to symbol 1073741824"},
		{"relocation of another type", func(f *elfmut.File) {
			f.EditRelas(".rela.data", func(rs []elfmut.Rela) []elfmut.Rela { rs[3].Type = 11; return rs })
		}, "relocation of type 11"},
		{"unterminated name", func(f *elfmut.File) {
			s := f.Section(".rodata.str1.8")
			s.Data = append([]byte(strings.Repeat("x", 5000)), 0)
		}, "unterminated name"},
		{"compressed table", func(f *elfmut.File) { f.Section(".data").Flags |= elf.SHF_COMPRESSED }, ""},
		{"many overlapping livepatch sections", func(f *elfmut.File) {
			f.AddSym(elfmut.Sym{Name: ".klp.sym.vmlinux.x,0", Shndx: klp.SHNLivepatch})
			relas := make([]elfmut.Rela, 30000) // R_X86_64_NONE, all at offset 0
			f.AddRelas(".klp.rela.vmlinux..text", ".text", klp.SHFRelaLivepatch|elf.SHF_ALLOC, relas)
			first := f.Section(".klp.rela.vmlinux..text")
			ef, err := elf.NewFile(bytes.NewReader(f.Bytes()))
			if err != nil {
				panic(err)
			}
			for range 1000 {
				s := *first
				s.Data, s.Claim.Offset, s.Claim.Size = nil, ptr(ef.Section(first.Name).Offset), ptr(uint64(30000*24))
				f.Add(&s)
			}
		}, "more than 1048576 relocations"},
		{"many names that are one long string", func(f *elfmut.File) {
			syms := f.Syms()
			long := strings.Repeat("n", 4000)
			for range 20000 {
				syms = append(syms, elfmut.Sym{Name: long, Bind: elf.STB_GLOBAL})
			}
			f.SetSyms(syms)
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := x86().build()
			tc.edit(f)
			b := f.Bytes()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			m, err := read(b, Options{})
			runtime.ReadMemStats(&after)
			sane(t, tc.name, m, err)
			if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 128 {
				t.Errorf("allocated %d MiB", n)
			}
			if tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)) {
				t.Errorf("error %v, want one with %q", err, tc.err)
			}
		})
	}
}

// TestNotELF tells what a file is that is no ELF file.
func TestNotELF(t *testing.T) {
	for _, tc := range []struct {
		content string
		want    error
	}{
		{"", ErrEmpty},
		{"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", ErrLFSPointer},
		{"<!DOCTYPE html>\n<html>404", ErrHTML},
		{" <HTML><body>", ErrHTML},
		{"obj-m := a.o\n", ErrText},
		{"\x7fEL", ErrNotELF},
		{"\x00\x01\x02\x03binary", ErrNotELF},
		{"\x7fELF", errAny},
		{"\x1f\x8b\x08\x00", errAny},
		{"\xfd7zXZ\x00\x00", errAny},
		{"\x28\xb5\x2f\xfd\x00", errAny},
	} {
		_, err := read([]byte(tc.content), Options{})
		var e *Error
		if !errors.As(err, &e) || e.Path != "test.ko" || !errors.Is(tc.want, errAny) && !errors.Is(err, tc.want) {
			t.Errorf("%q: error %v, want %v", tc.content, err, tc.want)
		}
	}
	if _, err := Open(t.TempDir(), Options{}); !errors.Is(err, ErrDirectory) {
		t.Errorf("a directory: %v", err)
	}
}

var errAny = errors.New("any error")

// TestReplaceBytes tells true, 1 and other numbers apart by their bytes.
func TestReplaceBytes(t *testing.T) {
	le, be := binary.ByteOrder(binary.LittleEndian), binary.ByteOrder(binary.BigEndian)
	for _, tc := range []struct {
		order  binary.ByteOrder
		slot   []byte
		option klp.ReplaceKind
		kind   klp.ReplaceKind
		value  uint32
		source klp.FieldSource
		err    bool
	}{
		{le, []byte{0}, "", klp.KindFlag, 0, klp.FieldAssumed, false},
		{le, []byte{1}, "", klp.KindFlag, 1, klp.FieldAssumed, false},
		{le, []byte{1}, klp.KindSet, klp.KindSet, 1, klp.FieldOption, false},
		{le, []byte{2}, "", klp.KindSet, 2, klp.FieldValue, false},
		{le, []byte{0, 1}, "", klp.KindSet, 256, klp.FieldValue, false},
		{le, []byte{2}, klp.KindFlag, "", 0, "", true},
		{le, []byte{0, 0, 0, 0, 1}, "", "", 0, "", true},
		{be, []byte{1}, "", klp.KindFlag, 1, klp.FieldAssumed, false},
		{be, []byte{0, 0, 0, 1}, "", klp.KindSet, 1, klp.FieldValue, false},
		{be, []byte{0, 0, 0, 7}, "", klp.KindSet, 7, klp.FieldValue, false},
		{be, []byte{1}, klp.KindSet, klp.KindSet, 1 << 24, klp.FieldOption, false},
	} {
		p := &parser{m: &klp.Module{}, o: &Options{ReplaceField: tc.option}, f: fileOf(t, tc.order)}
		slot := append(append([]byte(nil), tc.slot...), make([]byte, 8-len(tc.slot))...)
		e, err := p.dataEvidence(slot, false)
		var kind klp.ReplaceKind
		var source klp.FieldSource
		if err == nil {
			kind, source, err = p.replaceField(e)
		}
		if (err != nil) != tc.err {
			t.Errorf("% x %q: error %v", tc.slot, tc.option, err)
			continue
		}
		if err != nil {
			continue
		}
		value := p.f.Uint32(slot)
		if kind == klp.KindFlag {
			value = uint32(slot[0])
		}
		if kind != tc.kind || source != tc.source || value != tc.value {
			t.Errorf("%v % x %q: %s %d by %s, want %s %d by %s", tc.order, tc.slot, tc.option, kind, value, source, tc.kind, tc.value, tc.source)
		}
	}
}
