package elfread

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
)

// modversion is one struct modversion_info.
func modversion(crc uint64, name string) []byte {
	b := binary.LittleEndian.AppendUint64(nil, crc)
	return append(append(b, name...), make([]byte, versionSize-8-len(name))...)
}

// TestVersions: the CRC of each import, from the old section, from the new
// ones, or from both, where the new ones win (kernel/module/version.c).
func TestVersions(t *testing.T) {
	long := "a_name_" + strings.Repeat("x", 60) // longer than the old section has room for
	for _, tc := range []struct {
		name              string
		old, crcs, names  []byte
		noNames           bool
		one, two, longest string
	}{
		{name: "none", one: "-", two: "-", longest: "-"},
		{name: "old", old: append(modversion(7, "one"), modversion(8, "two")...), one: "7", two: "8", longest: "-"},
		{name: "old, of a name that is no import", old: modversion(7, "three"), one: "-", two: "-", longest: "-"},
		{name: "old, cut off", old: append(modversion(7, "one"), modversion(8, "two")[:40]...), one: "7", two: "-", longest: "-"},
		{name: "new", crcs: []byte{1, 0, 0, 0, 0, 1, 0, 0, 3, 0, 0, 0}, names: []byte("one\x00two\x00" + long + "\x00"), one: "1", two: "256", longest: "3"},
		{
			name: "both", old: append(modversion(7, "one"), modversion(8, "two")...),
			crcs: []byte{1, 0, 0, 0}, names: []byte("one\x00"), one: "1", two: "8", longest: "-",
		},
		{name: "more names than CRCs", crcs: []byte{1, 0, 0, 0, 9, 9}, names: []byte("one\x00two\x00"), one: "1", two: "-", longest: "-"},
		{name: "a name without an end", crcs: []byte{1, 0, 0, 0, 2, 0, 0, 0}, names: []byte("one\x00two"), one: "1", two: "-", longest: "-"},
		{name: "CRCs without names", crcs: []byte{1, 0, 0, 0}, noNames: true, one: "-", two: "-", longest: "-"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := x86().build()
			for _, name := range []string{"one", "two", long, "one"} {
				f.AddSym(elfmut.Sym{Name: name, Bind: elf.STB_GLOBAL})
			}
			add := func(name string, data []byte) {
				f.Add(&elfmut.Section{Name: name, Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Data: data, Align: 8})
			}
			if tc.old != nil {
				add("__versions", tc.old)
			}
			if tc.crcs != nil {
				add("__version_ext_crcs", tc.crcs)
			}
			if tc.crcs != nil && !tc.noNames {
				add("__version_ext_names", tc.names)
			}
			want := map[string]string{"one": tc.one, "two": tc.two, long: tc.longest}
			for _, im := range must(t, f, Options{}).Imports {
				got := "-"
				if im.HasCRC {
					got = fmt.Sprint(im.CRC)
				}
				if got != want[im.Name] {
					t.Errorf("%s: CRC %s, want %s", im.Name, got, want[im.Name])
				}
				want[im.Name] = "-" // of equal names the first has it
			}
		})
	}
}
