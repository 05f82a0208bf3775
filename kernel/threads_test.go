package kernel

import (
	"encoding/binary"
	"reflect"
	"testing"

	"github.com/klplint/klplint/klp"
)

// TestFirstParameter: what code before a call leaves in the first parameter's register.
// The bytes are what as writes.
func TestFirstParameter(t *testing.T) {
	const at = 0xffffffff81000000
	for _, c := range []struct {
		name  string
		arch  klp.Arch
		code  []byte
		value uint64
		known bool
	}{
		{"mov $ADDRESS, %rdi", klp.X86_64, []byte{0x48, 0xc7, 0xc7, 0x10, 0x20, 0x00, 0x81}, 0xffffffff81002010, true},
		{"lea OFFSET(%rip), %rdi", klp.X86_64, []byte{0x48, 0x8d, 0x3d, 0xf9, 0x00, 0x00, 0x00}, at + 0x100, true},
		{"and an instruction for another register", klp.X86_64, []byte{0x48, 0xc7, 0xc7, 0x10, 0x20, 0x00, 0x81, 0x48, 0x89, 0xc6}, 0xffffffff81002010, true},
		{"compared", klp.X86_64, []byte{0x48, 0xc7, 0xc7, 0x10, 0x20, 0x00, 0x81, 0x48, 0x85, 0xff}, 0xffffffff81002010, true},
		{"mov %rax, %rdi", klp.X86_64, []byte{0x48, 0xc7, 0xc7, 0x10, 0x20, 0x00, 0x81, 0x48, 0x89, 0xc7}, 0, false},
		{"xor %edi, %edi", klp.X86_64, []byte{0x48, 0xc7, 0xc7, 0x10, 0x20, 0x00, 0x81, 0x31, 0xff}, 0, false},
		{"xchg %rdi, %rax", klp.X86_64, []byte{0x48, 0xc7, 0xc7, 0x10, 0x20, 0x00, 0x81, 0x48, 0x97}, 0, false},
		{"another call", klp.X86_64, []byte{0x48, 0xc7, 0xc7, 0x10, 0x20, 0x00, 0x81, 0xe8, 0, 0, 0, 0}, 0, false},
		{"cut off", klp.X86_64, []byte{0x48, 0xc7, 0xc7, 0x10, 0x20, 0x00, 0x81, 0xc7}, 0, false},
		{"adrp, add", klp.ARM64, words(0xb0000000, 0x91004000), at + 0x1010, true},
		{"adrp of another register", klp.ARM64, words(0xb0000001, 0x91004021), 0, false},
		{"mov x0, x1", klp.ARM64, words(0xb0000000, 0x91004000, 0xaa0103e0), 0, false},
		{"ldr x0", klp.ARM64, words(0xb0000000, 0xf9400000), 0, false},
		{"bl", klp.ARM64, words(0xb0000000, 0x91004000, 0x94000000), 0, false},
		{"larl %r2", klp.S390X, []byte{0xc0, 0x20, 0x00, 0x00, 0x00, 0x80}, at + 0x100, true},
		{"lgr %r2, %r3", klp.S390X, []byte{0xc0, 0x20, 0x00, 0x00, 0x00, 0x80, 0xb9, 0x04, 0x00, 0x23}, 0, false},
		{"lgr %r3, %r2", klp.S390X, []byte{0xc0, 0x20, 0x00, 0x00, 0x00, 0x80, 0xb9, 0x04, 0x00, 0x32}, at + 0x100, true},
		{"brasl", klp.S390X, []byte{0xc0, 0x20, 0x00, 0x00, 0x00, 0x80, 0xc0, 0xe5, 0, 0, 0, 0}, 0, false},
		{"an architecture that is not read", klp.PPC64LE, words(0x3c620000), 0, false},
	} {
		order := binary.ByteOrder(binary.LittleEndian)
		if c.arch == klp.S390X {
			order = binary.BigEndian
		}
		value, known := firstParameter(c.arch, segment{at, c.code}, order)
		if known != c.known || known && value != c.value {
			t.Errorf("%s, %s: %#x, known %t, want %#x, %t", c.arch, c.name, value, known, c.value, c.known)
		}
	}
}

func words(list ...uint32) (b []byte) {
	for _, w := range list {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

// TestEachCall: calls are found by their targets, and what only looks like one is
// visited, too.
func TestEachCall(t *testing.T) {
	for _, c := range []struct {
		arch klp.Arch
		code []byte
		want []uint64
	}{
		{klp.X86_64, []byte{0x90, 0xe8, 0x0a, 0x00, 0x00, 0x00}, []uint64{0x1010}},
		{klp.S390X, []byte{0x07, 0x00, 0xc0, 0xe5, 0x00, 0x00, 0x00, 0x07}, []uint64{0x1010}},
		{klp.ARM64, words(0xd503201f, 0x94000003), []uint64{0x1010}},
	} {
		order := binary.ByteOrder(binary.LittleEndian)
		if c.arch == klp.S390X {
			order = binary.BigEndian
		}
		var got []uint64
		segment{0x1000, c.code}.eachCall(c.arch, order, func(_, target uint64) { got = append(got, target) })
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: calls of %#x, want %#x", c.arch, got, c.want)
		}
	}
}
