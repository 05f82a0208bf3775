package kernel

import (
	"encoding/binary"
	"fmt"

	"github.com/klplint/klplint/klp"
)

// imageMagic returns the four bytes at 56 of a flat image, in which each
// architecture says who it is; these formats share the place of the word.
func imageMagic(head []byte) string {
	if len(head) < 64 {
		return ""
	}
	return string(head[56:60])
}

// isFlat reports whether the bytes begin like an arm64 Image
// (Documentation/arch/arm64/booting.rst).
func isFlat(head []byte) bool { return imageMagic(head) == "ARM\x64" }

// isLoongArchImage reports whether the bytes begin like a loongarch64 Image
// (arch/loongarch/kernel/head.S): a PE file of that machine with LINUX_PE_MAGIC.
func isLoongArchImage(head []byte) bool {
	machine, ok := peMachine(head)
	return ok && machine == peLoongArch64 && imageMagic(head) == "\xcd\x23\x82\x81" && !isZboot(head)
}

// isRISCVImage reports whether the bytes begin like a riscv Image
// (Documentation/arch/riscv/boot-image-header.rst).
func isRISCVImage(head []byte) bool { return imageMagic(head) == "RSC\x05" }

// openFlat takes an image that is the kernel's memory from _text on.
func openFlat(data []byte) (*image, error) {
	switch {
	case isFlat(data):
		// The link address is not in the file: addresses count from _text until
		// something tells it.
		order := binary.ByteOrder(binary.LittleEndian)
		if data[24]&1 != 0 { // flags, bit 0: big-endian kernel
			order = binary.BigEndian
		}
		return &image{arch: klp.ARM64, order: order, flat: true, segments: []segment{{data: data}}}, nil
	case isLoongArchImage(data):
		// The header has the physical address; the kernel is linked in the
		// cached window (arch/loongarch/include/asm/addrspace.h: CACHE_BASE).
		at := loongArchCached + binary.LittleEndian.Uint64(data[24:])
		return &image{arch: klp.LoongArch64, order: binary.LittleEndian, segments: []segment{{at, data}}}, nil
	case isRISCVImage(data):
		_, err := peArch(peRISCV64)
		return nil, err
	}
	return nil, fmt.Errorf("offset 0x38: %w: expected an arm64 or loongarch64 Image", errNotAnImage)
}

const loongArchCached = uint64(0x9000000000000000)
