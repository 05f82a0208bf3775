package hostile

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"

	"github.com/klplint/klplint/fixtures"
	"github.com/klplint/klplint/internal/elfmut"
)

// withDebug returns a livepatch with the debug information of one compilation
// unit. Without .debug_str the reader has to parse it.
func withDebug(t testing.TB, abbrev, entries []byte) []byte {
	t.Helper()
	f, err := elfmut.Parse(fixtures.Read(t, "static/one-func.ko"))
	if err != nil {
		t.Fatal(err)
	}
	unit := binary.LittleEndian.AppendUint32(nil, uint32(7+len(entries)))
	unit = append(unit, 4, 0, 0, 0, 0, 0, 8) // DWARF 4, abbreviations at 0, 8-byte addresses
	f.Add(&elfmut.Section{Name: ".debug_info", Type: elf.SHT_PROGBITS, Align: 1, Data: append(unit, entries...)})
	f.Add(&elfmut.Section{Name: ".debug_abbrev", Type: elf.SHT_PROGBITS, Align: 1, Data: append(abbrev, 0)})
	return f.Bytes()
}

// The abbreviations used below: code, tag, has children, attribute and form
// pairs, 0 0.
var (
	dwUnit    = []byte{1, 0x11, 1, 0, 0}          // compile unit
	dwStruct  = []byte{2, 0x13, 1, 0, 0}          // structure with children
	dwSibling = []byte{3, 0x13, 1, 1, 0x13, 0, 0} // structure with a reference to its sibling
)

func abbrevs(all ...[]byte) []byte { return bytes.Join(all, nil) }

// deepDebug nests structures in structures to the end of the section.
func deepDebug(t testing.TB, depth int) []byte {
	return withDebug(t, abbrevs(dwUnit, dwStruct), append([]byte{1}, bytes.Repeat([]byte{2}, depth)...))
}

// loopDebug has a structure that names itself as its next sibling.
func loopDebug(t testing.TB) []byte {
	return withDebug(t, abbrevs(dwUnit, dwSibling), []byte{1, 3, 12, 0, 0, 0, 0, 0})
}

// abbrevDebug has as many abbreviations as fit.
func abbrevDebug(t testing.TB, size int) []byte {
	table := append([]byte(nil), dwUnit...)
	for code := uint64(2); len(table) < size; code++ {
		table = binary.AppendUvarint(table, code)
		table = append(table, 0x13, 0, 0, 0)
	}
	return withDebug(t, table, []byte{1, 0})
}

// stringDebug has entries that all name one long string.
func stringDebug(t testing.TB, entries, length int) []byte {
	f, err := elfmut.Parse(withDebug(t, abbrevs(dwUnit, []byte{2, 0x13, 0, 3, 0x0e, 0, 0}), append([]byte{1}, bytes.Repeat([]byte{2, 0, 0, 0, 0}, entries)...)))
	if err != nil {
		t.Fatal(err)
	}
	names := append(bytes.Repeat([]byte{'s'}, length), "\x00klp_patch\x00replace_set\x00"...)
	f.Add(&elfmut.Section{Name: ".debug_str", Type: elf.SHT_PROGBITS, Align: 1, Data: names})
	return f.Bytes()
}

// relocatedDebug has many relocation sections for the same debug section, all
// with the same bytes.
func relocatedDebug(t testing.TB, sections int) []byte {
	f, err := elfmut.Parse(withDebug(t, abbrevs(dwUnit), []byte{1, 0}))
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 300_000*24)
	at := f.Add(&elfmut.Section{Name: ".rela.x", Type: elf.SHT_RELA, Link: uint32(f.Index(".symtab")), Info: uint32(f.Index(".debug_info")), Align: 8, Entsize: 24, Data: data})
	parsed, err := elf.NewFile(bytes.NewReader(f.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	off, size := parsed.Sections[at].Offset, uint64(len(data))
	for range sections {
		s := *f.Sections[at]
		s.Data, s.Claim.Offset, s.Claim.Size = nil, &off, &size
		f.Add(&s)
	}
	return f.Bytes()
}

// attributesDebug has one abbreviation with very many attributes that take no
// bytes, and entries that use it.
func attributesDebug(t testing.TB, attributes, entries int) []byte {
	wide := append([]byte{2, 0x13, 0}, bytes.Repeat([]byte{0x3c, 0x19}, attributes)...)
	return withDebug(t, abbrevs(dwUnit, append(wide, 0, 0)), append([]byte{1}, bytes.Repeat([]byte{2}, entries)...))
}
