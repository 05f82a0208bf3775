package unpack

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"

	"github.com/klplint/klplint/klp"
)

// ErrTooLarge says that the unpacked file is larger than the caller allows.
var ErrTooLarge = errors.New("unpacked file too large")

// Limits bound what one file may cost.
type Limits struct {
	// Output is the largest size of an unpacked file, in bytes.
	Output int64
	// Window is the largest dictionary (xz) or window (zstd) in bytes, which a
	// decoder keeps in memory. At least 1 MiB.
	Window uint32
}

// Modules are the limits for kernel modules, wherever they stand: the largest
// livepatch modules known have a few MiB, the largest of a distribution 35, and
// with debug information some 150. xz -9 asks for a window of 64 MiB and zstd
// --ultra -22 for 128, of which no more is touched than the file has.
var Modules = Limits{Output: MaxModule, Window: 128 << 20}

// MaxModule is the largest module that is read out of a packed file or a package,
// in bytes.
const MaxModule = 256 << 20

// usualWindow is what a decoder keeps from file to file: what kernel trees and
// distributions pack modules with asks for no more.
const usualWindow = 8 << 20

// Decoder unpacks one file after another and keeps the decoders' memory in
// between. It is not safe for concurrent use.
type Decoder struct {
	limits Limits
	gz     *gzip.Reader
	xz     *xz.Reader
	zstd   *zstd.Decoder
	buf    Buffer
	// trailing: bytes that are no further stream follow the first one.
	trailing bool
}

// NewDecoder makes a Decoder with these limits for every file.
func NewDecoder(l Limits) *Decoder { return &Decoder{limits: l} }

// Unpack decompresses r: all of it, but of an xz file the first stream, which is
// where the kernel's reader ends (kernel/module/decompress.c:
// module_xz_decompress). The result is valid until the next call.
func (d *Decoder) Unpack(r io.ReadSeeker, format klp.Compression) (*Buffer, error) {
	err := d.unpack(r, format)
	if errors.Is(err, xz.ErrMemlimit) && d.limits.Window > usualWindow {
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return nil, fmt.Errorf("%s: %w", format, err)
		}
		if d.xz, err = xz.NewReader(r, d.limits.Window); err == nil {
			err = d.first(d.xz)
		}
		d.xz = nil // the next file does not need as much
	}
	if err != nil {
		// What a decoder kept of a damaged file may show in its next error.
		d.forget(format)
		return nil, fmt.Errorf("%s: %w", format, tooLarge(err))
	}
	if d.buf.file != nil {
		d.forget(format) // its window may be as large as the file
	}
	return &d.buf, nil
}

// Trailing reports whether the file of the last Unpack goes on behind its first
// stream with bytes that are no stream. Known of xz alone.
func (d *Decoder) Trailing() bool { return d.trailing }

func (d *Decoder) unpack(r io.Reader, format klp.Compression) error {
	d.trailing = false
	if format != klp.XZ {
		in, err := d.Reader(r, format)
		if err != nil {
			return err
		}
		if format == klp.Gzip {
			d.gz.Multistream(false) // kmod ignores what is no further member
		}
		d.buf.reset()
		return d.buf.fill(in)
	}
	var err error
	if d.xz == nil {
		d.xz, err = xz.NewReader(r, min(d.limits.Window, usualWindow))
	} else {
		err = d.xz.Reset(r)
	}
	if err != nil {
		return err
	}
	return d.first(d.xz)
}

// first unpacks the first stream and looks at what follows it.
func (d *Decoder) first(in *xz.Reader) error {
	in.Multistream(false)
	d.buf.reset()
	if err := d.buf.fill(&limited{r: in, left: d.limits.Output, limit: d.limits.Output}); err != nil {
		return err
	}
	err := in.Reset(nil)
	d.trailing = err != nil && !errors.Is(err, io.EOF)
	return nil
}

// Reader returns the unpacked bytes of r as a stream, which is valid until the
// next call. Reading on behind Limits.Output gives ErrTooLarge.
func (d *Decoder) Reader(r io.Reader, format klp.Compression) (io.Reader, error) {
	var in io.Reader
	var err error
	switch format {
	case klp.Uncompressed:
		in = r
	case klp.Gzip:
		if d.gz == nil {
			d.gz = new(gzip.Reader)
		}
		err, in = d.gz.Reset(r), d.gz
	case klp.XZ:
		if d.xz == nil {
			d.xz, err = xz.NewReader(r, d.limits.Window)
		} else {
			err = d.xz.Reset(r)
		}
		in = d.xz
	case klp.Zstd:
		if d.zstd == nil {
			d.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxWindow(uint64(d.limits.Window)),
				// The library counts the window in; limited counts the output.
				zstd.WithDecoderMaxMemory(uint64(max(d.limits.Output, int64(d.limits.Window)))))
		}
		if err == nil {
			err = d.zstd.Reset(r)
		}
		in = d.zstd
	default:
		err = fmt.Errorf("unknown compression %q", format)
	}
	if err != nil {
		d.forget(format)
		return nil, fmt.Errorf("%s: %w", format, err)
	}
	return &limited{r: in, left: d.limits.Output, limit: d.limits.Output}, nil
}

// Member returns the unpacked bytes of the first gzip member of r alone, as Reader
// does: what follows it stays in r.
func (d *Decoder) Member(r *bufio.Reader) (io.Reader, error) {
	in, err := d.Reader(r, klp.Gzip)
	if err == nil {
		d.gz.Multistream(false)
	}
	return in, err
}

// forget drops the decoder of a format.
func (d *Decoder) forget(format klp.Compression) {
	switch format {
	case klp.Gzip:
		d.gz = nil
	case klp.XZ:
		d.xz = nil
	case klp.Zstd:
		if d.zstd != nil {
			d.zstd.Close()
		}
		d.zstd = nil
	}
}

// Limit returns a reader of at most n bytes of r; reading on gives ErrTooLarge.
func Limit(r io.Reader, n int64) io.Reader { return &limited{r: r, left: n, limit: n} }

// limited is io.LimitReader with an error in place of a silent end.
type limited struct {
	r           io.Reader
	left, limit int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left == 0 {
		// The limit is reached: one byte more tells a file that ends here.
		var one [1]byte
		n, err := l.r.Read(one[:])
		if n > 0 {
			return 0, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, l.limit)
		}
		return 0, tooLarge(err)
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, tooLarge(err)
}

// tooLarge gives the limits of the libraries the one name of this package.
func tooLarge(err error) error {
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, xz.ErrMemlimit):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	return err
}
