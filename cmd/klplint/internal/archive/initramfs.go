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

// cpioMagic begins every cpio archive in text.
const cpioMagic = "0707"

// initramfs reads cpio archives one behind the other with zeros between them, each
// as it is or packed, as the kernel takes them (init/initramfs.c:
// unpack_to_rootfs): microcode comes first and is not packed, the rest is.
//
// What a gzip or zstd archive is followed by begins behind its first stream, as
// for the kernel. Behind an xz archive there can be xz archives alone: its reader
// reads ahead.
func (w *walker) initramfs(r io.Reader) error {
	in := &counter{r: r}
	packed := bufio.NewReaderSize(in, 64<<10)
	left := w.limits.Unpacked
	for parts := 0; ; parts++ {
		if err := zeros(packed); err != nil {
			if errors.Is(err, io.EOF) && parts > 0 {
				return nil
			}
			if errors.Is(err, io.EOF) {
				return errors.New("nothing in it")
			}
			return err
		}
		if parts >= w.limits.Members {
			return fmt.Errorf("%w: more than %d archives", ErrTooMany, w.limits.Members)
		}
		at := in.n - int64(packed.Buffered())
		n, err := w.part(packed, left)
		if err == nil && in.n-int64(packed.Buffered()) == at {
			err = io.ErrUnexpectedEOF // a decoder that took the beginning of a header for the end
		}
		if left -= n; err != nil {
			if _, ok := errors.AsType[*visitError](err); ok {
				return err
			}
			return fmt.Errorf("archive at offset 0x%x: %w", at, err)
		}
	}
}

// part reads one archive of an initramfs, and returns how many bytes it has,
// unpacked: at most left.
func (w *walker) part(packed *bufio.Reader, left int64) (int64, error) {
	head, err := packed.Peek(unpack.MagicLen)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if bytes.HasPrefix(head, []byte(cpioMagic)) {
		in := &counter{r: unpack.Limit(packed, left)}
		err := w.cpio(in)
		return in.n, err
	}
	for _, u := range unsupported {
		if bytes.HasPrefix(head, []byte(u.magic)) {
			return 0, fmt.Errorf("compressed with %s, which is not supported", u.name)
		}
	}
	d := unpack.NewDecoder(unpack.Limits{Output: left, Window: w.limits.Window})
	var plain io.Reader
	switch format := unpack.Detect(head); format {
	case klp.Uncompressed:
		return 0, errors.New("neither cpio nor packed with gzip, xz or zstd")
	case klp.Gzip:
		plain, err = d.Member(packed)
	case klp.Zstd:
		plain, err = d.Reader(&zstdFrame{r: packed}, format)
	default:
		plain, err = d.Reader(packed, format)
	}
	if err != nil {
		return 0, err
	}
	in := &counter{r: plain}
	unpacked := bufio.NewReaderSize(in, 64<<10)
	for archives := 0; ; archives++ {
		err := zeros(unpacked)
		switch {
		case errors.Is(err, io.EOF):
			return in.n, nil
		case err != nil:
			return in.n, fmt.Errorf("unpacked: %w", err)
		case archives >= w.limits.Members:
			return in.n, fmt.Errorf("%w: more than %d archives", ErrTooMany, w.limits.Members)
		}
		if err := w.cpio(unpacked); err != nil {
			if _, ok := errors.AsType[*visitError](err); ok {
				return in.n, err
			}
			return in.n, fmt.Errorf("unpacked, before offset 0x%x: %w", in.n-int64(unpacked.Buffered()), err)
		}
	}
}

// zeros passes over NUL bytes. The end of r is io.EOF.
func zeros(r *bufio.Reader) error {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return r.UnreadByte()
		}
	}
}
