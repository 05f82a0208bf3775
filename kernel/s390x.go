package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/klplint/klplint/klp"
)

// A boot image of s390x is memory as it is loaded: the offset in the file is
// the address (arch/s390/boot/head.S). It begins with code for the machines'
// ways to boot, "S390EP" marks the entry, and parmarea at 0x10400 holds the
// place of the version string. Nothing in it points to the packed kernel, which
// is found by its magic; unpacked it is memory again, from 1 MiB on.
const (
	s390Mark    = 0x10008
	s390Version = 0x10428 // parmarea.kernel_version (arch/s390/include/asm/setup.h)
	s390Text    = 0x100000
)

// isS390 reports whether the bytes begin like an s390x boot image.
func isS390(head []byte) bool {
	return len(head) >= s390Version+8 && string(head[s390Mark:s390Mark+6]) == "S390EP"
}

// maxS390Payloads bounds how many places that look like a packed kernel are
// tried: the decompressor in front of it holds the magics too.
const maxS390Payloads = 32

// openS390 reads an s390x boot image.
func openS390(data []byte, unpack func([]byte, int64) ([]byte, error)) (*image, error) {
	order := binary.BigEndian
	m := &image{arch: klp.S390X, order: order}
	at := order.Uint64(data[s390Version:])
	from := s390Version + 8
	if at >= uint64(from) && at < uint64(len(data)) {
		version := data[at:min(uint64(len(data)), at+512)]
		if end := bytes.IndexByte(version, 0); end > 0 {
			m.version = string(version[:end])
			from = int(at) + end
		}
	}
	err := errors.New("no compressed kernel in it")
	for tried := 0; tried < maxS390Payloads; tried++ {
		start := nextPacked(data, from)
		if start < 0 {
			break
		}
		from = start + 1
		var raw []byte
		raw, failed := unpack(data[start:], 0)
		if failed != nil {
			err = fmt.Errorf("offset %#x: payload: %w", start, failed)
			continue
		}
		m.segments = []segment{{s390Text, raw}}
		m.relocateS390(data[:start])
		return m, nil
	}
	return nil, err
}

// nextPacked returns the first place at or behind from that begins like packed
// data; -1 without one.
func nextPacked(data []byte, from int) int {
	first := -1
	for _, magic := range []string{"\x1f\x8b\x08", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd", string(lz4Magic), "BZh"} {
		window := data[from:]
		if first >= 0 {
			window = data[from:min(len(data), first+len(magic)-1)]
		}
		if i := bytes.Index(window, []byte(magic)); i >= 0 {
			first = from + i
		}
	}
	return first
}

// Relocations of s390x (ELF s390x ABI supplement) that a kernel linked position
// independent keeps.
const (
	rS390GlobDat  = 10
	rS390Relative = 12
	rS390Abs64    = 22
)

// relocateS390 writes the relocations of a kernel that is linked position
// independent (up to 6.7) into its memory, as arch/s390/boot/startup.c does when
// the machine starts. decompressor is the memory in front of the packed kernel,
// which holds struct vmlinux_info: there, behind the size of the unpacked image
// and five more words, stand the addresses of .dynsym and of both ends of
// .rela.dyn.
func (m *image) relocateS390(decompressor []byte) {
	raw := m.segments[0].data
	order := binary.BigEndian
	offset := func(addr uint64) (int, bool) {
		at := addr - s390Text
		return int(at), at < uint64(len(raw))
	}
	for at := 0; at+8*9 <= len(decompressor); at += 8 {
		// vmlinux_info.image_size is the unpacked image with its padding.
		if size := order.Uint64(decompressor[at:]); size < uint64(len(raw)) || size-uint64(len(raw)) >= s390Padding {
			continue
		}
		dynsym, ok1 := offset(order.Uint64(decompressor[at+8*6:]))
		start, ok2 := offset(order.Uint64(decompressor[at+8*7:]))
		end, ok3 := offset(order.Uint64(decompressor[at+8*8:]) - 1)
		end++
		if !ok1 || !ok2 || !ok3 || end <= start || (end-start)%relaSize != 0 {
			continue
		}
		for at := start; at+relaSize <= end; at += relaSize {
			place, ok := offset(order.Uint64(raw[at:]))
			info, value := order.Uint64(raw[at+8:]), order.Uint64(raw[at+16:])
			if !ok || place+8 > len(raw) {
				continue
			}
			switch uint32(info) {
			case rS390Relative:
			case rS390Abs64, rS390GlobDat:
				symbol := dynsym + 24*int(info>>32)
				if symbol+24 > len(raw) {
					continue
				}
				value += order.Uint64(raw[symbol+8:]) // st_value
			default:
				continue
			}
			order.PutUint64(raw[place:], value)
		}
		return
	}
}

// s390Padding bounds the padding behind an unpacked image: large pages have 1 MiB.
const s390Padding = 1 << 20

// header returns the version that the header of a boot image spells, as the
// banner of the kernel would begin with it; "" where there is none.
func (m *image) header() string {
	if m.version == "" || strings.ContainsAny(m.version[:1], " (") {
		return ""
	}
	return "Linux version " + m.version
}
