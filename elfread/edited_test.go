package elfread

import (
	"bytes"
	"debug/elf"
	"errors"
	"strings"
	"testing"

	"github.com/klplint/klplint/fixtures"
	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/klp"
)

// fixture takes a committed module apart, for changing.
func fixture(t testing.TB, name string) *elfmut.File {
	t.Helper()
	f, err := elfmut.Parse(fixtures.Read(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// must reads a module that is sound.
func must(t testing.TB, f *elfmut.File, o Options) *klp.Module {
	t.Helper()
	m, err := read(f.Bytes(), o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// refusal is one edit that makes a module unreadable, and what its error says.
type refusal struct {
	name    string
	edit    func(*elfmut.File)
	o       Options
	section string // that the error is about; "" for the file as a whole
	offset  uint64 // in that section
	err     string // a part of the cause
}

// refusals makes each edit on a module of its own, and wants the error at its
// place: whoever gets one looks there with a hex editor.
func refusals(t *testing.T, base func() *elfmut.File, list []refusal) {
	t.Helper()
	for _, tc := range list {
		t.Run(tc.name, func(t *testing.T) {
			f := base()
			tc.edit(f)
			b := f.Bytes()
			_, err := read(b, tc.o)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(e.Err.Error(), tc.err) {
				t.Fatalf("error %v, want one with %q", err, tc.err)
			}
			want := int64(0)
			if tc.section != "" {
				ef, err := elf.NewFile(bytes.NewReader(b))
				if err != nil {
					t.Fatal(err)
				}
				if s := ef.Section(tc.section); s.Type != elf.SHT_NOBITS { // which has no bytes to look at
					want = int64(s.Offset + tc.offset)
				}
			}
			if e.Section != tc.section || e.Offset != want {
				t.Errorf("at %s, offset 0x%x of the file; want %s, 0x%x: %v", e.Section, e.Offset, tc.section, want, err)
			}
		})
	}
}

// relocate puts a relocation at an offset of a section in place of those that
// are there.
func relocate(f *elfmut.File, section string, r elfmut.Rela) {
	f.EditRelas(".rela"+section, func(rs []elfmut.Rela) []elfmut.Rela {
		kept := rs[:0]
		for _, x := range rs {
			if x.Offset != r.Offset {
				kept = append(kept, x)
			}
		}
		return append(kept, r)
	})
}

// elsewhere adds an undefined symbol and returns its index.
func elsewhere(f *elfmut.File) uint32 {
	return uint32(f.AddSym(elfmut.Sym{Name: "elsewhere", Bind: elf.STB_GLOBAL}))
}
