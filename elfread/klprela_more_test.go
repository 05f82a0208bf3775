package elfread

import (
	"crypto/sha256"
	"debug/dwarf"
	"debug/elf"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/klplint/klplint/fixtures"
	"github.com/klplint/klplint/internal/elfmut"
	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// TestWrongKlpRela changes one thing of a livepatch relocation section at a
// time, and wants the reason why the kernel would pass it over.
func TestWrongKlpRela(t *testing.T) {
	for _, tt := range []struct {
		edit func(*elfmut.File, *elfmut.Section)
		want string
	}{
		{func(*elfmut.File, *elfmut.Section) {}, ""},
		{func(_ *elfmut.File, s *elfmut.Section) { s.Type = elf.SHT_PROGBITS }, "type is SHT_PROGBITS, not SHT_RELA"},
		{func(_ *elfmut.File, s *elfmut.Section) { s.Flags &^= klp.SHFRelaLivepatch }, "SHF_RELA_LIVEPATCH"},
		{func(_ *elfmut.File, s *elfmut.Section) { s.Flags &^= elf.SHF_ALLOC }, "flag SHF_ALLOC is missing"},
		{func(_ *elfmut.File, s *elfmut.Section) { s.Link++ }, "sh_link is section"},
		{func(_ *elfmut.File, s *elfmut.Section) { s.Info = 60000 }, "sh_info is 60000, the file has"},
		{func(_ *elfmut.File, s *elfmut.Section) { s.Info = 0 }, "which is not loaded"},
		{func(f *elfmut.File, s *elfmut.Section) { s.Info = uint32(f.Index(".modinfo")) }, `but sh_info to ".modinfo"`},
		{func(f *elfmut.File, s *elfmut.Section) { s.Info = uint32(f.Index(".strtab")) }, "which is not loaded"},
	} {
		f, err := elfmut.Parse(fixtures.Read(t, "klp-relocs/both.ko"))
		if err != nil {
			t.Fatal(err)
		}
		var name string
		for _, s := range f.Sections {
			if strings.HasPrefix(s.Name, relaPrefix) {
				name = s.Name
				tt.edit(f, s)
				break
			}
		}
		m, err := read(f.Bytes(), Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.want, err)
			continue
		}
		for _, k := range m.KlpRelas {
			why, _ := replace.KlpRelaDefect(m, &k)
			if k.Section == name && (!strings.Contains(why, tt.want) || tt.want == "" && why != "") {
				t.Errorf("%s: defect %q, want %q", name, why, tt.want)
			}
		}
	}
}

// TestSHA256 digests files as stored: in one piece, in several, and packed.
func TestSHA256(t *testing.T) {
	for _, name := range []string{"static/one-func.ko", "static/debug.ko", "packed/one-func.ko.xz"} {
		sum := sha256.Sum256(fixtures.Read(t, name))
		m, err := Open(fixtures.Path(t, name), Options{SHA256: true})
		if err != nil {
			t.Fatal(err)
		}
		if want := hex.EncodeToString(sum[:]); m.SHA256 != want {
			t.Errorf("%s: %s, want %s", name, m.SHA256, want)
		}
	}
}

// TestTooLarge: a file above the limit is refused before any of it is read.
func TestTooLarge(t *testing.T) {
	_, err := Read(strings.NewReader("\x7fELF"), safeelf.MaxFile+1, "large.ko", Options{})
	if !errors.Is(err, safeelf.ErrTooLarge) {
		t.Errorf("error %v", err)
	}
	if _, err := Read(strings.NewReader("hsqs\x02"), safeelf.MaxFile+1, "root.squashfs", Options{}); !errors.Is(err, ErrSquashfs) {
		t.Errorf("a large squashfs image: error %v", err)
	}
}

// TestOpenMissing: the cause of a failed open stays what it was.
func TestOpenMissing(t *testing.T) {
	_, err := Open("no/such/file.ko", Options{})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

// TestDebugSkip passes over nested entries to the next one of the same level.
func TestDebugSkip(t *testing.T) {
	abbrevs := []byte{1, 0x11, 1, 0, 0, 2, 0x13, 1, 0, 0, 3, 0x24, 0, 0, 0, 0} // unit, struct, base type
	entries := []byte{1, 2, 2, 2, 0, 3, 0, 3, 0, 3, 0}
	info := append([]byte{byte(7 + len(entries)), 0, 0, 0, 4, 0, 0, 0, 0, 0, 8}, entries...)
	d, err := dwarf.New(abbrevs, nil, nil, info, nil, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	work := maxDebugWork
	r := debugReader{d.Reader(), &work}
	var e *dwarf.Entry
	for range 2 { // the unit, and the outermost struct
		if e, err = r.next(); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.skip(e); err != nil {
		t.Fatal(err)
	}
	if e, err = r.next(); err != nil || e.Tag != dwarf.TagBaseType || e.Offset != 20 {
		t.Errorf("next to the struct: %+v, error %v", e, err)
	}
	work = 1
	if _, err = r.next(); !errors.Is(err, safeelf.ErrTooLarge) {
		t.Errorf("no work left: error %v", err)
	}
}

// TestSymbolWidth: 6.1 widened KSYM_NAME_LEN; without a release the newer holds.
func TestSymbolWidth(t *testing.T) {
	for release, want := range map[string]int{
		"5.10.0": symbolWidthOld, "6.0.19": symbolWidthOld, "6.1.0": symbolWidth, "6.12.1": symbolWidth, "": symbolWidth,
	} {
		p := &parser{m: &klp.Module{}}
		p.m.Vermagic.Release = release
		if got := p.symbolWidth(); got != want {
			t.Errorf("%q: %d, want %d", release, got, want)
		}
	}
}
