package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klplint/klplint/internal/unpack"
	"github.com/klplint/klplint/klp"
)

// Compressions that are met in old packages, by their first bytes.
var unsupported = [...]struct{ name, magic string }{
	{"bzip2", "BZh"},
	{"lzma", "\x5d\x00\x00"},
	{"lzip", "LZIP"},
	{"lz4", "\x02\x21\x4c\x18"}, // the form that the kernel reads
	{"lzo", "\x89LZO"},
}

// payload unpacks r, gives it to read, and reads what that left: decompressors
// compare their checksums at the end. The format is told by content.
func (w *walker) payload(r io.Reader, read func(io.Reader) error) error {
	packed := bufio.NewReaderSize(r, 64<<10)
	head, err := packed.Peek(unpack.MagicLen)
	if len(head) == 0 {
		if err == nil || errors.Is(err, io.EOF) {
			return errors.New("nothing in it")
		}
		return err
	}
	for _, u := range unsupported {
		if bytes.HasPrefix(head, []byte(u.magic)) {
			return fmt.Errorf("compressed with %s, which is not supported", u.name)
		}
	}
	format := unpack.Detect(head)
	d := unpack.NewDecoder(unpack.Limits{Output: w.limits.Unpacked, Window: w.limits.Window})
	plain, err := d.Reader(packed, format)
	if err != nil {
		return err
	}
	in := &counter{r: plain}
	if err = read(in); err == nil {
		_, err = io.Copy(io.Discard, in)
	}
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*visitError](err); ok {
		return err
	}
	what := "payload"
	if format != klp.Uncompressed {
		what = "unpacked payload"
	}
	return fmt.Errorf("%s at offset 0x%x: %w", what, in.n, err)
}

// counter knows how far it was read, and whether it was read to the end.
type counter struct {
	r   io.Reader
	n   int64
	eof bool // Read has returned io.EOF
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		return n, nil // the next call finds it again
	}
	c.eof = c.eof || errors.Is(err, io.EOF)
	return n, err
}

// whole is an io.Reader of exactly left bytes of r: an r that ends earlier is
// an error and not a short file.
type whole struct {
	r    io.Reader
	left int64
}

func (w *whole) Read(p []byte) (int, error) {
	if w.left == 0 {
		return 0, io.EOF
	}
	n, err := w.r.Read(p[:min(int64(len(p)), w.left)])
	w.left -= int64(n)
	if w.left > 0 && errors.Is(err, io.EOF) {
		return n, io.ErrUnexpectedEOF
	}
	if w.left == 0 {
		err = nil
	}
	return n, err
}

// full reads p whole. A stream that ends before is io.ErrUnexpectedEOF.
func full(r io.Reader, p []byte) error {
	_, err := io.ReadFull(r, p)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// skip passes over n bytes.
func skip(r io.Reader, n int64) error {
	_, err := io.Copy(io.Discard, &whole{r: r, left: n})
	return err
}
