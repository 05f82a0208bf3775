package bench

import (
	"io"
	"os"
	"path/filepath"
)

// Files are what a program is given: names in a folder, in which it runs. Short
// names leave a program's memory to what it does with the files.
type Files struct {
	Dir   string
	Names []string
}

// First returns the first n of the files.
func (f Files) First(n int) Files { return Files{Dir: f.Dir, Names: f.Names[:n]} }

// Warm reads all of the files, so that no run that is measured waits for a disk.
func (f Files) Warm() error {
	buf := make([]byte, 1<<20)
	for _, name := range f.Names {
		file, err := os.Open(filepath.Join(f.Dir, name))
		if err != nil {
			return err
		}
		_, err = io.CopyBuffer(io.Discard, struct{ io.Reader }{file}, buf)
		file.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
