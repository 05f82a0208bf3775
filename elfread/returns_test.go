package elfread

import (
	"debug/elf"
	"testing"
)

// A function that ends with a return instruction does not return through the thunk;
// the last byte of anything else is none.
func TestPlainReturns(t *testing.T) {
	for _, c := range []struct {
		name string
		tail []byte
		want int
	}{
		{"ret", []byte{0x90, 0x90, 0xc3}, 1},
		{"ret and a trap", []byte{0x90, 0xc3, 0xcc}, 1},
		{"jmp back 61 bytes", []byte{0x90, 0xeb, 0xc3}, 0},
		{"je back 61 bytes", []byte{0x90, 0x74, 0xc3}, 0},
		{"loop", []byte{0x90, 0xe2, 0xc3}, 0},
		{"ud2", []byte{0x90, 0x0f, 0x0b}, 0},
		{"a trap", []byte{0x90, 0x90, 0xcc}, 0},
		{"jmp of a relocation", []byte{0, 0, 0}, 0},
	} {
		for section, counts := range map[string]bool{".text": true, ".text.unlikely": true, ".init.text": false} {
			f := x86().build()
			text := f.Section(".text")
			copy(text.Data[64+32-3:], c.tail) // new_func has 32 bytes at 64
			text.Name = section
			m, err := read(f.Bytes(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := c.want
			if !counts {
				want = 0
			}
			if p := m.Returns.Plain; p.Count != want || want == 1 && p.First[0].Symbol != "new_func" {
				t.Errorf("%s in %s: %+v", c.name, section, p)
			}
		}
	}
	s := x86()
	s.machine, s.pointer = elf.EM_AARCH64, uint32(elf.R_AARCH64_ABS64)
	f := s.build()
	copy(f.Section(".text").Data[64+32-3:], []byte{0, 0, 0xc3})
	if m, err := read(f.Bytes(), Options{}); err != nil || m.Returns.Plain.Count != 0 {
		t.Errorf("arm64: %v, %+v", err, m)
	}
}
