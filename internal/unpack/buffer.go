package unpack

import (
	"errors"
	"fmt"
	"io"
)

// Buffer is an unpacked file. It grows by pieces, so that no more memory is
// used than the file has, and none is moved.
type Buffer struct {
	first []byte   // the first piece, kept from file to file
	more  [][]byte // the others, each pieceSize bytes but for the last
	size  int64
}

const (
	firstSize = 64 << 10
	pieceSize = 1 << 20
)

// Size returns the number of bytes.
func (b *Buffer) Size() int64 { return b.size }

// Bytes returns the whole file where it is in one piece, else nil.
func (b *Buffer) Bytes() []byte {
	if b.size > int64(len(b.first)) {
		return nil
	}
	return b.first[:b.size]
}

func (b *Buffer) reset() { b.more, b.size = nil, 0 }

// fill reads r to its end.
func (b *Buffer) fill(r io.Reader) error {
	if b.first == nil {
		b.first = make([]byte, firstSize)
	}
	for piece := b.first; ; piece = make([]byte, pieceSize) {
		n, err := readPiece(r, piece)
		b.size += int64(n)
		if n > 0 && b.size > int64(len(b.first)) {
			b.more = append(b.more, piece[:n])
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("offset 0x%x: %w", b.size, err)
		}
	}
}

// readPiece fills p. Unlike io.ReadFull it leaves io.EOF, the end of the data,
// apart from io.ErrUnexpectedEOF, with which the decoders report a file that
// ends early.
func readPiece(r io.Reader, p []byte) (n int, err error) {
	for idle := 0; n < len(p) && err == nil; {
		var m int
		if m, err = r.Read(p[n:]); m == 0 && err == nil {
			if idle++; idle == 100 {
				return n, io.ErrNoProgress
			}
		}
		n += m
	}
	if n == len(p) && errors.Is(err, io.EOF) {
		err = nil // the next call finds it again
	}
	return n, err
}

// ReadAt reads like io.ReaderAt.
func (b *Buffer) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read at negative offset %d", off)
	}
	n := 0
	for n < len(p) && off < b.size {
		var from []byte
		if off < int64(len(b.first)) {
			from = b.first[off:min(b.size, int64(len(b.first)))]
		} else {
			rest := off - int64(len(b.first))
			from = b.more[rest/pieceSize][rest%pieceSize:]
		}
		m := copy(p[n:], from)
		n, off = n+m, off+int64(m)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
