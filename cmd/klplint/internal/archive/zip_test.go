package archive

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type zipMember struct {
	name, content string
	mode          fs.FileMode
	store         bool
}

func zipOf(t testing.TB, members ...zipMember) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		if m.store {
			h.Method = zip.Store
		}
		h.SetMode(m.mode | 0o644)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(m.name, "/") {
			if _, err := io.WriteString(f, m.content); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestZip(t *testing.T) {
	data := zipOf(t,
		zipMember{name: "d/", mode: fs.ModeDir}, zipMember{name: "d/a.ko", content: "one"}, zipMember{name: "b.ko", content: "two", store: true},
		zipMember{name: "l.ko", content: "d/a.ko", mode: fs.ModeSymlink}, zipMember{name: "p", mode: fs.ModeNamedPipe},
	)
	lines, err := list(data, Zip, Packages)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"d d", "- d/a.ko = one", "- b.ko = two", "L l.ko -> d/a.ko", "? p"}, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for n := range len(data) {
		if _, err := list(data[:n], Zip, Packages); err == nil {
			t.Fatalf("no error for the first %d of %d bytes", n, len(data))
		}
	}
}

func TestZipRefuses(t *testing.T) {
	data := zipOf(t, zipMember{name: "a.ko", content: strings.Repeat("x", 9000)})
	change := func(at int, value uint16) []byte { // of the member's entry in the list
		out := bytes.Clone(data)
		entry := bytes.LastIndex(out, []byte("PK\x01\x02"))
		binary.LittleEndian.PutUint16(out[entry+at:], value)
		return out
	}
	for _, tt := range []struct {
		name string
		data []byte
		l    Limits
		want string
	}{
		{"no zip", []byte("text"), Packages, "zip: not a valid zip file"},
		{"encrypted", change(8, 1), Packages, `member "a.ko": encrypted, which is not supported`},
		{"another method", change(10, 93), Packages, `member "a.ko": method 93: zip: unsupported compression algorithm`},
		{"shorter than it says", change(24, 10000), Packages, `member "a.ko": `},
		{"another checksum", change(16, 1), Packages, "checksum"},
		{"too large", data, Limits{Unpacked: 5000, Members: 9, Window: 1 << 20}, ErrTooLarge.Error()},
		{"too many", zipOf(t, zipMember{name: "a"}, zipMember{name: "b"}), Limits{Unpacked: 5000, Members: 1, Window: 1 << 20}, ErrTooMany.Error()},
		{"climbing", zipOf(t, zipMember{name: "../a.ko"}), Packages, "leads out of the archive"},
		{"a long link", zipOf(t, zipMember{name: "a.ko", content: strings.Repeat("x", 5000), mode: fs.ModeSymlink}), Packages, "symbolic link of 5000 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := list(tt.data, Zip, tt.l)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v\nwant  %s", err, tt.want)
			}
		})
	}
	if err := Walk(io.MultiReader(), Zip, Packages, nil); err == nil || !strings.Contains(err.Error(), "from a stream") {
		t.Errorf("a stream: %v", err)
	}
}

// A list of members that is larger than its bound is not held.
func TestZipDirectoryIsBounded(t *testing.T) {
	entry := make([]byte, 46+60)
	copy(entry, "PK\x01\x02")
	binary.LittleEndian.PutUint16(entry[28:], 60)
	n := maxZipDirectory/len(entry) + 1000
	data := bytes.Repeat(entry, n)
	end := make([]byte, 22)
	copy(end, "PK\x05\x06")
	binary.LittleEndian.PutUint16(end[8:], uint16(n))
	binary.LittleEndian.PutUint16(end[10:], uint16(n))
	binary.LittleEndian.PutUint32(end[12:], uint32(len(data)))
	if _, err := list(append(data, end...), Zip, Packages); !errors.Is(err, ErrTooMany) {
		t.Errorf("error %v", err)
	}
}
