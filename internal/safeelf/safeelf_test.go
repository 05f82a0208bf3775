package safeelf

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
)

// files returns fixtures of several forms, and one that is put together.
func files(t testing.TB) [][]byte {
	t.Helper()
	f := elfmut.New(elf.EM_S390, binary.BigEndian)
	f.Add(&elfmut.Section{Name: ".data", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Data: make([]byte, 64)})
	f.AddSym(elfmut.Sym{Name: "a_symbol", Type: elf.STT_OBJECT, Shndx: 4, Value: 8, Size: 16})
	f.AddRelas(".rela.data", ".data", 0, []elfmut.Rela{{Offset: 8, Sym: 1, Type: 22, Addend: -3}})
	list := [][]byte{f.Bytes()}
	for _, name := range []string{"static/many.ko", "kpatch/many.ko", "static/debug.ko"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "fixtures", name))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, b)
	}
	return list
}

// TestAgainstDebugELF compares symbols and relocations with debug/elf's own
// reading, from memory and through a reader.
func TestAgainstDebugELF(t *testing.T) {
	for n, b := range files(t) {
		ef, err := elf.NewFile(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		want, err := ef.Symbols()
		if err != nil {
			t.Fatal(err)
		}
		var s Source
		s.ResetBytes(b)
		whole, err := NewFile(&s)
		if err != nil {
			t.Fatal(err)
		}
		pieces, err := New(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []*File{whole, pieces} {
			tab, err := f.Symbols()
			if err != nil {
				t.Fatal(err)
			}
			if tab.Len() != len(want)+1 {
				t.Fatalf("file %d: %d symbols, want %d", n, tab.Len(), len(want)+1)
			}
			names := tab.Names()
			for i, y := range tab.All() {
				if i == 0 {
					continue
				}
				w := want[i-1]
				raw := tab.Name(y)
				name := names[y.NameOff : int(y.NameOff)+len(raw)]
				if raw == nil || name != w.Name || name != string(raw) || y.Info != w.Info || y.Shndx != uint16(w.Section) || y.Value != w.Value || y.Size != w.Size {
					t.Fatalf("file %d, symbol %d: %+v %q, want %+v", n, i, y, name, w)
				}
			}
			for i, sec := range f.Sections {
				if sec.Name != ef.Sections[i].Name {
					t.Fatalf("file %d, section %d: name %q, want %q", n, i, sec.Name, ef.Sections[i].Name)
				}
				data, err := f.Data(i)
				if err != nil {
					t.Fatal(err)
				}
				if sec.Type == elf.SHT_NOBITS || sec.Type == elf.SHT_NULL {
					continue
				}
				if w, err := ef.Sections[i].Data(); err != nil || !bytes.Equal(data, w) {
					t.Fatalf("file %d, section %s differs: %v", n, sec.Name, err)
				}
				if sec.Type != elf.SHT_RELA {
					continue
				}
				r, err := f.Relas(i)
				if err != nil {
					t.Fatal(err)
				}
				for j := range r.Len() {
					var w elf.Rela64
					if err := binary.Read(bytes.NewReader(data[j*RelaSize:]), ef.ByteOrder, &w); err != nil {
						t.Fatal(err)
					}
					if e := r.At(j); e.Off != w.Off || e.Sym != elf.R_SYM64(w.Info) || e.Type != elf.R_TYPE64(w.Info) || e.Addend != w.Addend {
						t.Fatalf("file %d, %s %d: %+v, want %+v", n, sec.Name, j, e, w)
					}
				}
			}
			if f.End > f.Size {
				t.Errorf("file %d: ends at %d of %d", n, f.End, f.Size)
			}
		}
	}
}

// TestReuse reads several files with one Source.
func TestReuse(t *testing.T) {
	var s Source
	for range 2 {
		for n, b := range files(t) {
			s.Reset(bytes.NewReader(b), int64(len(b)), 0)
			f, err := NewFile(&s)
			if err != nil {
				t.Fatal(err)
			}
			i := f.Index(".symtab")
			data, err := f.Data(i)
			if err != nil || !bytes.Equal(data, b[f.Sections[i].Offset:][:f.Sections[i].FileSize]) {
				t.Fatalf("file %d: %v", n, err)
			}
		}
	}
}

// TestBudget: more than the budget is an error.
func TestBudget(t *testing.T) {
	b := files(t)[3]
	f, err := NewBudget(bytes.NewReader(b), int64(len(b)), 40<<10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Data(f.Index(".debug_info")); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error %v", err)
	}
	if _, err := f.DWARF(1000); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error %v", err)
	}
}

func TestErrors(t *testing.T) {
	good := files(t)[0]
	for _, tc := range []struct {
		name string
		b    []byte
		want error
	}{
		{"empty", nil, ErrNotELF},
		{"text", []byte("hello, this is text"), ErrNotELF},
		{"identification cut", good[:10], ErrTruncated},
		{"header cut", good[:40], ErrTruncated},
		{"table cut", good[:len(good)-1], ErrTruncated},
		{"32 bits", append([]byte("\x7fELF\x01\x01\x01"), make([]byte, 100)...), Err32Bit},
	} {
		if _, err := New(bytes.NewReader(tc.b), int64(len(tc.b))); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
	f := elfmut.New(elf.EM_X86_64, binary.LittleEndian)
	f.Remove(".symtab")
	b := f.Bytes()
	e, err := New(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Symbols(); !errors.Is(err, ErrNoSymbols) {
		t.Errorf("error %v", err)
	}
	if _, err := e.Data(99); err == nil {
		t.Error("section 99 without an error")
	}
}

// FuzzNew: whatever the headers say, what is handed out lies within the file.
func FuzzNew(f *testing.F) {
	for _, b := range files(f)[:3] {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := New(bytes.NewReader(b), int64(len(b)))
		if (e == nil) == (err == nil) {
			t.Fatalf("file %v, error %v", e != nil, err)
		}
		if err != nil {
			return
		}
		for i, s := range e.Sections {
			if data, err := e.Data(i); err == nil && len(data) > len(b) {
				t.Fatalf("section %s has %d bytes of %d", s.Name, len(data), len(b))
			}
			if r, err := e.Relas(i); err == nil && r.Len() > 0 {
				_ = r.At(r.Len() - 1)
			}
		}
		if tab, err := e.Symbols(); err == nil {
			for _, y := range tab.All() {
				_ = tab.Name(y)
				_ = tab.HasPrefix(y, ".klp.")
			}
		}
	})
}
