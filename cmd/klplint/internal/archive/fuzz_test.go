package archive

import (
	"bytes"
	"io"
	"io/fs"
	"slices"
	"testing"

	"github.com/klplint/klplint/klp"
)

// fuzzLimits keep one execution short.
var fuzzLimits = Limits{Unpacked: 1 << 20, Members: 1000, Window: 1 << 20}

// fuzz walks an archive and checks what Walk promises of each member.
func fuzz(t *testing.T, data []byte, kind Kind) {
	members := 0
	err := Walk(bytes.NewReader(data), kind, fuzzLimits, func(e Entry, content io.Reader) error {
		members++
		if clean, err := memberName(e.Name); err != nil || clean != e.Name {
			t.Errorf("name %q, clean %q: %v", e.Name, clean, err)
		}
		if e.Size < 0 {
			t.Errorf("%q has %d bytes", e.Name, e.Size)
		}
		if e.Size > fuzzLimits.Unpacked {
			return nil
		}
		if n, err := io.Copy(io.Discard, content); err == nil && e.Mode.IsRegular() && !e.HardLink && n != e.Size {
			t.Errorf("%q has %d bytes, not %d", e.Name, n, e.Size)
		}
		return nil
	})
	if members > fuzzLimits.Members {
		t.Errorf("%d members: %v", members, err)
	}
}

// FuzzRPM reads packages with the headers of a real one and without.
func FuzzRPM(f *testing.F) {
	f.Add(rpmOf(append(cpioFile("070701", "./a.ko", typeFile|0o644, 1, "text"), cpioFile("070701", cpioTrailer, 0, 1, "")...)))
	f.Add(rpmOf(cpioFile("070702", "b.ko", typeSymlink|0o777, 1, "a.ko")))
	f.Add(rpmOf(cpioFile("070701", "h.ko", typeFile|0o644, 2, "")))
	f.Add(rpmOf([]byte("07070X00000001")))
	for _, name := range []string{"gzip.rpm", "xz.rpm", "zstd.rpm"} {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, data, RPM) })
}

// FuzzDeb reads Debian packages, and by them tar files.
func FuzzDeb(f *testing.F) {
	f.Add(arOf("debian-binary", "2.0\n", "data.tar", string(make([]byte, 1024))))
	for _, name := range []string{"gzip.deb", "xz.deb", "zstd.deb", "none.deb"} {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, data, Deb) })
}

// FuzzCpio reads initramfs images: archives one behind the other.
func FuzzCpio(f *testing.F) {
	early := cpioOf("kernel/x86/microcode/GenuineIntel.bin", "micro")
	f.Add(slices.Concat(early, make([]byte, 512), packed(f, klp.Gzip, cpioOf("a.ko", "one")), make([]byte, 4), packed(f, klp.Zstd, cpioOf("b.ko", "two")), cpioOf("c.ko", "three")))
	f.Add(packed(f, klp.XZ, slices.Concat(cpioOf("a.ko", "one"), make([]byte, 9), cpioOf("b.ko", "two"))))
	f.Add(cpioFile("070707", "a", 0, 1, ""))
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, data, Cpio) })
}

// FuzzZip reads zip files.
func FuzzZip(f *testing.F) {
	f.Add(zipOf(f, zipMember{name: "a.ko", content: "one"}, zipMember{name: "d/"}, zipMember{name: "l.ko", content: "a.ko", mode: fs.ModeSymlink}, zipMember{name: "s.ko", content: "two", store: true}))
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, data, Zip) })
}
