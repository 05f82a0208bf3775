package archive

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
)

// tar reads a tar file.
func (w *walker) tar(r io.Reader) error {
	in := &counter{r: r}
	t := tar.NewReader(in)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			if in.eof {
				// archive/tar takes the end of the file for the end of the archive.
				return errors.New("the tar file has no end-of-archive marker")
			}
			return nil
		}
		if err != nil {
			return err
		}
		if err := w.count(); err != nil {
			return err
		}
		e := Entry{Name: h.Name}
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeGNUSparse:
			e.Size = h.Size
		case tar.TypeLink:
			e.Link, e.HardLink = h.Linkname, true
		case tar.TypeSymlink:
			e.Mode, e.Link = fs.ModeSymlink, h.Linkname
		case tar.TypeDir:
			e.Mode = fs.ModeDir
		default:
			e.Mode = fs.ModeIrregular
		}
		if err := w.member(e, t); err != nil {
			return err
		}
	}
}
