package kernel

import (
	"reflect"
	"testing"

	"github.com/klplint/klplint/klp"
)

// TestCallers: who calls what the compiler split off, by calls, by near and by
// far jumps, from an image and from the cache. What is freed after boot does not
// count, and a list of symbols tells nothing.
func TestCallers(t *testing.T) {
	cache := t.TempDir()
	for _, name := range []string{"vmlinux-gcc", "vmlinux-clang", "vmlinux-gcc"} {
		ks, err := Options{CacheDir: cache}.Load("testdata/inlined/" + name)
		if err != nil {
			t.Fatal(err)
		}
		o, err := ks[0].Object("vmlinux")
		if err != nil {
			t.Fatal(err)
		}
		for function, want := range map[string][]string{
			"seq_path":   {"seq_file_path", "seq_path"},
			"seq_dentry": {"seq_dentry"},
		} {
			clones := o.Clones(function)
			if len(clones) != 1 {
				t.Fatalf("%s: clones %+v", function, clones)
			}
			if got, known := o.Callers(clones[0]); !known || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s is called by %q, known %t, want %q", name, clones[0].Name, got, known, want)
			}
			if got, known := o.Callers(Related{Name: function, Addr: clones[0].Addr + 1, HasAddr: true}); known {
				t.Errorf("%s: callers of no clone: %q", name, got)
			}
		}
	}
}

// TestWordBranch: instructions of the architectures whose instructions are words.
func TestWordBranch(t *testing.T) {
	for _, c := range []struct {
		arch     klp.Arch
		word     uint32
		distance int64
		is       bool
	}{
		{klp.ARM64, 0x94000004, 16, true},       // bl .+16
		{klp.ARM64, 0x17fffffe, -8, true},       // b .-8
		{klp.ARM64, 0xd503201f, 0, false},       // nop
		{klp.PPC64LE, 0x48000011, 16, true},     // bl .+16
		{klp.PPC64LE, 0x4bfffff8, -8, true},     // b .-8
		{klp.PPC64LE, 0x48000013, 0, false},     // bla 16: absolute
		{klp.PPC64LE, 0x60000000, 0, false},     // nop
		{klp.LoongArch64, 0x54001000, 16, true}, // bl .+16
		{klp.LoongArch64, 0x53fffbff, -8, true}, // b .-8
		{klp.LoongArch64, 0x03400000, 0, false}, // nop
		{klp.S390X, 0x94000004, 0, false},
	} {
		distance, is := wordBranch(c.arch, c.word)
		if is != c.is || is && distance != c.distance {
			t.Errorf("%s %#x: %d, %t, want %d, %t", c.arch, c.word, distance, is, c.distance, c.is)
		}
	}
}
