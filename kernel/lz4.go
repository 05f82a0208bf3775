package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klplint/klplint/internal/unpack"
)

// lz4Magic begins a file of the legacy format, the only one that the kernel's
// build writes and its decompressor reads (lib/decompress_unlz4.c): the magic,
// then blocks, each with its packed size in four bytes, of at most 8 MiB
// unpacked.
var lz4Magic = []byte("\x02\x21\x4c\x18")

const lz4Block = 8 << 20

var errLZ4 = errors.New("lz4: damaged block")

// unpackLZ4 decompresses the legacy format. It ends with the input, or at a
// size that cannot be one: a boot image may have something behind it.
func unpackLZ4(packed []byte, limit int64) ([]byte, error) {
	var out []byte
	for at := len(lz4Magic); at+4 <= len(packed); {
		size := int64(binary.LittleEndian.Uint32(packed[at:]))
		if size == int64(binary.LittleEndian.Uint32(lz4Magic)) {
			at += 4 // another file of the format
			continue
		}
		if size == 0 || size > int64(len(packed)-at-4) {
			break
		}
		block := packed[at+4 : at+4+int(size)]
		before := int64(len(out))
		var err error
		if out, err = appendLZ4(out, block, before+lz4Block); err != nil {
			return nil, fmt.Errorf("offset %#x: %w", at, err)
		}
		if int64(len(out)) > limit {
			return nil, fmt.Errorf("%w: more than %d bytes", unpack.ErrTooLarge, limit)
		}
		at += 4 + int(size)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("offset %#x: %w", len(lz4Magic), errLZ4)
	}
	return out, nil
}

// appendLZ4 decompresses one block (LZ4 block format): literals, then a copy of
// what was written at most 64 KiB before, again and again. A block refers to
// nothing before its own start. The output never grows beyond limit.
func appendLZ4(out, block []byte, limit int64) ([]byte, error) {
	start := len(out)
	// length reads the rest of a length of which the token has four bits.
	length := func(n int) (int, bool) {
		if n != 15 {
			return n, true
		}
		for len(block) > 0 {
			c := block[0]
			block = block[1:]
			if n += int(c); n > lz4Block {
				return 0, false
			}
			if c != 255 {
				return n, true
			}
		}
		return 0, false
	}
	for len(block) > 0 {
		token := block[0]
		block = block[1:]
		literals, ok := length(int(token >> 4))
		if !ok || literals > len(block) || int64(len(out)+literals) > limit {
			return nil, errLZ4
		}
		out = append(out, block[:literals]...)
		if block = block[literals:]; len(block) == 0 {
			return out, nil // the last sequence has no copy
		}
		if len(block) < 2 {
			return nil, errLZ4
		}
		distance := int(binary.LittleEndian.Uint16(block))
		block = block[2:]
		copied, ok := length(int(token & 15))
		copied += 4
		if !ok || distance == 0 || distance > len(out)-start || int64(len(out)+copied) > limit {
			return nil, errLZ4
		}
		// The copy may overlap what it writes.
		for from := len(out) - distance; copied > 0; {
			n := min(copied, len(out)-from)
			out = append(out, out[from:from+n]...)
			copied -= n
			from += n
		}
	}
	return nil, errLZ4
}
