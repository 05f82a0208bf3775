package unpack

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Buffer is an unpacked file. It grows by pieces, so that no more memory is
// used than the file has, and none is moved. What goes beyond inMemory is in a
// temporary file, which has no name any more.
type Buffer struct {
	first []byte   // the first piece, kept from file to file
	more  [][]byte // the others, each pieceSize bytes but for the last
	size  int64
	file  *os.File // what follows the pieces; nil where nothing does
	held  int64    // bytes in first and more
}

const (
	firstSize = 64 << 10
	pieceSize = 1 << 20
	inMemory  = 24 << 20
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

func (b *Buffer) reset() {
	if b.file != nil {
		_ = b.file.Close() // it was read and is gone
	}
	b.more, b.size, b.file, b.held = nil, 0, nil, 0
}

// fill reads r to its end.
func (b *Buffer) fill(r io.Reader) error {
	if b.first == nil {
		b.first = make([]byte, firstSize)
	}
	for piece := b.first; b.held < inMemory; piece = make([]byte, pieceSize) {
		n, err := readPiece(r, piece)
		b.size += int64(n)
		b.held = b.size
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
	return b.spill(r)
}

// spill writes the rest of r to the file. The end of r makes none where nothing
// is left.
func (b *Buffer) spill(r io.Reader) error {
	for piece := make([]byte, pieceSize); ; {
		n, err := readPiece(r, piece)
		if n > 0 && b.file == nil {
			f, err := os.CreateTemp("", "klplint-*")
			if err != nil {
				return err
			}
			os.Remove(f.Name())
			b.file = f
		}
		if n > 0 {
			if _, err := b.file.Write(piece[:n]); err != nil {
				return err
			}
		}
		b.size += int64(n)
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
	for n < len(p) && off < b.held {
		var from []byte
		if off < int64(len(b.first)) {
			from = b.first[off:min(b.held, int64(len(b.first)))]
		} else {
			rest := off - int64(len(b.first))
			from = b.more[rest/pieceSize][rest%pieceSize:]
		}
		m := copy(p[n:], from)
		n, off = n+m, off+int64(m)
	}
	if n < len(p) && off < b.size {
		m, err := b.file.ReadAt(p[n:min(int64(len(p)), int64(n)+b.size-off)], off-b.held)
		if n += m; err != nil && !errors.Is(err, io.EOF) {
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
