package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// list walks an archive and returns a line for each member.
func list(data []byte, kind Kind, l Limits) ([]string, error) {
	var lines []string
	err := Walk(bytes.NewReader(data), kind, l, func(e Entry, content io.Reader) error {
		b, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		line := e.Mode.Type().String()[:1] + " " + e.Name
		if e.Link != "" {
			line += " -> " + e.Link
		}
		if e.HardLink {
			line += " (hard link)"
		}
		if len(b) > 0 {
			line += " = " + strings.ReplaceAll(string(b[:min(len(b), 20)]), "\n", "|")
		}
		if int64(len(b)) != e.Size {
			return fmt.Errorf("%s: %d bytes of %d", e.Name, len(b), e.Size)
		}
		lines = append(lines, line)
		return nil
	})
	return lines, err
}

// TestRealPackages reads what rpmbuild and dpkg-deb built (testdata/build.sh).
// Of two hard links rpm stores the content with the last, tar with the first.
func TestRealPackages(t *testing.T) {
	want := func(kind Kind, h1, h2 string) []string {
		return []string{
			"- lib/modules/6.12.0/extra/a.ko = first|",
			"- lib/modules/6.12.0/extra/b.ko.xz = the second one|",
			"- lib/modules/6.12.0/extra/h1.ko" + h1,
			"- lib/modules/6.12.0/extra/h2.ko" + h2,
			"- usr/share/doc/klp/numbers = 1|2|3|4|5|6|7|8|9|10",
			"L lib/modules/6.12.0/updates/a.ko -> ../extra/a.ko",
		}
	}
	for _, name := range []string{"gzip.rpm", "xz.rpm", "zstd.rpm", "gzip.deb", "xz.deb", "zstd.deb", "none.deb"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			lines, err := list(data, KindOf(name), Packages)
			if err != nil {
				t.Fatal(err)
			}
			lines = slices.DeleteFunc(lines, func(l string) bool { return l[0] == 'd' })
			slices.Sort(lines)
			wanted := want(RPM, " (hard link)", " = linked|")
			if KindOf(name) == Deb {
				wanted = want(Deb, " = linked|", " -> ./lib/modules/6.12.0/extra/h1.ko (hard link)")
			}
			if diff := cmp.Diff(wanted, lines); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			// Every truncation is an error, but for padding behind the last byte.
			for n := 0; n < len(data)-1; n += 1 + len(data)/300 {
				if _, err := list(data[:n], KindOf(name), Packages); err == nil {
					t.Fatalf("no error for the first %d of %d bytes", n, len(data))
				}
			}
		})
	}
}

func TestUnsupported(t *testing.T) {
	newc := cpioFile("070701", "a.ko", typeFile|0o644, 1, "x")
	tests := []struct {
		name string
		data []byte
		kind Kind
		want string
	}{
		{"bzip2", read(t, "bzip2.rpm"), RPM, "rpm: compressed with bzip2, which is not supported"},
		{"large files", rpmOf([]byte("07070X00000001")), RPM, "rpm: payload at offset 0x6: rpm's own cpio for files over 4 GiB is not supported"},
		{"delta", rpmOf([]byte("drpm-3......")), RPM, "rpm: payload at offset 0x6: a delta package, which holds no whole files"},
		{"no rpm", []byte(strings.Repeat("version https://git-lfs", 9)), RPM, "rpm: not an rpm package: the first bytes are not its magic"},
		{"old rpm", append([]byte{0xed, 0xab, 0xee, 0xdb, 2}, make([]byte, 200)...), RPM, "rpm: lead: version 2 of the format is not supported"},
		{"empty", nil, RPM, "rpm: lead: unexpected EOF"},
		{"empty payload", rpmOf(nil), RPM, "rpm: nothing in it"},
		{
			"huge header", slices.Concat(rpmOf(nil)[:leadSize], headerMagic[:], make([]byte, 4), []byte{0, 1, 0, 0, 0, 0, 0, 0}), RPM,
			"rpm: signature header at offset 0x70: 65536 entries and 0 bytes of data, the limits are 65535 and 268435455",
		},
		{"no trailer", rpmOf(newc), RPM, "rpm: payload at offset 0x78: cpio header: unexpected EOF"},
		{"bad number", rpmOf(bytes.Replace(newc, []byte("000081a4"), []byte("0000-1a4"), 1)), RPM, "rpm: payload at offset 0x6e: cpio header: number 1 is not hexadecimal"},
		{
			"climbing", rpmOf(cpioFile("070701", "./x/../../a.ko", typeFile, 1, "x")), RPM,
			`rpm: payload at offset 0x80: member's name "./x/../../a.ko" leads out of the archive`,
		},
		{"NUL", rpmOf(cpioFile("070701", "a\x00.ko", typeFile, 1, "x")), RPM, `rpm: payload at offset 0x74: member's name "a\x00.ko" has a NUL byte`},
		{"no deb", []byte("not at all"), Deb, "deb: not a Debian package: the first bytes are not those of an ar archive"},
		{"other ar", arOf("x.o", "abc"), Deb, `deb: not a Debian package: the first member is "x.o"`},
		{"old deb", arOf("debian-binary", "3.0\n"), Deb, `deb: version "3.0" of the format is not supported`},
		{"no data", arOf("debian-binary", "2.0\n", "control.tar", "x"), Deb, "deb: no data.tar in it"},
		{
			"many members", arOf(append([]string{"debian-binary", "2.0\n"}, slices.Repeat([]string{"_x", ""}, 99)...)...), Deb,
			"deb: no data.tar among the first 32 members",
		},
		{
			"bad size", bytes.Replace(arOf("debian-binary", "2.0\n"), []byte("4         `"), []byte("-4        `"), 1), Deb,
			`deb: ar header at offset 0x8: size "-4        " of "debian-binary" is not a number`,
		},
		{
			"lzma data", arOf("debian-binary", "2.0\n", "data.tar.lzma", "\x5d\x00\x00\x80\x00"), Deb,
			"deb: data.tar.lzma: compressed with lzma, which is not supported",
		},
		{"tar without end", make([]byte, 512), Tar, "tar: payload at offset 0x200: the tar file has no end-of-archive marker"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := list(tt.data, tt.kind, Packages)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v\nwant  %s", err, tt.want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	data := read(t, "gzip.rpm")
	tests := []struct {
		l    Limits
		want error
	}{
		{Limits{Unpacked: 1 << 20, Members: 100, Window: 1 << 20}, nil},
		{Limits{Unpacked: 1 << 10, Members: 100, Window: 1 << 20}, ErrTooLarge},
		{Limits{Unpacked: 1 << 20, Members: 3, Window: 1 << 20}, ErrTooMany},
	}
	for _, tt := range tests {
		if _, err := list(data, RPM, tt.l); !errors.Is(err, tt.want) {
			t.Errorf("%+v: %v", tt.l, err)
		}
	}
}

// TestSparse: holes cost the archive nothing, so nobody may read them unasked.
func TestSparse(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	// One byte of data at the end of 4 EiB (GNU format, PAX 1.0 sparse records).
	sparse := "1\n4611686018427387904\n1\n"
	body := sparse + strings.Repeat("\x00", 512-len(sparse)) + "x"
	h := &tar.Header{
		Typeflag: tar.TypeReg, Name: "GNUSparseFile.0/a.ko", Size: int64(len(body)), Format: tar.FormatPAX,
		PAXRecords: map[string]string{"KLP.x": "y"},
	}
	if err := w.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// archive/tar writes no sparse files: put the records in by hand.
	data := b.Bytes()
	records := "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n24 GNU.sparse.name=a.ko\n43 GNU.sparse.realsize=4611686018427387905\n"
	copy(data[512:], records)
	paxSize(data, len(records))
	var size int64
	err := Walk(bytes.NewReader(data), Tar, Packages, func(e Entry, _ io.Reader) error {
		size = e.Size
		return nil
	})
	if err != nil || size != 1<<62+1 {
		t.Errorf("size %d, error %v", size, err)
	}
}

func TestVisitError(t *testing.T) {
	stop := errors.New("stop")
	err := Walk(bytes.NewReader(read(t, "xz.deb")), Deb, Packages, func(Entry, io.Reader) error { return stop })
	if err != stop { //nolint:errorlint // as it is
		t.Errorf("error %v", err)
	}
}

func TestKindOf(t *testing.T) {
	for name, want := range map[string]Kind{
		"a.rpm": RPM, "d/a.src.rpm": RPM, "a.deb": Deb, "a.udeb": Deb, "a.tar": Tar, "a.tar.gz": Tar, "a.tgz": Tar,
		"a.tar.xz": Tar, "a.tar.zst": Tar, "a.ko": "", "a.ko.gz": "", "a.rpm.sig": "", "rpm": "", "a.tar.bz2": "",
		"a.cpio": Cpio, "a.cpio.zst": Cpio, "/boot/initrd.img-6.12.0": Cpio, "initramfs-6.12.0.img": Cpio, "initrd": Cpio, "initrd/a.txt": "", "initramfs.ko.xz": "", "a.zip": Zip,
	} {
		if got := KindOf(name); got != want {
			t.Errorf("KindOf(%q) = %q", name, got)
		}
	}
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rpmOf is a package with empty headers.
func rpmOf(payload []byte) []byte {
	lead := make([]byte, leadSize)
	copy(lead, leadMagic[:])
	lead[4] = 3
	empty := make([]byte, introSize)
	copy(empty, headerMagic[:])
	return slices.Concat(lead, empty, empty, payload)
}

// cpioFile is one member, without a trailer.
func cpioFile(magic, name string, mode, links int, content string) []byte {
	n := [13]int{cpioMode: mode, cpioLinks: links, cpioFileSize: len(content), cpioNameSize: len(name) + 1}
	b := []byte(magic)
	for _, v := range n {
		b = fmt.Appendf(b, "%08x", v)
	}
	pad := func() {
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	b = append(b, name...)
	b = append(b, 0)
	pad()
	b = append(b, content...)
	pad()
	return b
}

// arOf is an ar archive of name, content, name, content...
func arOf(members ...string) []byte {
	b := []byte(arMagic)
	for i := 0; i < len(members); i += 2 {
		b = fmt.Appendf(b, "%-16s%-12d%-6d%-6d%-8o%-10d`\n%s", members[i], 0, 0, 0, 0o644, len(members[i+1]), members[i+1])
		if len(b)%2 != 0 {
			b = append(b, '\n')
		}
	}
	return b
}

// paxSize sets the size of a PAX header that is the first block of data.
func paxSize(data []byte, size int) {
	copy(data[124:], fmt.Sprintf("%011o\x00", size))
	copy(data[148:], "        ")
	sum := 0
	for _, c := range data[:512] {
		sum += int(c)
	}
	copy(data[148:], fmt.Sprintf("%06o\x00 ", sum))
}
