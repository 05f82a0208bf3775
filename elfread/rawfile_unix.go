//go:build unix

package elfread

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"
)

// rawFile is an open file without what os.File adds (a finalizer, the poller,
// four fcntl calls): with thousands of small modules these cost as much as
// reading them.
type rawFile struct{ fd int }

// open opens a regular file and returns its size.
func (f *rawFile) open(path string) (int64, error) {
	// O_NONBLOCK: a named pipe must not hold us up. Reads of regular files ignore it.
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	for errors.Is(err, unix.EINTR) {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	}
	if err != nil {
		return 0, fmt.Errorf("open: %w", err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		_ = unix.Close(fd)
		return 0, fmt.Errorf("stat: %w", err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		_ = unix.Close(fd)
		return 0, ErrDirectory
	}
	f.fd = fd
	return st.Size, nil
}

// close closes the file. It was only read: there is nothing to lose.
func (f *rawFile) close() { _ = unix.Close(f.fd) }

// ReadAt reads like io.ReaderAt.
func (f *rawFile) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	for n < len(p) {
		m, err := unix.Pread(f.fd, p[n:], off+int64(n))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return n, fmt.Errorf("pread: %w", err)
		}
		if m == 0 {
			return n, io.EOF
		}
		n += m
	}
	return n, nil
}
