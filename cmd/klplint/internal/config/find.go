package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klplint/klplint/internal/yamldoc"
)

// Name is the file that Find looks for.
const Name = ".klplint.yaml"

// Find looks for the file in the working directory and upwards from it, and
// returns its path, relative to the working directory; "" when there is none.
func Find() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("working directory: %w", err)
	}
	up := ""
	for {
		path := filepath.Join(up, Name)
		switch info, err := os.Stat(path); {
		case err == nil && !info.Mode().IsRegular():
			return "", fmt.Errorf("%s is not a regular file", path) // a pipe would be waited for
		case err == nil:
			return path, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil
		}
		dir, up = parent, filepath.Join(up, "..")
	}
}

// Read returns a file's content, up to one byte more than the limit, by which
// the parsers know that it is too large.
func Read(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if info.IsDir() {
		return nil, fmt.Errorf("%s is a directory", path)
	}
	return io.ReadAll(io.LimitReader(f, limit+1))
}

// Load reads the configuration at path.
func Load(path string) (*File, error) {
	data, err := Read(path, yamldoc.MaxSize)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}
