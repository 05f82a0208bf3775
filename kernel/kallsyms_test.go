package kernel

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/klplint/klplint/klp"
)

func TestDecodeKallsyms(t *testing.T) {
	perCPU := append([]testSymbol{{0, 'A', "fixed_percpu_data"}, {0x1000, 'A', "cpu_debug_store"}}, testSymbols()...)
	tests := []struct {
		name    string
		format  tableFormat
		symbols []testSymbol
		order   byteOrder
	}{
		{"6.1", format61, testSymbols(), binary.LittleEndian},
		{"6.1 with per-CPU symbols", format61, perCPU, binary.LittleEndian},
		{"6.12", format612, testSymbols(), binary.LittleEndian},
		{"6.12 with per-CPU symbols", format612, perCPU, binary.LittleEndian},
		{"6.15", format615, testSymbols(), binary.LittleEndian},
		{"7.0", format70, testSymbols(), binary.LittleEndian},
		{"6.12 big-endian", format612, testSymbols(), binary.BigEndian},
		{"7.0 big-endian", format70, testSymbols(), binary.BigEndian},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &image{order: tt.order, segments: []segment{
				{testText, make([]byte, 0x4000)},
				{testRodata, packTables(tt.format, testRodata, tt.symbols, tt.order)},
				{testRodata + 0x200000, make([]byte, 0x1000)},
			}}
			got, err := decodeKallsyms(m)
			if err != nil {
				t.Fatal(err)
			}
			if got.len() != len(tt.symbols) {
				t.Fatalf("%d symbols, want %d", got.len(), len(tt.symbols))
			}
			for i, want := range tt.symbols {
				if string(got.name(i)) != want.name || got.addrs[i] != want.addr || got.kinds[i] != want.kind {
					t.Fatalf("symbol %d: %#x %c %s, want %#x %c %s", i, got.addrs[i], got.kinds[i], got.name(i), want.addr, want.kind, want.name)
				}
			}
		})
	}
}

func TestDecodeKallsymsRefuses(t *testing.T) {
	whole := packTables(format612, testRodata, testSymbols(), binary.LittleEndian)
	noDigits := append([]byte(nil), whole...)
	for i := range noDigits {
		if string(noDigits[i:min(i+4, len(noDigits))]) == "3\x004\x00" {
			noDigits[i] = 'x'
		}
	}
	for name, data := range map[string][]byte{
		"empty":           nil,
		"cut tokens":      whole[:len(whole)/4],
		"changed tokens":  noDigits,
		"only the digits": append(make([]byte, 4096), digitTokens...),
	} {
		if _, err := decodeKallsyms(&image{order: binary.LittleEndian, segments: []segment{{testRodata, data}}}); err == nil {
			t.Errorf("%s: no error", name)
		} else if !errors.Is(err, errNoKallsyms) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLearn(t *testing.T) {
	for f := range tableFormat(formatCount) {
		m, err := openBootImage(testBzImage(t, testELF(f)), unpackPayload)
		if err != nil {
			t.Fatalf("format %d: %v", f, err)
		}
		facts, err := learn(m)
		if err != nil {
			t.Fatalf("format %d: %v", f, err)
		}
		if facts.release() != testRelease || facts.vermagic != testVermagic || facts.arch != klp.X86_64 {
			t.Errorf("format %d: release %q, vermagic %q, arch %s", f, facts.release(), facts.vermagic, facts.arch)
		}
		if len(facts.locations) != 5 || facts.initStart != testRodata+0x200000 || facts.initEnd != testRodata+0x201000 {
			t.Errorf("format %d: %d locations, init text %#x-%#x", f, len(facts.locations), facts.initStart, facts.initEnd)
		}
	}
}

func TestFlatImage(t *testing.T) {
	// An arm64 Image: memory from _text on, with the tables somewhere in it.
	flat := make([]byte, 0x100000)
	copy(flat[56:], "ARM\x64")
	flat = append(flat, packTables(format615, testRodata, testSymbols(), binary.LittleEndian)...)
	flat = append(flat, make([]byte, 0x210000)...)
	facts := learnFlat(t, flat)
	if a, _ := facts.symbols.addr("unique_show"); a != testText+0x140 || facts.addressesFromText {
		t.Errorf("unique_show at %#x, from _text: %t", a, facts.addressesFromText)
	}
	// Since 7.0 nothing tells the link address.
	copy(flat[0x100000:], packTables(format70, testRodata, testSymbols(), binary.LittleEndian))
	facts = learnFlat(t, flat)
	if a, _ := facts.symbols.addr("unique_show"); a != 0x140 || !facts.addressesFromText {
		t.Errorf("7.0: unique_show at %#x, from _text: %t", a, facts.addressesFromText)
	}
}

func learnFlat(t *testing.T, flat []byte) *imageFacts {
	t.Helper()
	m, err := openBootImage(flat, unpackPayload)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := learn(m)
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

func TestBootImageRefuses(t *testing.T) {
	whole := testBzImage(t, testELF(format612))
	outside := append([]byte(nil), whole...)
	binary.LittleEndian.PutUint32(outside[0x24c:], 1<<31)
	old := append([]byte(nil), whole...)
	binary.LittleEndian.PutUint16(old[0x206:], 0x204)
	lz4 := append([]byte(nil), whole...)
	copy(lz4[1024:], "\x02\x21\x4c\x18")
	for name, data := range map[string][]byte{"payload outside": outside, "old protocol": old, "lz4": lz4, "cut": whole[:2000], "text": []byte("hello")} {
		if _, err := openBootImage(data, unpackPayload); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
