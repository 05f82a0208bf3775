package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/klplint/klplint/internal/unpack"
)

// Kind is a format of packages.
type Kind string

// The formats, as the error messages name them.
const (
	RPM  Kind = "rpm"
	Deb  Kind = "deb"
	Tar  Kind = "tar"
	Cpio Kind = "cpio" // an initramfs too
	Zip  Kind = "zip"
)

// The endings of names, longest first where one ends with another.
var endings = [...]struct {
	ending string
	kind   Kind
}{
	{".rpm", RPM},
	{".deb", Deb},
	{".udeb", Deb},
	{".tar", Tar},
	{".tar.gz", Tar},
	{".tgz", Tar},
	{".tar.xz", Tar},
	{".tar.zst", Tar},
	{".cpio", Cpio},
	{".cpio.gz", Cpio},
	{".cpio.xz", Cpio},
	{".cpio.zst", Cpio},
	{".zip", Zip},
}

// KindOf tells by a file's name what it is; "" is no archive.
func KindOf(name string) Kind {
	for i := range endings {
		if strings.HasSuffix(name, endings[i].ending) {
			return endings[i].kind
		}
	}
	// initrd.img-6.12.0, initramfs-6.12.0.img, initrd-6.12.0-default
	base := path.Base(name)
	if (strings.HasPrefix(base, "initrd") || strings.HasPrefix(base, "initramfs")) && !strings.Contains(base, ".ko") {
		return Cpio
	}
	return ""
}

// Limits bound what one archive may cost.
type Limits struct {
	Unpacked int64  // bytes of the whole payload, unpacked
	Members  int    // files, folders and links
	Window   uint32 // bytes of the decompressor's window or dictionary
}

// Packages are limits that every livepatch package and the largest packages of
// kernels keep: their debug information, unpacked, has about 5 GiB and is
// refused, and zstd --ultra -22 has a window of 128 MiB.
var Packages = Limits{Unpacked: 4 << 30, Members: 1 << 18, Window: 128 << 20}

// Entry is one member of an archive.
type Entry struct {
	// Name is the member's path below the root, cleaned: no leading "/" or
	// "./", and no "..". It may hold any byte but NUL.
	Name string
	// Mode has the type bits.
	Mode fs.FileMode
	// Size is the length of the content in bytes; 0 for what has none.
	Size int64
	// Link is where a symbolic link leads, as it is spelled.
	Link string
	// HardLink: the content stands under another name of this archive.
	HardLink bool
}

// Walk calls visit for each member of the archive in r, in the order in which
// they are stored. content has Size bytes, which visit need not read, and should
// not unread: holes in a sparse file of a tar archive cost the archive nothing.
// An error of visit ends the walk and is returned as it is, unless content could
// not be read; every other error says how far the archive could be read.
//
// The payload is read to its end, so that damage behind the last member shows. A
// zip file has no such thing: r is an io.ReaderAt and an io.Seeker then, and what
// visit does not read is not looked at.
func Walk(r io.Reader, kind Kind, l Limits, visit func(e Entry, content io.Reader) error) error {
	w := &walker{limits: l, visit: visit}
	var err error
	switch kind {
	case RPM:
		err = w.rpm(r)
	case Deb:
		err = w.deb(r)
	case Tar:
		err = w.payload(r, w.tar)
	case Cpio:
		err = w.initramfs(r)
	case Zip:
		err = w.zip(r)
	default:
		return fmt.Errorf("unknown kind of archive %q", kind)
	}
	if v, ok := errors.AsType[*visitError](err); ok {
		return v.err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	return nil
}

// Errors for what goes beyond the caller's limits.
var (
	ErrTooMany  = errors.New("too many members")
	ErrTooLarge = unpack.ErrTooLarge
)

// visitError carries an error of visit past the wrapping.
type visitError struct{ err error }

func (e *visitError) Error() string { return e.err.Error() }

type walker struct {
	limits  Limits
	visit   func(Entry, io.Reader) error
	members int
}

// count is called before a member is looked at.
func (w *walker) count() error {
	if w.members++; w.members > w.limits.Members {
		return fmt.Errorf("%w: more than %d", ErrTooMany, w.limits.Members)
	}
	return nil
}

// member hands one member to visit.
func (w *walker) member(e Entry, content io.Reader) error {
	name, err := memberName(e.Name)
	if err != nil {
		return err
	}
	if name == "" {
		return nil // the root itself
	}
	e.Name = name
	in := &watched{r: content}
	err = w.visit(e, in)
	if in.err != nil {
		return in.err // damage, whatever visit made of it
	}
	if err != nil {
		return &visitError{err}
	}
	return nil
}

// watched remembers an error of r that is not its end.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// maxName bounds a member's name in bytes, as Linux does a path.
const maxName = 4096

// memberName cleans a name. One that leads out of the archive is refused: no
// package builder writes it, and nobody could say which file is meant.
func memberName(name string) (string, error) {
	if len(name) > maxName {
		return "", fmt.Errorf("member's name has %d bytes, the limit is %d", len(name), maxName)
	}
	if strings.IndexByte(name, 0) >= 0 {
		return "", fmt.Errorf("member's name %q has a NUL byte", name)
	}
	clean := path.Clean(strings.TrimLeft(name, "/"))
	if clean == ".." || strings.HasPrefix(clean, "../") {
		return "", fmt.Errorf("member's name %q leads out of the archive", name)
	}
	if clean == "." {
		return "", nil
	}
	return clean, nil
}
