package kernel

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/binary"
	"testing"

	"github.com/klplint/klplint/internal/unpack"
	"github.com/klplint/klplint/klp"
)

// testSymbol is one symbol of a made-up kernel.
type testSymbol struct {
	addr uint64
	kind byte
	name string
}

// tableFormat is a release's layout of the kallsyms tables.
type tableFormat int

const (
	format61    tableFormat = iota // up to 6.3: offsets and base first, absolute per-CPU symbols
	format612                      // 6.4 and later: offsets and base behind the token index
	format615                      // the same with offsets that never count down
	format70                       // place-relative offsets, no base
	formatCount int         = iota
)

const (
	testText   = uint64(0xffffffff81000000)
	testRodata = uint64(0xffffffff81100000)
)

// byteOrder reads and appends.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// packTables writes the kallsyms tables of the made-up kernel as they would
// stand at an address.
func packTables(f tableFormat, at uint64, symbols []testSymbol, order byteOrder) []byte {
	return packTablesAt(f, at, testText, symbols, order)
}

// packTablesAt is packTables with the address that offsets count from. Every
// character is its own token, but for one pair.
func packTablesAt(f tableFormat, at, base uint64, symbols []testSymbol, order byteOrder) []byte {
	var b []byte
	align := func(n int) {
		if f == format70 {
			n = 4
		}
		for len(b)%n != 0 {
			b = append(b, 0)
		}
	}
	u32 := func(v uint32) { b = order.AppendUint32(b, v) }
	offsets := func() {
		align(8)
		for _, s := range symbols {
			place := at + uint64(len(b))
			switch {
			case f == format70:
				u32(uint32(s.addr - place))
			case f == format615:
				u32(uint32(s.addr - base))
			case s.addr < 1<<31 && base>>63 == 1:
				u32(uint32(s.addr))
			default:
				u32(uint32(base - 1 - s.addr))
			}
		}
		if f != format70 {
			align(8)
			b = order.AppendUint64(b, base)
		}
	}
	b = append(b, "in front of the tables: 0123456789 and other data, to be passed over.\x00"...)
	align(8)
	if f == format61 {
		offsets()
	}
	align(8)
	u32(uint32(len(symbols)))
	align(8)
	const pair = 1 // the token of "er"
	var marks []uint32
	start := len(b)
	for i, s := range symbols {
		if i&0xff == 0 {
			marks = append(marks, uint32(len(b)-start))
		}
		tokens := bytes.ReplaceAll(append([]byte{s.kind}, s.name...), []byte("er"), []byte{pair})
		if n := len(tokens); n < 128 {
			b = append(b, byte(n))
		} else {
			b = append(b, byte(n&0x7f|0x80), byte(n>>7))
		}
		b = append(b, tokens...)
	}
	align(8)
	for _, m := range marks {
		u32(m)
	}
	align(8)
	if f != format61 && f != format70 {
		b = append(b, 0, 0, 1) // 6.2 and 6.3 had the order of names here
	}
	align(8)
	var index []uint16
	table := len(b)
	for c := range 256 {
		index = append(index, uint16(len(b)-table))
		switch {
		case c == pair:
			b = append(b, "er"...)
		case c >= '$' && c <= 'z':
			b = append(b, byte(c))
		}
		b = append(b, 0)
	}
	align(8)
	for _, n := range index {
		b = order.AppendUint16(b, n)
	}
	if f != format61 {
		offsets()
	}
	for i := range symbols {
		b = append(b, byte(i>>16), byte(i>>8), byte(i))
	}
	return append(b, make([]byte, 64)...)
}

// testSymbols are a small kernel: functions that are unique, ambiguous,
// not traceable, in init text; data; and filler, so that there is more than one
// marker.
func testSymbols() []testSymbol {
	list := []testSymbol{
		{testText, 'T', "_text"},
		{testText, 'T', "_stext"},
		{testText + 0x100, 't', "label_show"},
		{testText + 0x140, 't', "unique_show"},
		{testText + 0x200, 't', "label_show"},
		{testText + 0x240, 'T', "exc_int3"},
		{testText + 0x300, 't', "label_show"},
		{testText + 0x340, 't', "copied_function.isra.0"},
	}
	for i := range 400 {
		list = append(list, testSymbol{testText + 0x1000 + uint64(i)*16, 't', "filler_" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + "_er"})
	}
	list = append(list, testSymbol{testText + 0x3000, 't', "long_" + string(bytes.Repeat([]byte("name_"), 60))})
	list = append(list,
		testSymbol{testText + 0x4000, 'T', "_etext"},
		testSymbol{testRodata - 0x100, 'r', "linux_banner"},
		testSymbol{testRodata - 0x80, 'r', "vermagic"},
		testSymbol{testRodata - 0x40, 'R', "__start_mcount_loc"},
		testSymbol{testRodata - 0x40 + 5*8, 'R', "__stop_mcount_loc"},
		testSymbol{testRodata + 0x200000, 'T', "_sinittext"},
		testSymbol{testRodata + 0x200000, 'T', "start_kernel"},
		testSymbol{testRodata + 0x201000, 'T', "_einittext"},
	)
	return list
}

const (
	testRelease  = "6.12.99-synthetic"
	testBanner   = "Linux version " + testRelease + " (builder@example) #1 SMP\n"
	testVermagic = testRelease + " SMP preempt mod_unload modversions "
)

// testRodataBytes is the read-only data of the made-up kernel from
// testRodata-0x100 on.
func testRodataBytes(f tableFormat) []byte {
	b := make([]byte, 0x100)
	copy(b, testBanner)
	copy(b[0x80:], testVermagic)
	for i, location := range []uint64{
		testText + 0x104, testText + 0x144, testText + 0x204, testText + 0x300, testRodata + 0x200004,
	} {
		binary.LittleEndian.PutUint64(b[0xc0+8*i:], location)
	}
	return append(b, packTables(f, testRodata, testSymbols(), binary.LittleEndian)...)
}

// testELF is the made-up kernel as a stripped vmlinux.
func testELF(f tableFormat) []byte {
	sections := []struct {
		name  string
		addr  uint64
		flags elf.SectionFlag
		data  []byte
	}{
		{".text", testText, elf.SHF_ALLOC | elf.SHF_EXECINSTR, bytes.Repeat([]byte{0xcc}, 0x4000)},
		{".rodata", testRodata - 0x100, elf.SHF_ALLOC, testRodataBytes(f)},
		{".init.text", testRodata + 0x200000, elf.SHF_ALLOC | elf.SHF_EXECINSTR, make([]byte, 0x1000)},
	}
	names := []byte{0}
	var out bytes.Buffer
	header := elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: 64, Shentsize: 64,
		Shnum: uint16(len(sections) + 2), Shstrndx: uint16(len(sections) + 1),
	}
	headers := make([]elf.Section64, 1)
	offset := uint64(64)
	var body []byte
	for _, s := range sections {
		headers = append(headers, elf.Section64{
			Name: uint32(len(names)), Type: uint32(elf.SHT_PROGBITS), Flags: uint64(s.flags), Addr: s.addr,
			Off: offset, Size: uint64(len(s.data)), Addralign: 16,
		})
		names = append(append(names, s.name...), 0)
		body = append(body, s.data...)
		offset += uint64(len(s.data))
	}
	own := uint32(len(names))
	names = append(names, ".shstrtab\x00"...)
	headers = append(headers, elf.Section64{Name: own, Type: uint32(elf.SHT_STRTAB), Off: offset, Size: uint64(len(names)), Addralign: 1})
	body = append(body, names...)
	header.Shoff = offset + uint64(len(names))
	for _, part := range []any{&header, body, headers} {
		if err := binary.Write(&out, binary.LittleEndian, part); err != nil {
			panic(err) // a bytes.Buffer takes everything
		}
	}
	return out.Bytes()
}

// testBzImage packs a vmlinux as x86 boot images do.
func testBzImage(tb testing.TB, vm []byte) []byte {
	tb.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(vm); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return bzImageOf(packed.Bytes(), len(vm))
}

// bzImageOf makes an x86 boot image of a vmlinux that is packed already.
func bzImageOf(packed []byte, size int) []byte {
	payload := bytes.Clone(packed)
	if unpack.Detect(packed) != klp.Gzip { // which ends with it
		payload = binary.LittleEndian.AppendUint32(payload, uint32(size))
	}
	b := make([]byte, 1024, 1024+len(payload))
	b[0x1f1] = 1
	binary.LittleEndian.PutUint16(b[0x1fe:], 0xaa55)
	copy(b[0x202:], "HdrS")
	binary.LittleEndian.PutUint16(b[0x206:], 0x20f)
	binary.LittleEndian.PutUint32(b[0x248:], 0)
	binary.LittleEndian.PutUint32(b[0x24c:], uint32(len(payload)))
	return append(b, payload...)
}
