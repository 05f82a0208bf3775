package unpack

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/klplint/klplint/klp"
)

// pack compresses b. There is no writer for xz among the libraries; the built
// fixtures serve for that.
func pack(t *testing.T, b []byte, format klp.Compression) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	var err error
	switch format {
	case klp.Gzip:
		w = gzip.NewWriter(&out)
	case klp.Zstd:
		w, err = zstd.NewWriter(&out)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRoundTrip(t *testing.T) {
	d := NewDecoder(Limits{Output: 4 << 20, Window: 8 << 20})
	for _, format := range []klp.Compression{klp.Gzip, klp.Zstd} {
		for _, n := range []int{0, 1, 1000, firstSize - 1, firstSize, firstSize + 1, firstSize + pieceSize, 3 << 20, 4 << 20} {
			want := make([]byte, n)
			for i := range want {
				want[i] = byte(i * i >> 7)
			}
			packed := pack(t, want, format)
			if got := Detect(packed); got != format {
				t.Fatalf("%d bytes of %s: detected as %s", n, format, got)
			}
			b, err := d.Unpack(bytes.NewReader(packed), format)
			if err != nil {
				t.Fatalf("%s, %d bytes: %v", format, n, err)
			}
			got := make([]byte, n)
			if m, err := b.ReadAt(got, 0); m != n || err != nil || b.Size() != int64(n) || !bytes.Equal(got, want) {
				t.Fatalf("%s, %d bytes: read %d, size %d, %v", format, n, m, b.Size(), err)
			}
			if whole := b.Bytes(); (whole != nil) != (n <= firstSize) {
				t.Errorf("%s, %d bytes: one piece %v", format, n, whole != nil)
			}
			if n > 10 {
				part := make([]byte, 10)
				if m, err := b.ReadAt(part, int64(n-5)); m != 5 || !errors.Is(err, io.EOF) || !bytes.Equal(part[:5], want[n-5:]) {
					t.Errorf("%s: read behind the end: %d, %v", format, m, err)
				}
			}
		}
	}
}

// TestBomb: an output above the limit is an error, and no result.
func TestBomb(t *testing.T) {
	d := NewDecoder(Limits{Output: 1 << 20, Window: 8 << 20})
	for _, format := range []klp.Compression{klp.Gzip, klp.Zstd} {
		packed := pack(t, make([]byte, 64<<20), format)
		if b, err := d.Unpack(bytes.NewReader(packed), format); b != nil || !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v, %v", format, b != nil, err)
		}
	}
}

// TestDamaged cuts and flips packed files; a decoder must serve the next file
// all the same.
func TestDamaged(t *testing.T) {
	files, err := filepath.Glob("../../fixtures/packed/one-func.ko.*")
	if err != nil || len(files) != 3 {
		t.Fatalf("%v, %v", files, err)
	}
	d := NewDecoder(Modules)
	for _, path := range files {
		packed, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		format := Detect(packed)
		b, err := d.Unpack(bytes.NewReader(packed), format)
		if err != nil {
			t.Fatal(err)
		}
		size := b.Size()
		for i := MagicLen; i < len(packed); i += 1 + len(packed)/50 {
			if _, err := d.Unpack(bytes.NewReader(packed[:i]), format); err == nil {
				t.Errorf("%s: cut at %d of %d without an error", path, i, len(packed))
			}
			packed[i] ^= 0x55
			_, _ = d.Unpack(bytes.NewReader(packed), format) // may be harmless, e.g. in a time stamp
			packed[i] ^= 0x55
		}
		if b, err := d.Unpack(bytes.NewReader(packed), format); err != nil || b.Size() != size {
			t.Errorf("%s: after damaged ones: %v", path, err)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	if _, err := NewDecoder(Modules).Unpack(bytes.NewReader(nil), "lz4"); err == nil {
		t.Error("lz4 without an error")
	}
	if got := Detect([]byte("\x7fELF\x02\x01")); got != klp.Uncompressed {
		t.Errorf("ELF detected as %s", got)
	}
}

// TestSpill reads files of sizes around what is kept in memory, across the border,
// and a small one after them.
func TestSpill(t *testing.T) {
	d := NewDecoder(Modules)
	held := firstSize
	for held < inMemory {
		held += pieceSize
	}
	all := make([]byte, held+2*pieceSize+7)
	for i := range all {
		all[i] = byte(i >> 12) // repeats, so that packing it takes no time
	}
	for _, n := range []int{held, held + 1, len(all), 100} {
		want := all[:n]
		b, err := d.Unpack(bytes.NewReader(pack(t, want, klp.Zstd)), klp.Zstd)
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if spilled := b.file != nil; b.Size() != int64(n) || spilled != (n > held) {
			t.Fatalf("%d bytes: size %d, a file %v", n, b.Size(), spilled)
		}
		got := make([]byte, n)
		if m, err := b.ReadAt(got, 0); m != n || err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: read %d, %v", n, m, err)
		}
		for _, at := range []int{held - 5, held, n - 5} {
			if at < 0 || at >= n {
				continue
			}
			part := make([]byte, 10)
			m, err := b.ReadAt(part, int64(at))
			if end := min(at+10, n); m != end-at || !bytes.Equal(part[:m], want[at:end]) || (err != nil) != (m < 10) {
				t.Errorf("%d bytes: read at %d: %d, %v", n, at, m, err)
			}
		}
	}
}
