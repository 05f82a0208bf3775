package elfread

import (
	"debug/elf"
	"testing"

	"github.com/klplint/klplint/internal/elfmut"
)

// The unwinder takes the last entry at or before an address; one without a register
// says that nothing is known up to the next.
func TestReplacementsWithoutORC(t *testing.T) {
	const text, data = 1, 3 // symbols of .text, of .data
	type entry struct {
		sym      uint32
		offset   int64
		register byte
	}
	for _, c := range []struct {
		name    string
		entries []entry
		want    bool
	}{
		{"its own", []entry{{text, 0, 0}, {text, 64, 5}, {text, 96, 0}}, false},
		{"that of the function before, alike", []entry{{text, 0, 5}}, false},
		{"not in order", []entry{{text, 96, 0}, {text, 64, 5}, {text, 0, 0}}, false},
		{"a second one within", []entry{{text, 64, 5}, {text, 70, 0}}, false},
		{"ignored", []entry{{text, 0, 5}, {text, 64, 0}}, true},
		{"behind the end of another object", []entry{{text, 0, 5}, {text, 32, 0}}, true},
		{"none before", []entry{{text, 96, 5}}, true},
		{"of another section", []entry{{data, 0, 5}}, true},
		{"none", nil, true},
	} {
		f := x86().build()
		orc := make([]byte, max(1, len(c.entries))*orcEntry)
		relas := make([]elfmut.Rela, 0, len(c.entries))
		for i, e := range c.entries {
			orc[i*orcEntry+orcRegister] = 0xa0 | e.register
			relas = append(relas, elfmut.Rela{Offset: uint64(4 * i), Sym: e.sym, Type: uint32(elf.R_X86_64_PC32), Addend: e.offset})
		}
		f.Add(&elfmut.Section{Name: ".orc_unwind", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Data: orc, Align: 2})
		f.Add(&elfmut.Section{Name: ".orc_unwind_ip", Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Data: make([]byte, max(4, 4*len(relas))), Align: 4})
		f.AddRelas(".rela.orc_unwind_ip", ".orc_unwind_ip", 0, relas)
		m, err := read(f.Bytes(), Options{})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := m.Patch.Objects[0].Funcs[0].New.NoORC; got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if m, err := read(x86().build().Bytes(), Options{}); err != nil || m.Patch.Objects[0].Funcs[0].New.NoORC {
		t.Errorf("without tables: %v, %+v", err, m)
	}
}
