package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"

	"github.com/klplint/klplint/internal/unpack"
	"github.com/klplint/klplint/klp"
)

// unpackPayload unpacks what a boot image holds; what stands behind the packed
// bytes is left alone. size is the unpacked size where the image tells it, else
// 0. Kernels may also be packed with bzip2, lzma or lzo, which klplint does not
// read.
func unpackPayload(payload []byte, size int64) ([]byte, error) {
	return unpackWithin(payload, imageLimits, size)
}

func unpackWithin(payload []byte, limits unpack.Limits, size int64) ([]byte, error) {
	if bytes.HasPrefix(payload, lz4Magic) {
		return unpackLZ4(payload, limits.Output)
	}
	switch unpack.Detect(payload) {
	case klp.Zstd:
		n, err := zstdFrame(payload)
		if err != nil {
			return nil, err
		}
		return unpackAll(payload[:n], limits, size)
	case klp.Gzip:
		z, err := gzip.NewReader(bytes.NewReader(payload))
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		z.Multistream(false)
		return readFirst("gzip", z, limits, size)
	case klp.XZ:
		z, err := xz.NewReader(bytes.NewReader(payload), limits.Window)
		if err != nil {
			return nil, fmt.Errorf("xz: %w", err)
		}
		z.Multistream(false)
		return readFirst("xz", z, limits, size)
	default:
		return nil, fmt.Errorf("compressed with %s: only gzip, xz, zstd and lz4 are supported; decompress it with the kernel's scripts/extract-vmlinux", otherPacking(payload))
	}
}

// readFirst reads the first member or stream of a packed file to its end.
func readFirst(format string, z io.Reader, limits unpack.Limits, size int64) ([]byte, error) {
	if size <= 0 || size > limits.Output {
		size = 0
	}
	var out bytes.Buffer
	out.Grow(int(size) + bytes.MinRead) // ReadFrom wants room to find the end
	if _, err := out.ReadFrom(io.LimitReader(z, limits.Output+1)); err != nil {
		return nil, fmt.Errorf("%s: offset %#x: %w", format, out.Len(), err)
	}
	if int64(out.Len()) > limits.Output {
		return nil, fmt.Errorf("%s: %w: more than %d bytes", format, unpack.ErrTooLarge, limits.Output)
	}
	return out.Bytes(), nil
}

var errZstdFrame = errors.New("zstd: damaged frame")

// zstdFrame returns the length of the zstd frame that the bytes begin with
// (RFC 8878, section 3.1.1): its header, blocks up to the one that is marked as
// the last, and the checksum.
func zstdFrame(data []byte) (int, error) {
	var h zstd.Header
	if err := h.Decode(data); err != nil || h.Skippable {
		return 0, errZstdFrame
	}
	for at := h.HeaderSize; at+3 <= len(data); {
		block := int(data[at]) | int(data[at+1])<<8 | int(data[at+2])<<16
		last, kind, size := block&1 != 0, block>>1&3, block>>3
		switch kind {
		case 1: // one byte, repeated
			size = 1
		case 3:
			return 0, fmt.Errorf("%w: offset %#x: reserved block type", errZstdFrame, at)
		}
		if at += 3; size > len(data)-at {
			break
		}
		at += size
		if !last {
			continue
		}
		if h.HasCheckSum {
			at += 4
		}
		if at > len(data) {
			break
		}
		return at, nil
	}
	return 0, fmt.Errorf("%w: unterminated", errZstdFrame)
}

func otherPacking(payload []byte) string {
	for _, p := range []struct{ magic, name string }{
		{"BZh", "bzip2"}, {"\x5d\x00\x00", "lzma"}, {"\x89LZO", "lzo"},
	} {
		if bytes.HasPrefix(payload, []byte(p.magic)) {
			return p.name
		}
	}
	return "an unknown method"
}
