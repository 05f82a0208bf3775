package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// The "new ASCII" cpio header: a magic and 13 numbers of 8 hexadecimal digits,
// then the name with its NUL, padded to 4 bytes, then the content, padded too.
const (
	cpioHeader  = 110
	cpioTrailer = "TRAILER!!!"
)

// The numbers' places in the header.
const (
	cpioMode     = 1
	cpioLinks    = 4
	cpioFileSize = 6
	cpioNameSize = 11
)

// File types in the mode (include/uapi/linux/stat.h).
const (
	typeMask    = 0o170000
	typeFile    = 0o100000
	typeFolder  = 0o040000
	typeSymlink = 0o120000
)

// cpio reads the payload of an rpm package.
func (w *walker) cpio(r io.Reader) error {
	for {
		var h [cpioHeader]byte
		if err := full(r, h[:6]); err != nil {
			return fmt.Errorf("cpio header: %w", err)
		}
		switch string(h[:6]) {
		case "070701", "070702":
		case "070707":
			return errors.New("cpio's older text format is not supported")
		case "07070X":
			return errors.New("rpm's own cpio for files over 4 GiB is not supported")
		case "drpm-2", "drpm-3":
			return errors.New("a delta package, which holds no whole files")
		default:
			return errors.New("cpio header: magic missing")
		}
		if err := full(r, h[6:]); err != nil {
			return fmt.Errorf("cpio header: %w", err)
		}
		var n [13]int64
		for i := range n {
			v, ok := hex8(h[6+8*i:][:8])
			if !ok {
				return fmt.Errorf("cpio header: number %d is not hexadecimal", i)
			}
			n[i] = v
		}
		name, err := cpioName(r, n[cpioNameSize])
		if err != nil {
			return fmt.Errorf("cpio header: %w", err)
		}
		if name == cpioTrailer {
			return nil
		}
		if err := w.count(); err != nil {
			return err
		}
		if err := w.cpioMember(r, name, &n); err != nil {
			return err
		}
	}
}

func (w *walker) cpioMember(r io.Reader, name string, n *[13]int64) error {
	size := n[cpioFileSize]
	e := Entry{Name: name}
	content := &whole{r: r, left: size}
	switch n[cpioMode] & typeMask {
	case typeFile:
		e.Size = size
		// rpm stores the content of hard links once, with the last of them.
		e.HardLink = size == 0 && n[cpioLinks] > 1
	case typeFolder:
		e.Mode = fs.ModeDir
	case typeSymlink:
		if size > maxName {
			return fmt.Errorf("symbolic link of %d bytes, the limit is %d", size, maxName)
		}
		link := make([]byte, size)
		if err := full(content, link); err != nil {
			return err
		}
		e.Mode, e.Link = fs.ModeSymlink, string(link)
	default:
		e.Mode = fs.ModeIrregular
	}
	if err := w.member(e, content); err != nil {
		return err
	}
	return skip(r, content.left+-size&3)
}

// cpioName reads a name of size bytes, with its NUL, and its padding.
func cpioName(r io.Reader, size int64) (string, error) {
	if size < 1 || size > maxName+1 {
		return "", fmt.Errorf("name of %d bytes, the limit is %d", size, maxName+1)
	}
	b := make([]byte, size+(-(cpioHeader+size))&3)
	if err := full(r, b); err != nil {
		return "", err
	}
	if b[size-1] != 0 {
		return "", errors.New("name does not end with NUL")
	}
	return string(b[:size-1]), nil
}

// hex8 reads eight hexadecimal digits.
func hex8(b []byte) (int64, bool) {
	var v int64
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		v = v<<4 | int64(c)
	}
	return v, true
}
