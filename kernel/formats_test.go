package kernel

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/klplint/klplint/klp"
)

// moved returns the made-up kernel's symbols with _text at another address.
func moved(text uint64) []testSymbol {
	symbols := testSymbols()
	for i := range symbols {
		symbols[i].addr += text - testText
	}
	return symbols
}

// memory is the made-up kernel as raw memory from text on, the boot image's own
// header, if any, at its start.
func memory(f tableFormat, text uint64, order byteOrder, header []byte) []byte {
	symbols := moved(text)
	rodata := text + testRodata - testText
	raw := make([]byte, 0x100000)
	copy(raw, header)
	copy(raw[0x100000-0x100:], testBanner)
	copy(raw[0x100000-0x80:], testVermagic)
	for i, function := range []uint64{0x100, 0x140, 0x200, 0x300, 0x300000} {
		order.PutUint64(raw[0x100000-0x40+8*i:], text+function)
	}
	raw = append(raw, packTablesAt(f, rodata, text, symbols, order)...)
	return append(raw, make([]byte, 0x210000)...)
}

func gzipped(tb testing.TB, data []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func zstded(tb testing.TB, data []byte) []byte {
	tb.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return z.EncodeAll(data, nil)
}

// lz4ed packs data in the legacy format, every block as literals with one copy
// that overlaps itself.
func lz4ed(data []byte) []byte {
	out := bytes.Clone(lz4Magic)
	for len(data) > 0 {
		n := min(len(data), 1<<20)
		var block []byte
		literal := data[:n]
		length := func(n int) {
			for n -= 15; n >= 255; n -= 255 {
				block = append(block, 255)
			}
			block = append(block, byte(n))
		}
		// A run of one byte becomes one literal and a copy at distance 1.
		run := 0
		for run < n && literal[run] == literal[0] {
			run++
		}
		if run > 40 && run < n {
			block = append(block, 1<<4|15, literal[0], 1, 0)
			length(run - 1 - 4)
			literal = literal[run:]
		}
		if len(literal) < 15 {
			block = append(block, byte(len(literal))<<4)
		} else {
			block = append(block, 15<<4)
			length(len(literal))
		}
		block = append(block, literal...)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(block)))
		out = append(out, block...)
		data = data[n:]
	}
	return out
}

// s390Image is an s390x boot image around a packed kernel. info is what stands
// in struct vmlinux_info, nil for none.
func s390Image(packed []byte, info []uint64) []byte {
	b := make([]byte, 0x20000)
	copy(b[s390Mark:], "S390EP")
	binary.BigEndian.PutUint64(b[s390Version:], 0x18000)
	copy(b[0x18000:], testRelease+" (builder@example) #1 SMP\x00")
	copy(b[0x18100:], "\x28\xb5\x2f\xfd not a frame")
	for i, word := range info {
		binary.BigEndian.PutUint64(b[0x18200+8*i:], word)
	}
	b = append(b, packed...)
	b = binary.LittleEndian.AppendUint32(b, 0) // the size behind a payload
	b = append(b, make([]byte, 60)...)
	return append(b, "zIPL"...)
}

// pe is a PE file of a machine with one section.
func pe(machine uint16, section string, data []byte) []byte {
	b := make([]byte, 1024)
	copy(b, "MZ")
	le := binary.LittleEndian
	le.PutUint32(b[60:], 0x80)
	copy(b[0x80:], "PE\x00\x00")
	le.PutUint16(b[0x84:], machine)
	le.PutUint16(b[0x86:], 1)
	h := b[0x98:]
	copy(h, section)
	le.PutUint32(h[8:], uint32(len(data)))
	le.PutUint32(h[16:], uint32(len(data)+512))
	le.PutUint32(h[20:], 1024)
	return append(append(b, data...), make([]byte, 512)...)
}

// zboot packs an image as EFI zboot does.
func zboot(machine uint16, packed []byte) []byte {
	b := pe(machine, ".text", packed)
	copy(b[4:], "zimg")
	binary.LittleEndian.PutUint32(b[8:], 1024)
	binary.LittleEndian.PutUint32(b[12:], uint32(len(packed)))
	return b
}

func arm64Header() []byte {
	h := make([]byte, 64)
	copy(h[56:], "ARM\x64")
	return h
}

const (
	arm64Text     = uint64(0xffff800080000000)
	loongArchText = loongArchCached + 0x200000
)

func loongArchHeader() []byte {
	h := pe(peLoongArch64, ".text", nil)
	binary.LittleEndian.PutUint64(h[24:], loongArchText-loongArchCached)
	copy(h[56:], "\xcd\x23\x82\x81")
	return h[:256]
}

func TestFormats(t *testing.T) {
	vm := testELF(format612)
	s390 := memory(format612, s390Text, binary.BigEndian, nil)
	s390New := memory(format70, s390Text, binary.BigEndian, nil)
	arm := memory(format70, arm64Text, binary.LittleEndian, arm64Header())
	loong := memory(format70, loongArchText, binary.LittleEndian, loongArchHeader())
	for _, tt := range []struct {
		name string
		data []byte
		arch klp.Arch
		text uint64
	}{
		{"bzImage, zstd", bzImageOf(zstded(t, vm), len(vm)), klp.X86_64, testText},
		{"bzImage, lz4", bzImageOf(lz4ed(vm), len(vm)), klp.X86_64, testText},
		{"UKI of a bzImage", pe(peAMD64, ".linux", testBzImage(t, vm)), klp.X86_64, testText},
		{"UKI of a zboot image", pe(peARM64, ".linux", zboot(peARM64, zstded(t, arm))), klp.ARM64, arm64Text},
		{"s390x, gzip", s390Image(gzipped(t, s390), nil), klp.S390X, s390Text},
		{"s390x, zstd", s390Image(zstded(t, s390New), nil), klp.S390X, s390Text},
		{"s390x, lz4", s390Image(lz4ed(s390), nil), klp.S390X, s390Text},
		{"arm64 Image, words in place", arm, klp.ARM64, arm64Text},
		{"arm64 zboot, gzip", zboot(peARM64, gzipped(t, arm)), klp.ARM64, arm64Text},
		{"loongarch64 Image", loong, klp.LoongArch64, loongArchText},
		{"loongarch64 zboot, zstd", zboot(peLoongArch64, zstded(t, loong)), klp.LoongArch64, loongArchText},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "vmlinuz")
			if err := os.WriteFile(path, tt.data, 0o600); err != nil {
				t.Fatal(err)
			}
			ks, err := Options{}.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			k := ks[0]
			if k.Arch() != tt.arch || k.Release() != testRelease {
				t.Errorf("arch %q, release %q", k.Arch(), k.Release())
			}
			if at, _ := k.vmlinux.addr("unique_show"); at != tt.text+0x140 {
				t.Errorf("unique_show at %#x, want %#x", at, tt.text+0x140)
			}
			for name, want := range map[string]klp.SymbolStatus{
				"unique_show": klp.SymbolFound, "exc_int3": klp.SymbolUntraceable, "label_show": klp.SymbolAmbiguous, "start_kernel": klp.SymbolUntraceable,
			} {
				// The made-up x86 kernel has its locations behind the entries, as
				// functions that begin with ENDBR64 have.
				if got := k.FindFunc(vmlinux, name, 0); got.Status != want {
					t.Errorf("%s: %s, want %s; notes %q", name, got.Status, want, k.Sources())
				}
			}
		})
	}
}

// A kernel of s390x that is linked position independent has its words in
// relocations: here those of __mcount_loc and the base of kallsyms.
func TestS390Relocations(t *testing.T) {
	raw := memory(format61, s390Text, binary.BigEndian, nil)
	order := binary.BigEndian
	var relas []byte
	add := func(place uint64, info, value uint64) {
		relas = order.AppendUint64(order.AppendUint64(order.AppendUint64(relas, s390Text+place), info), value)
	}
	for i, function := range []uint64{0x100, 0x140, 0x200, 0x300, 0x300000} {
		place := 0x100000 - 0x40 + 8*uint64(i)
		order.PutUint64(raw[place:], 0)
		add(place, rS390Relative, s390Text+function)
	}
	base := bytes.Index(raw[0x100000:], order.AppendUint64(nil, s390Text))
	if base < 0 {
		t.Fatal("the tables have no base")
	}
	base += 0x100000
	order.PutUint64(raw[base:], 0)
	add(uint64(base), 1<<32|rS390Abs64, 0)
	dynsym := len(raw)
	symbols := make([]byte, 48)
	order.PutUint64(symbols[24+8:], s390Text)
	raw = append(raw, symbols...)
	start := len(raw)
	raw = append(raw, relas...)
	info := []uint64{s390Text, uint64(len(raw)+0xfff) &^ 0xfff, 0, 0, 0, 0, 0, s390Text + uint64(dynsym), s390Text + uint64(start), s390Text + uint64(len(raw))}
	m, err := openBootImage(s390Image(gzipped(t, raw), info), unpackPayload)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := learn(m)
	if err != nil {
		t.Fatal(err)
	}
	if at, _ := facts.symbols.addr("unique_show"); at != s390Text+0x140 || len(facts.locations) != 5 {
		t.Errorf("unique_show at %#x, locations %#x, notes %q", at, facts.locations, facts.notes)
	}
}

func TestFormatsNamed(t *testing.T) {
	riscv := make([]byte, 4096)
	copy(riscv[56:], "RSC\x05")
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"riscv64 zboot":           {zboot(peRISCV64, []byte("packed")), "a riscv64 kernel"},
		"riscv64 Image":           {riscv, "a riscv64 kernel"},
		"another machine":         {zboot(0x14c, []byte("packed")), "PE machine type 0x14c"},
		"UKI without a kernel":    {pe(peAMD64, ".linux", []byte("text")), ".linux: not a kernel image"},
		"UKI in a UKI":            {pe(peAMD64, ".linux", pe(peAMD64, ".linux", nil)), "not a kernel image"},
		"s390x without a payload": {s390Image(nil, nil), "s390x bzImage"},
		"s390x, damaged payload":  {s390Image(gzipped(t, []byte("text"))[:12], nil), "s390x bzImage"},
		"lz4, damaged":            {bzImageOf([]byte("\x02\x21\x4c\x18\x05\x00\x00\x00\x1fabcd"), 9), "lz4"},
		"bzip2":                   {bzImageOf([]byte("BZh91AY"), 9), "compressed with bzip2"},
	} {
		if !isBootImage(tt.data) {
			t.Errorf("%s: not taken for a boot image", name)
		}
		if _, err := openBootImage(tt.data, unpackPayload); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// Trailing bytes do not disturb, and what they hold is not read.
func TestPayloadEndsWhereItEnds(t *testing.T) {
	want := bytes.Repeat([]byte("kernel "), 1000)
	packed := map[string][]byte{"gzip": gzipped(t, want), "zstd": zstded(t, want), "lz4": lz4ed(want)}
	if _, err := exec.LookPath("xz"); err == nil {
		cmd := exec.Command("xz", "-c", "--check=crc32")
		cmd.Stdin = bytes.NewReader(want)
		if packed["xz"], err = cmd.Output(); err != nil {
			t.Fatal(err)
		}
	}
	for name, p := range packed {
		for _, tail := range [][]byte{nil, make([]byte, 64), append([]byte{0x58, 0x1b, 0, 0}, make([]byte, 32)...)} {
			if name == "lz4" && len(tail) > 0 && tail[0] != 0 {
				continue // a size that may be a block's: images say where it ends
			}
			got, err := unpackPayload(append(bytes.Clone(p), tail...), 0)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s with %d bytes behind: %d bytes, %v", name, len(tail), len(got), err)
			}
		}
	}
}

func TestAppendLZ4Refuses(t *testing.T) {
	for name, block := range map[string][]byte{
		"no literals where the token has some": {0x50, 'a'},
		"a copy from before the block":         {0x10, 'a', 2, 0},
		"a copy at distance 0":                 {0x10, 'a', 0, 0},
		"a cut distance":                       {0x10, 'a', 1},
		"a length without an end":              {0xf0, 255, 255},
		"more than the limit":                  append([]byte{0x1f, 'a', 1, 0}, bytes.Repeat([]byte{255}, 1<<16)...),
	} {
		if out, err := appendLZ4(nil, block, lz4Block); err == nil {
			t.Errorf("%s: %d bytes", name, len(out))
		}
	}
}
