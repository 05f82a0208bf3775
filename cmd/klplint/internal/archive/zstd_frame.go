package archive

import (
	"bufio"
	"errors"
	"io"
)

// zstdFrame is an io.Reader of one frame of r (RFC 8878, 3.1.1): what follows it
// stays in r. It looks at the sizes alone; what they hold is the decoder's.
type zstdFrame struct {
	r    *bufio.Reader
	left int  // bytes up to the next header of a block, or to the end
	last bool // no block follows
	sum  bool // a checksum follows the last block
	any  bool // the frame's header was read
}

var errReservedBlock = errors.New("zstd: a block of a reserved type")

func (z *zstdFrame) Read(p []byte) (int, error) {
	if z.left == 0 {
		if err := z.next(); err != nil {
			return 0, err
		}
	}
	n, err := z.r.Read(p[:min(len(p), z.left)])
	z.left -= n
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// next finds out how many bytes follow up to the next header.
func (z *zstdFrame) next() error {
	switch {
	case !z.any:
		head, err := z.r.Peek(5)
		if err != nil {
			return early(err)
		}
		flags := head[4]
		single := flags>>5&1 == 1
		z.any, z.sum = true, flags>>2&1 == 1
		z.left = 5 + [...]int{0, 1, 2, 4}[flags&3] + [...]int{0, 2, 4, 8}[flags>>6]
		if !single {
			z.left++ // the window
		} else if flags>>6 == 0 {
			z.left++ // a size of one byte
		}
	case !z.last:
		head, err := z.r.Peek(3)
		if err != nil {
			return early(err)
		}
		block := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
		z.last = block&1 == 1
		switch block >> 1 & 3 {
		case 1: // one byte, repeated
			z.left = 3 + 1
		case 3:
			return errReservedBlock
		default:
			z.left = 3 + block>>3
		}
	case z.sum:
		z.sum, z.left = false, 4
	default:
		return io.EOF
	}
	return nil
}

// early is the end of a stream before its time.
func early(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
