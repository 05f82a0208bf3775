//go:build !unix

package elfread

import "os"

// rawFile is an open file.
type rawFile struct{ f *os.File }

// open opens a regular file and returns its size.
func (f *rawFile) open(path string) (int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	st, err := file.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = ErrDirectory
	}
	if err != nil {
		_ = file.Close()
		return 0, err
	}
	f.f = file
	return st.Size(), nil
}

// close closes the file. It was only read: there is nothing to lose.
func (f *rawFile) close() { _ = f.f.Close() }

// ReadAt reads like io.ReaderAt.
func (f *rawFile) ReadAt(p []byte, off int64) (int, error) { return f.f.ReadAt(p, off) }
