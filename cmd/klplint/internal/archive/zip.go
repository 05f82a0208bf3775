package archive

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/klplint/klplint/internal/unpack"
)

// maxZipDirectory bounds what is read of the list of members at a zip file's end,
// in bytes. One of 200,000 members has about this size.
const maxZipDirectory = 16 << 20

// zipFile is what a zip file is read from: its list of members is at its end.
type zipFile interface {
	io.ReaderAt
	io.Seeker
}

// zip reads a zip file. Only members that somebody asks for are unpacked.
func (w *walker) zip(r io.Reader) error {
	f, ok := r.(zipFile)
	if !ok {
		return errors.New("a zip file cannot be read from a stream: its list of members is at its end")
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	directory := &bounded{r: f, left: maxZipDirectory}
	z, err := zip.NewReader(directory, size)
	if err != nil {
		return err
	}
	directory.left = -1 // the members have bounds of their own
	left := w.limits.Unpacked
	for _, m := range z.File {
		if err := w.count(); err != nil {
			return err
		}
		if err := w.zipMember(m, &left); err != nil {
			if _, ok := errors.AsType[*visitError](err); ok {
				return err
			}
			return fmt.Errorf("member %.200q: %w", m.Name, err)
		}
	}
	return nil
}

func (w *walker) zipMember(m *zip.File, left *int64) error {
	e := Entry{Name: m.Name, Mode: m.Mode().Type()}
	content := &zipContent{file: m, left: left}
	defer content.close()
	switch e.Mode {
	case 0:
		if e.Size = int64(m.UncompressedSize64); e.Size < 0 {
			return fmt.Errorf("%w: %d bytes", ErrTooLarge, m.UncompressedSize64)
		}
	case fs.ModeDir:
	case fs.ModeSymlink:
		if m.UncompressedSize64 > maxName {
			return fmt.Errorf("symbolic link of %d bytes, the limit is %d", m.UncompressedSize64, maxName)
		}
		link, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		e.Link = string(link)
	default:
		e.Mode = fs.ModeIrregular
	}
	return w.member(e, content)
}

// zipContent unpacks a member when it is read. left is what all members of the
// file may have.
type zipContent struct {
	file *zip.File
	left *int64
	in   io.ReadCloser
}

func (z *zipContent) Read(p []byte) (int, error) {
	if z.in == nil {
		const encrypted = 1 // of the general purpose flags
		if z.file.Flags&encrypted != 0 {
			return 0, errors.New("encrypted, which is not supported")
		}
		var err error
		if z.in, err = z.file.Open(); err != nil {
			return 0, fmt.Errorf("method %d: %w", z.file.Method, err)
		}
	}
	n, err := unpack.Limit(z.in, *z.left).Read(p)
	*z.left -= int64(n)
	return n, err
}

func (z *zipContent) close() {
	if z.in != nil {
		_ = z.in.Close() // its checksum was compared at its end
	}
}

// bounded is an io.ReaderAt that gives no more than left bytes; any number where
// that is negative.
type bounded struct {
	r    io.ReaderAt
	left int64
}

// ReadAt reads what is left.
func (b *bounded) ReadAt(p []byte, at int64) (int, error) {
	if b.left >= 0 {
		if b.left -= int64(len(p)); b.left < 0 {
			b.left = 0
			return 0, fmt.Errorf("%w: the list of members has more than %d bytes", ErrTooMany, maxZipDirectory)
		}
	}
	return b.r.ReadAt(p, at)
}
