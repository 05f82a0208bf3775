package elfread

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/klplint/klplint/elfread/internal/initcode"
	"github.com/klplint/klplint/internal/safeelf"
	"github.com/klplint/klplint/internal/unpack"
	"github.com/klplint/klplint/klp"
)

// wholeFile: a file up to this many bytes is read at once. That is cheaper than
// reading it section by section, and most stripped livepatch modules are smaller.
const wholeFile = 96 << 10

// Memory bounds, in bytes, for the pieces of one file that are held at a time.
const (
	budget         = 12 << 20
	unpackedBudget = 8 << 20 // beside an unpacked file, which is in memory itself
)

// Reader reads one module after another and keeps its buffers in between. The
// Modules that it returns are ordinary values, which share nothing with it or
// with each other. A Reader is not safe for concurrent use: make one for each
// worker.
type Reader struct {
	options Options
	buf     []byte // a small file
	source  safeelf.Source
	decoder *unpack.Decoder
	parser  parser
	code    initcode.Analyzer
}

// NewReader makes a Reader.
func NewReader(o Options) *Reader { return &Reader{options: o} }

// Open reads the module at path. Errors are of type *Error.
func (r *Reader) Open(path string) (*klp.Module, error) {
	var f rawFile
	size, err := f.open(path)
	if err != nil {
		return nil, pathError(path, err)
	}
	defer f.close()
	return r.Read(&f, size, path)
}

// Read reads the module of size bytes in in; path is what it is called in the
// result. Errors are of type *Error.
func (r *Reader) Read(in io.ReaderAt, size int64, path string) (*klp.Module, error) {
	m := &klp.Module{Path: path, Size: size, Compression: klp.Uncompressed}
	if err := r.read(in, size, m); err != nil {
		return nil, pathError(path, err)
	}
	return m, nil
}

func (r *Reader) read(in io.ReaderAt, size int64, m *klp.Module) error {
	if size > safeelf.MaxFile {
		var head [4]byte
		if _, err := in.ReadAt(head[:], 0); err == nil && unpack.IsSquashfs(head[:]) {
			return ErrSquashfs
		}
		return fmt.Errorf("%w: %d bytes, the limit is %d", safeelf.ErrTooLarge, size, int64(safeelf.MaxFile))
	}
	if size == 0 {
		return ErrEmpty
	}
	if err := r.load(in, size); err != nil {
		return err
	}
	if r.options.SHA256 {
		if err := r.hash(in, size, m); err != nil {
			return err
		}
	}
	head, err := r.source.Slice(0, min(size, unpack.MagicLen))
	if err != nil {
		return err
	}
	if c := unpack.Detect(head); c != klp.Uncompressed {
		m.Compression = c
		if c == klp.XZ {
			if head, err = r.source.Slice(0, min(size, xzHeaderSize)); err != nil {
				return err
			}
			m.XZ = xzHeader(head)
		}
		if in, err = r.unpack(in, size, c); err != nil {
			return err
		}
		if m.XZ != nil {
			m.XZ.Trailing = r.decoder.Trailing()
		}
	}
	if err := r.parse(m); err != nil {
		return err
	}
	if r.options.SHA256 {
		return r.hashUnsigned(in, m)
	}
	return nil
}

// hashUnsigned digests what remains of the unpacked file without its signature.
// It reads past the source, whose budget is for what is parsed.
func (r *Reader) hashUnsigned(in io.ReaderAt, m *klp.Module) error {
	end := r.source.Size()
	if m.Signature != nil {
		end = m.Signature.At
	} else if m.Compression == klp.Uncompressed {
		m.UnsignedSHA256 = m.SHA256
		return nil
	}
	h := sha256.New()
	if n, err := io.Copy(h, io.NewSectionReader(in, 0, end)); err != nil || n != end {
		return fmt.Errorf("read at offset 0x%x: %w", n, orEOF(err))
	}
	m.UnsignedSHA256 = hex.EncodeToString(h.Sum(nil))
	return nil
}

// load makes the file the source: whole where it is small.
func (r *Reader) load(in io.ReaderAt, size int64) error {
	if size > wholeFile {
		r.source.Reset(in, size, budget)
		return nil
	}
	if r.buf == nil {
		r.buf = make([]byte, wholeFile)
	}
	b := r.buf[:size]
	if n, err := in.ReadAt(b, 0); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("read at offset 0x%x: %w", n, err)
	}
	r.source.ResetBytes(b)
	return nil
}

// hash digests the file as stored.
func (r *Reader) hash(in io.ReaderAt, size int64, m *klp.Module) error {
	var sum [sha256.Size]byte
	if size <= wholeFile {
		sum = sha256.Sum256(r.buf[:size])
	} else {
		h := sha256.New()
		if r.buf == nil {
			r.buf = make([]byte, wholeFile)
		}
		if n, err := io.CopyBuffer(h, io.NewSectionReader(in, 0, size), r.buf); err != nil || n != size {
			return fmt.Errorf("read at offset 0x%x: %w", n, orEOF(err))
		}
		h.Sum(sum[:0])
	}
	m.SHA256 = hex.EncodeToString(sum[:])
	return nil
}

func orEOF(err error) error {
	if err == nil {
		return io.ErrUnexpectedEOF
	}
	return err
}

// unpack makes the unpacked file the source, and returns it.
func (r *Reader) unpack(in io.ReaderAt, size int64, c klp.Compression) (io.ReaderAt, error) {
	if r.decoder == nil {
		r.decoder = unpack.NewDecoder(unpack.Modules)
	}
	var packed io.ReadSeeker
	if size <= wholeFile {
		packed = bytes.NewReader(r.buf[:size])
	} else {
		packed = io.NewSectionReader(in, 0, size)
	}
	b, err := r.decoder.Unpack(packed, c)
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	if whole := b.Bytes(); whole != nil {
		r.source.ResetBytes(whole)
	} else {
		r.source.Reset(b, b.Size(), unpackedBudget)
	}
	if b.Size() == 0 {
		return nil, fmt.Errorf("unpack: %w", ErrEmpty)
	}
	return b, nil
}

// parse reads the source, which is not packed.
func (r *Reader) parse(m *klp.Module) error {
	head, err := r.source.Slice(0, min(r.source.Size(), 512))
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(head, []byte("\x7fELF")) {
		return notELF(head)
	}
	if m.Kind = otherClass(head); m.Kind != "" {
		return nil
	}
	f, err := safeelf.NewFile(&r.source)
	if err != nil {
		return err
	}
	f.Preload()
	p := &r.parser
	p.reset(f, m, &r.options, &r.code)
	return p.run()
}
