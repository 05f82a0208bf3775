package archive

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The ar format, as deb(5) describes its use.
const (
	arMagic  = "!<arch>\n"
	arHeader = 60
	// deb(5) has three members; builders put a few signatures beside them.
	maxArMembers = 32
)

// deb reads a package: debian-binary, control.tar, and the files in data.tar.
func (w *walker) deb(r io.Reader) error {
	in := &counter{r: r}
	var magic [len(arMagic)]byte
	if err := full(in, magic[:]); err != nil {
		return fmt.Errorf("magic: %w", err)
	}
	if string(magic[:]) != arMagic {
		return errors.New("not a Debian package: the first bytes are not those of an ar archive")
	}
	for i := range maxArMembers {
		at := in.n
		name, size, err := arMember(in)
		if errors.Is(err, io.EOF) {
			return errors.New("no data.tar in it")
		}
		if err != nil {
			return fmt.Errorf("ar header at offset 0x%x: %w", at, err)
		}
		content := &whole{r: in, left: size}
		switch {
		case i == 0:
			if err := debVersion(name, content); err != nil {
				return err
			}
		case name == "data.tar" || strings.HasPrefix(name, "data.tar."):
			if err := w.payload(content, w.tar); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		}
		if err := skip(content, content.left); err != nil {
			return fmt.Errorf("%s at offset 0x%x: %w", name, in.n, err)
		}
		if err := skip(in, size&1); err != nil {
			return fmt.Errorf("%s at offset 0x%x: %w", name, in.n, err)
		}
	}
	return fmt.Errorf("no data.tar among the first %d members", maxArMembers)
}

// arMember reads a header. At the end of the archive the error is io.EOF.
func arMember(r io.Reader) (name string, size int64, err error) {
	var h [arHeader]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return "", 0, err
	}
	if string(h[58:]) != "`\n" {
		return "", 0, errors.New("end marker missing")
	}
	name = strings.TrimRight(string(h[:16]), " ")
	name = strings.TrimSuffix(name, "/")
	size, err = strconv.ParseInt(strings.TrimRight(string(h[48:58]), " "), 10, 64)
	if err != nil || size < 0 {
		return "", 0, fmt.Errorf("size %q of %q is not a number", h[48:58], name)
	}
	return name, size, nil
}

// debVersion checks the first member: the format's version, 2 and any minor one.
func debVersion(name string, content *whole) error {
	if name != "debian-binary" {
		return fmt.Errorf("not a Debian package: the first member is %q", name)
	}
	version := make([]byte, min(content.left, 16))
	if err := full(content, version); err != nil {
		return fmt.Errorf("debian-binary: %w", err)
	}
	if !strings.HasPrefix(string(version), "2.") {
		line, _, _ := strings.Cut(string(version), "\n")
		return fmt.Errorf("version %q of the format is not supported", line)
	}
	return nil
}
