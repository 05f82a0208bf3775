package elfread

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klplint/klplint/fixtures"
	"github.com/klplint/klplint/klp"
)

// broken is a file whose medium fails from some byte on.
type broken struct {
	b    []byte
	from int64
	err  error
}

// ReadAt reads up to the broken byte.
func (f broken) ReadAt(p []byte, off int64) (int, error) {
	end := off + int64(len(p))
	if end <= f.from {
		return copy(p, f.b[off:end]), nil
	}
	if off >= f.from {
		return 0, f.err
	}
	return copy(p, f.b[off:f.from]), f.err
}

// TestBrokenFile: a file that cannot be read to its end is no module, whatever
// was read of it, and the cause stays visible.
func TestBrokenFile(t *testing.T) {
	torn := errors.New("input/output error")
	small, large := fixtures.Read(t, "static/one-func.ko"), fixtures.Read(t, "static/debug.ko")
	if len(small) > wholeFile || len(large) <= wholeFile {
		t.Fatalf("%d and %d bytes are on one side of %d", len(small), len(large), wholeFile)
	}
	for _, tc := range []struct {
		name string
		b    []byte
		from int64 // where it breaks
		err  error
		o    Options
		want error
		text string
	}{
		{"small", small, 1000, torn, Options{}, torn, "read at offset 0x3e8"},
		{"small, shorter than its size says", small, 1000, io.EOF, Options{}, io.ErrUnexpectedEOF, "read at offset 0x3e8"},
		{"small, nothing and no error", small, 1000, nil, Options{}, io.ErrUnexpectedEOF, "read at offset 0x3e8"},
		{"large, at its start", large, 0, torn, Options{}, torn, ""},
		{"large, in its section headers", large, int64(len(large) - 10), torn, Options{}, torn, ""},
		{"large, while it is digested", large, 200000, torn, Options{SHA256: true}, torn, "read at offset 0x"},
		{"large, shorter than its size says", large, 200000, io.EOF, Options{SHA256: true}, io.ErrUnexpectedEOF, "read at offset 0x30d40"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := Read(broken{tc.b, tc.from, tc.err}, int64(len(tc.b)), "torn.ko", tc.o)
			var e *Error
			if m != nil || !errors.As(err, &e) || e.Path != "torn.ko" || !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// pack gzips bytes without making them smaller, so that the packed file is as
// large as the module.
func pack(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestPackedLarge: a packed file that is too large to be read at once gives the
// same module; size and digest are those of the packed file.
func TestPackedLarge(t *testing.T) {
	plain := fixtures.Read(t, "static/debug.ko")
	packed := pack(t, plain)
	if len(packed) <= wholeFile {
		t.Fatalf("%d bytes are read at once", len(packed))
	}
	want, err := read(plain, Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := read(packed, Options{SHA256: true})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(packed)
	if m.Compression != klp.Gzip || m.Size != int64(len(packed)) || m.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("compression %s, size %d, digest %s", m.Compression, m.Size, m.SHA256)
	}
	if tables(m) != tables(want) || m.Replace.String() != want.Replace.String() || m.Patch.At != want.Patch.At {
		t.Errorf("%s %s at %+v, want %s %s at %+v", tables(m), m.Replace.String(), m.Patch.At, tables(want), want.Replace.String(), want.Patch.At)
	}
}

// TestPackedWrong: what is wrong inside a packed file is told as in a plain one.
func TestPackedWrong(t *testing.T) {
	for _, tc := range []struct {
		content string
		want    error
	}{
		{"", ErrEmpty},
		{"just text\n", ErrText},
		{"version https://git-lfs.github.com/spec/v1\n", ErrLFSPointer},
		{"hsqs\x02\x00\x00\x00", ErrSquashfs},
	} {
		if _, err := read(pack(t, []byte(tc.content)), Options{}); !errors.Is(err, tc.want) {
			t.Errorf("%q: error %v, want %v", tc.content, err, tc.want)
		}
	}
	cut := pack(t, fixtures.Read(t, "static/one-func.ko"))
	cut = cut[:len(cut)-100]
	if _, err := read(cut, Options{}); err == nil || !strings.Contains(err.Error(), "unpack") {
		t.Errorf("a packed file that is cut off: error %v", err)
	}
}

// TestErrorText: an error names file, section and offset as far as it is about them.
func TestErrorText(t *testing.T) {
	cause := errors.New("cause")
	for _, tc := range []struct {
		e    Error
		want string
	}{
		{Error{Path: "a.ko", Err: cause}, "a.ko: cause"},
		{Error{Path: "a.ko", Offset: 16, Err: cause}, "a.ko: offset 0x10: cause"},
		{Error{Path: "a.ko", Section: ".text", Err: cause}, "a.ko: section .text: offset 0x0: cause"},
		{Error{Path: "a.ko", Section: ".text", Offset: 16, Err: cause}, "a.ko: section .text: offset 0x10: cause"},
	} {
		if got := tc.e.Error(); got != tc.want || !errors.Is(&tc.e, cause) {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}
