package kernel

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/klplint/klplint/klp"
)

// An arm64 Image whose words of __mcount_loc stand in its relocations.
func TestRelocateFlat(t *testing.T) {
	const base = uint64(0xffff800080000000)
	var symbols []testSymbol
	for _, s := range testSymbols() {
		s.addr = s.addr - testText + base
		symbols = append(symbols, s)
	}
	flat := make([]byte, 0x100000)
	copy(flat[56:], "ARM\x64")
	flat = append(flat, packTables(format70, base+0x100000, symbols, binary.LittleEndian)...)
	flat = append(flat, make([]byte, 0x210000)...)
	copy(flat[0x100000-0x100:], testBanner)
	// Functions are entered 8 bytes behind their call sites (CALL_OPS).
	for i, function := range []uint64{0x100, 0x140, 0x200, 0x300, 0x300000} {
		flat = rela(flat, base+0x100000-0x40+8*uint64(i), base+function-8)
	}
	for i := range uint64(100) {
		flat = rela(flat, base+0x8000+8*i, base+0x1000)
	}
	flat = append(flat, "the end"...)
	before := bytes.Clone(flat)

	facts := learnFlat(t, flat)
	if !bytes.Equal(flat, before) {
		t.Error("the file's bytes were changed")
	}
	if facts.addressesFromText || len(facts.locations) != 5 || facts.release() != testRelease {
		t.Fatalf("from _text %t, locations %#x, release %q, notes %q", facts.addressesFromText, facts.locations, facts.release(), facts.notes)
	}
	k := &Kernel{}
	k.addImage(facts)
	if err := k.complete(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]klp.SymbolStatus{
		"unique_show": klp.SymbolFound, "exc_int3": klp.SymbolUntraceable, "label_show": klp.SymbolAmbiguous, "start_kernel": klp.SymbolUntraceable,
	} {
		if got := k.FindFunc(vmlinux, name, 0); got.Status != want {
			t.Errorf("%s: %s, want %s", name, got.Status, want)
		}
	}
}

func rela(b []byte, place, value uint64) []byte {
	b = binary.LittleEndian.AppendUint64(b, place)
	b = binary.LittleEndian.AppendUint64(b, relativeInfo)
	return binary.LittleEndian.AppendUint64(b, value)
}

func TestFindRelativeIgnoresChance(t *testing.T) {
	data := bytes.Repeat([]byte{3, 4, 0, 0, 0, 0, 0, 0}, 40)
	if _, n := findRelative(data); n != 0 {
		t.Errorf("a run of %d entries in noise", n)
	}
	if _, n := findRelative(nil); n != 0 {
		t.Errorf("a run of %d entries in nothing", n)
	}
}
