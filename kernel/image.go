package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klplint/klplint/internal/unpack"
	"github.com/klplint/klplint/klp"
)

// vmlinux is the name of the kernel image as an object.
const vmlinux = klp.VmlinuxObjectName

// image is a linked kernel in memory: bytes at link addresses.
type image struct {
	arch     klp.Arch
	order    binary.ByteOrder
	segments []segment
	symtab   *symbolTable // from an unstripped vmlinux, sorted by address
	flat     bool         // raw memory without headers, whose link address is not in the file (arm64 Image)
	version  string       // from the header of a boot image that has it there: release, builder, build; else ""
	btf      []byte       // the .BTF section; nil where it must be found through symbols
}

// segment is a run of bytes loaded at an address.
type segment struct {
	addr uint64
	data []byte
}

// at returns size bytes at the link address, or nil where the image has none.
func (m *image) at(addr, size uint64) []byte {
	for _, s := range m.segments {
		if addr >= s.addr && addr-s.addr <= uint64(len(s.data)) && size <= uint64(len(s.data))-(addr-s.addr) {
			return s.data[addr-s.addr:][:size:size]
		}
	}
	return nil
}

// from returns what is there from the address to the end of its segment.
func (m *image) from(addr uint64) []byte {
	for _, s := range m.segments {
		if addr >= s.addr && addr-s.addr < uint64(len(s.data)) {
			return s.data[addr-s.addr:]
		}
	}
	return nil
}

// between returns the bytes from one address to another, or nil.
func (m *image) between(start, stop uint64) []byte {
	if stop < start {
		return nil
	}
	return m.at(start, stop-start)
}

// cstring returns the NUL-terminated string at the address, at most limit bytes.
func (m *image) cstring(addr uint64, limit int) (string, bool) {
	b := m.from(addr)
	if len(b) > limit {
		b = b[:limit]
	}
	end := bytes.IndexByte(b, 0)
	if end < 0 {
		return "", false
	}
	return string(b[:end]), true
}

// errNotAnImage says that a file is no form of a kernel image.
var errNotAnImage = errors.New("not a kernel image")

// The bounds of a kernel image: a distribution's bzImage is 8 to 16 MiB, the
// vmlinux in it 60 MiB, one with debugging data 400 MiB to 1 GiB.
const (
	maxBootImage = 256 << 20
	maxVmlinux   = 160 << 20
)

// isBootImage reports whether the bytes begin like one of the forms that
// openBootImage reads, or like one that it can name.
func isBootImage(head []byte) bool {
	return isBzImage(head) || isZboot(head) || isFlat(head) || isLoongArchImage(head) || isRISCVImage(head) || isS390(head) || isUKI(head)
}

// openBootImage reads a bzImage, an EFI zboot image, an arm64 or loongarch64
// Image, packed or not, or a unified kernel image that holds one of these.
// unpack decompresses within bounds; its second argument is the size that the
// file promises, 0 for none.
func openBootImage(data []byte, unpack func([]byte, int64) ([]byte, error)) (*image, error) {
	switch {
	case isBzImage(data):
		payload, size, err := bzImagePayload(data)
		if err != nil {
			return nil, fmt.Errorf("bzImage: %w", err)
		}
		if vm, err := unpack(payload, size); err != nil {
			return nil, fmt.Errorf("bzImage: payload: %w", err)
		} else if img, err := openELFBytes(vm); err != nil {
			return nil, fmt.Errorf("bzImage: vmlinux: %w", err)
		} else {
			return img, nil
		}
	case isZboot(data):
		return openZboot(data, unpack)
	case isFlat(data), isLoongArchImage(data), isRISCVImage(data):
		return openFlat(data)
	case isS390(data):
		img, err := openS390(data, unpack)
		if err != nil {
			return nil, fmt.Errorf("s390x bzImage: %w", err)
		}
		return img, nil
	}
	if inner := peSection(data, ".linux"); inner != nil && !isUKI(inner) {
		img, err := openBootImage(inner, unpack)
		if err != nil {
			return nil, fmt.Errorf("unified kernel image: .linux: %w", err)
		}
		return img, nil
	}
	return nil, errNotAnImage
}

// isBzImage reports whether the bytes begin like an x86 boot image
// (Documentation/arch/x86/boot.rst).
func isBzImage(head []byte) bool {
	return len(head) >= 0x250 && string(head[0x202:0x206]) == "HdrS" && binary.LittleEndian.Uint16(head[0x1fe:]) == 0xaa55
}

// bzImagePayload returns the compressed vmlinux and its unpacked size, which the
// build appends as four bytes, but for gzip, whose own trailer ends with it
// (scripts/Makefile.lib: size_append; arch/x86/boot/compressed/mkpiggy.c).
func bzImagePayload(data []byte) (payload []byte, unpacked int64, err error) {
	le := binary.LittleEndian
	if version := le.Uint16(data[0x206:]); version < 0x208 {
		return nil, 0, fmt.Errorf("boot protocol %d.%02d has no payload fields", version>>8, version&0xff)
	}
	setup := int64(data[0x1f1])
	if setup == 0 {
		setup = 4
	}
	start := (setup+1)*512 + int64(le.Uint32(data[0x248:]))
	size := int64(le.Uint32(data[0x24c:]))
	if size < 4 || start > int64(len(data)) || size > int64(len(data))-start {
		return nil, 0, fmt.Errorf("offset 0x248: payload of %d bytes at %#x is outside the file of %d bytes", size, start, len(data))
	}
	end := start + size
	unpacked = int64(le.Uint32(data[end-4:]))
	if unpack.Detect(data[start:end]) != klp.Gzip {
		end -= 4
	}
	return data[start:end:end], unpacked, nil
}

// isZboot reports whether the bytes begin like an EFI zboot image: a PE file
// with "zimg" at 4 (drivers/firmware/efi/libstub/zboot-header.S).
func isZboot(head []byte) bool {
	return len(head) >= 64 && string(head[:2]) == "MZ" && string(head[4:8]) == "zimg"
}

func zbootPayload(data []byte) ([]byte, error) {
	start, size := int64(binary.LittleEndian.Uint32(data[8:])), int64(binary.LittleEndian.Uint32(data[12:]))
	if start > int64(len(data)) || size > int64(len(data))-start {
		return nil, fmt.Errorf("offset 0x8: payload of %d bytes at %#x is outside the file of %d bytes", size, start, len(data))
	}
	return data[start : start+size], nil
}

// openZboot reads an EFI zboot image. Its architecture is that of the PE
// header; what is packed in it is the architecture's own boot image.
func openZboot(data []byte, unpack func([]byte, int64) ([]byte, error)) (*image, error) {
	if machine, ok := peMachine(data); ok {
		if _, err := peArch(machine); err != nil {
			return nil, fmt.Errorf("EFI zboot image: %w", err)
		}
	}
	payload, err := zbootPayload(data)
	if err != nil {
		return nil, fmt.Errorf("EFI zboot image: %w", err)
	}
	raw, err := unpack(payload, 0)
	if err != nil {
		return nil, fmt.Errorf("EFI zboot image: payload: %w", err)
	}
	img, err := openFlat(raw)
	if err != nil {
		return nil, fmt.Errorf("EFI zboot image: payload: %w", err)
	}
	return img, nil
}

// readAll reads a file of known size into memory.
func readAll(r io.ReaderAt, size, limit int64) ([]byte, error) {
	if size > limit {
		return nil, fmt.Errorf("%d bytes: more than the %d MiB that klplint reads", size, limit>>20)
	}
	data := make([]byte, size)
	n, err := r.ReadAt(data, 0)
	if int64(n) == size {
		return data, nil
	}
	return nil, err
}
