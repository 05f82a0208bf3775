package archive

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/klplint/klplint/klp"
)

// cpioOf is an archive of names and contents, with its trailer.
func cpioOf(members ...string) []byte {
	var b []byte
	for i := 0; i < len(members); i += 2 {
		b = append(b, cpioFile("070701", members[i], typeFile|0o644, 1, members[i+1])...)
	}
	return append(b, cpioFile("070701", cpioTrailer, 0, 1, "")...)
}

// packed compresses data. For xz it runs the tool.
func packed(t testing.TB, format klp.Compression, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	switch format {
	case klp.Gzip:
		w := gzip.NewWriter(&b)
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	case klp.Zstd:
		w, err := zstd.NewWriter(&b, zstd.WithEncoderCRC(true))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	case klp.XZ:
		cmd := exec.Command("xz", "--check=crc32")
		cmd.Stdin, cmd.Stdout = bytes.NewReader(data), &b
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
	default:
		return data
	}
	return b.Bytes()
}

func TestInitramfs(t *testing.T) {
	early, a, b := cpioOf("kernel/x86/microcode.bin", "micro"), cpioOf("a.ko", "one"), cpioOf("b.ko", "two")
	zeros := func(n int) []byte { return make([]byte, n) }
	want := []string{"- kernel/x86/microcode.bin = micro", "- a.ko = one", "- b.ko = two"}
	for _, format := range []klp.Compression{klp.Uncompressed, klp.Gzip, klp.Zstd, klp.XZ} {
		t.Run(string(format), func(t *testing.T) {
			images := map[string][]byte{
				"packed as a whole":     packed(t, format, slices.Concat(early, zeros(300), a, b)),
				"microcode first":       slices.Concat(early, zeros(512), packed(t, format, slices.Concat(a, b))),
				"zeros behind":          slices.Concat(early, packed(t, format, slices.Concat(a, b)), zeros(512)),
				"packed one by one":     slices.Concat(packed(t, format, early), packed(t, format, a), packed(t, format, b)),
				"zeros between, packed": slices.Concat(packed(t, format, early), zeros(4), packed(t, format, a), zeros(8), packed(t, format, b)),
			}
			for name, image := range images {
				lines, err := list(image, Cpio, Packages)
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if diff := cmp.Diff(want, lines); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
			if format == klp.XZ {
				return
			}
			image := slices.Concat(packed(t, format, early), packed(t, klp.Gzip, a), b)
			if lines, err := list(image, Cpio, Packages); err != nil || len(lines) != 3 {
				t.Errorf("a mixed image: %q, %v", lines, err)
			}
		})
	}
	image := slices.Concat(early, zeros(16), packed(t, klp.Zstd, slices.Concat(a, b)))
	for n := 0; n < len(image)-1; n++ {
		if lines, err := list(image[:n], Cpio, Packages); err == nil && (len(lines) != 1 || n > len(early)+16) {
			t.Fatalf("no error for the first %d of %d bytes", n, len(image))
		}
	}
}

func TestInitramfsRefuses(t *testing.T) {
	a := cpioOf("a.ko", "one")
	for _, tt := range []struct {
		name  string
		image []byte
		want  string
	}{
		{"empty", nil, "cpio: nothing in it"},
		{"zeros", make([]byte, 999), "cpio: nothing in it"},
		{"something else", []byte("\x7fELF...."), "cpio: archive at offset 0x0: neither cpio nor packed with gzip, xz or zstd"},
		{"behind an archive", append(slices.Clone(a), "text"...), "neither cpio nor packed"},
		{"lz4", []byte("\x02\x21\x4c\x18........"), "compressed with lz4, which is not supported"},
		{"bzip2", []byte("BZh91AY&SY"), "compressed with bzip2"},
		{"odc", []byte("070707000000000000"), "cpio's older text format is not supported"},
		{"packed twice", packed(t, klp.Gzip, packed(t, klp.Gzip, a)), "cpio header: magic missing"},
		{"damaged", append(packed(t, klp.Gzip, a)[:40], 0), "unexpected EOF"},
		{"climbing", cpioOf("../a.ko", "x"), "leads out of the archive"},
		{"a reserved block", []byte("\x28\xb5\x2f\xfd\x20\x00\x07\x00\x00"), "reserved"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := list(tt.image, Cpio, Packages)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v\nwant  %s", err, tt.want)
			}
		})
	}
}

// The bounds hold over all archives of an image together.
func TestInitramfsLimits(t *testing.T) {
	zeros := packed(t, klp.Gzip, make([]byte, 1<<20))
	for name, tt := range map[string]struct {
		image []byte
		l     Limits
		want  error
	}{
		"unpacked, by several": {slices.Concat(zeros, zeros, zeros), Limits{Unpacked: 2<<20 + 1<<19, Members: 100, Window: 1 << 20}, ErrTooLarge},
		"enough":               {slices.Concat(zeros, zeros), Limits{Unpacked: 2 << 20, Members: 100, Window: 1 << 20}, nil},
		"plain":                {cpioOf("a.ko", strings.Repeat("x", 5000)), Limits{Unpacked: 4000, Members: 100, Window: 1 << 20}, ErrTooLarge},
		"members":              {slices.Concat(cpioOf("a", "", "b", ""), cpioOf("c", "", "d", "")), Limits{Unpacked: 1 << 20, Members: 3, Window: 1 << 20}, ErrTooMany},
		"empty archives":       {bytes.Repeat(packed(t, klp.Gzip, nil), 30), Limits{Unpacked: 1 << 20, Members: 20, Window: 1 << 20}, ErrTooMany},
		"empty, in one":        {packed(t, klp.Gzip, bytes.Repeat(cpioOf(), 30)), Limits{Unpacked: 1 << 20, Members: 20, Window: 1 << 20}, ErrTooMany},
	} {
		if _, err := list(tt.image, Cpio, tt.l); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
