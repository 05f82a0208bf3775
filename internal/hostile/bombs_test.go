//go:build linux

package hostile

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/klplint/klplint/fixtures"
)

// bombMiB is how many MiB of zeros a bomb unpacks to.
const bombMiB = 288

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstandard(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	return w.EncodeAll(b, nil)
}

// xzMiB is one MiB of zeros as written by xz -6 --check=crc32.
func xzMiB(t testing.TB) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(zeros, "\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// xzBomb repeats the compressed chunk of xzMiB within its one stream, for readers
// end with that. The check and the index behind the chunks are of one MiB, which no
// reader that stops in time gets to see.
func xzBomb(t testing.TB) []byte {
	t.Helper()
	one := xzMiB(t)
	const streamHeader = 12
	first := streamHeader + (int(one[streamHeader])+1)*4
	chunk := 6 + int(binary.BigEndian.Uint16(one[first+3:])) + 1 // of LZMA2, with properties
	return slices.Concat(one[:first], bytes.Repeat(one[first:first+chunk], bombMiB), one[first+chunk:])
}

// TestBombs gives small files that unpack to much, or ask for much to unpack.
func TestBombs(t *testing.T) {
	mib := make([]byte, 1<<20)
	sound := fixtures.Read(t, "static/one-func.ko")
	// The dictionary that an xz file asks for stands in its block header.
	wide := xzMiB(t)
	wide[12+4] = 40 // 4 GiB
	binary.LittleEndian.PutUint32(wide[12+8:], crc32.ChecksumIEEE(wide[12:12+8]))
	for _, tt := range []struct {
		name  string
		b     []byte
		cause string
	}{
		{"bomb.ko.gz", gzipped(t, make([]byte, bombMiB<<20)), "unpacked file too large"},
		{"bomb.ko.zst", bytes.Repeat(zstandard(t, mib), bombMiB), "unpacked file too large"},
		{"bomb.ko.xz", xzBomb(t), "unpacked file too large"},
		{"streams.ko.gz", bytes.Repeat(gzipped(t, mib), bombMiB), "not an ELF file"},
		{"streams.ko.xz", bytes.Repeat(xzMiB(t), bombMiB), "not an ELF file"},
		{"nested.ko.gz", gzipped(t, gzipped(t, gzipped(t, sound))), "not an ELF file"},
		{"window.ko.xz", wide, "dictionary size exceeds"},
		// Frame header: window descriptor 0xa8 is 2 GiB; then one empty last block.
		{"window.ko.zst", []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00}, "unpacked file too large"},
		{"empty-members.ko.gz", bytes.Repeat(gzipped(t, nil), 200_000), "empty file"},
		{"cut.ko.gz", gzipped(t, sound)[:200], "unexpected EOF"},
		{"zeros.ko.gz", gzipped(t, mib), "not an ELF file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			good(t, dir, "good.ko")
			base := lintRun(t, dir, "good.ko").peak
			write(t, dir, tt.name, tt.b)
			o := lintRun(t, dir, tt.name, "good.ko")
			o.unchecked(t, tt.name, tt.cause)
			o.checked(t, 1)
			if o.peak-base > memory {
				t.Errorf("%d MiB more than a small module", (o.peak-base)>>20)
			}
		})
	}
}

// TestTrailing: kmod reads the first gzip member and ignores what follows, and the
// module is judged.
func TestTrailing(t *testing.T) {
	dir := t.TempDir()
	good(t, dir, "good.ko")
	write(t, dir, "trailing.ko.gz", append(gzipped(t, fixtures.Read(t, "static/many.ko")), "tail"...))
	lintRun(t, dir, "trailing.ko.gz", "good.ko").checked(t, 2)
}

const zeros = `/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj7///ANldAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN
2X+m44wjEVPgWRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtfDW1G6eXDdoi3llestk3haR1v+0uIEGxCy4g/XACP0E6vJiiU
cR89jyThcJ6nI1/sKMuF0ZWYin4qkfIndfcZwAaYTZj92K/VkA/EJVP49ZE2MQWlsO5vwXBNRwzRkRGqrWAdus6xJxhcWYbpZlJY
vul2rFnk5VsFCPnH2q38+1Iq9+SVJQAAAAAAHOo4pwAB8QGAgEAAb9Xu3D4wDYsCAAAAAAFZWg==`
