package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// ListFile is the file that tells which files of a folder are the site's: a line
// of its own, then "SHA256  NAME" of each.
const ListFile = ".klplint-site"

const (
	listHead = "klplint registry site 1\n"
	tempFile = ".klplint-site.tmp"
)

// Folder is a folder that a site is written to. It writes over nothing that a
// site did not write, and that was not changed since.
type Folder struct {
	root    *os.Root
	name    string
	list    *os.File
	known   map[string][]string // digests of what may stand there, by file
	written map[string]string   // digests of this site's
}

// OpenFolder opens a folder for a site: a new one, an empty one, or one that has a
// site. Errors name it.
func OpenFolder(name string) (*Folder, error) {
	if err := os.Mkdir(name, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	f := &Folder{root: root, name: name, known: make(map[string][]string), written: make(map[string]string)}
	if err := f.takeOver(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// takeOver reads the list of a site that is there, or begins one.
func (f *Folder) takeOver() error {
	list, err := f.ownFile(ListFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		entries, err := fs.ReadDir(f.root.FS(), ".")
		if err != nil {
			return err
		}
		if len(entries) > 0 {
			return fmt.Errorf("the folder has files and no %s: it is no site; name an empty folder or a new one", ListFile)
		}
	case err != nil:
		return err
	default:
		lines, ok := strings.CutPrefix(string(list), listHead)
		if !ok {
			return fmt.Errorf("%s: not a list that this klplint writes", ListFile)
		}
		for line := range strings.Lines(lines) {
			sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
			if !ok || !strings.HasSuffix(line, "\n") {
				continue // the last line of a run that was interrupted
			}
			f.known[name] = append(f.known[name], sum)
		}
	}
	if err := f.writeList(f.known); err != nil {
		return err
	}
	f.list, err = f.root.OpenFile(ListFile, os.O_WRONLY|os.O_APPEND, 0)
	return err
}

// ownFile reads a file of the folder that is no link and no device.
func (f *Folder) ownFile(name string) ([]byte, error) {
	info, err := f.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a file of klplint's", name)
	}
	return f.root.ReadFile(name)
}

// Begin forgets what was written: the site is written from its first page on. What
// reads a registry may have to start again.
func (f *Folder) Begin() { clear(f.written) }

// Write writes one page, given by its path with '/'. A page that is the same
// already is left as it is.
func (f *Folder) Write(name string, page func(io.Writer) error) error {
	var b bytes.Buffer
	if err := page(&b); err != nil {
		return err
	}
	if err := f.write(name, b.Bytes()); err != nil {
		return fmt.Errorf("%s: %w", path.Join(f.name, name), err)
	}
	return nil
}

func (f *Folder) write(name string, content []byte) error {
	sum := hexDigest(content)
	if _, twice := f.written[name]; twice {
		return errors.New("two pages of one name")
	}
	f.written[name] = sum
	there, err := f.ours(name)
	if err != nil || there == sum {
		return err
	}
	if dir := path.Dir(name); dir != "." {
		if err := f.folder(dir); err != nil {
			return err
		}
	}
	// The list knows the page before it stands there: whoever interrupts a site
	// can write it again.
	if _, err := fmt.Fprintf(f.list, "%s  %s\n", sum, name); err != nil {
		return err
	}
	f.known[name] = append(f.known[name], sum)
	return f.replace(name, content)
}

// ours returns the digest of what stands at a name, "" where nothing does. What
// no site wrote is an error.
func (f *Folder) ours(name string) (string, error) {
	content, err := f.ownFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	sum := hexDigest(content)
	if !slices.Contains(f.known[name], sum) {
		return "", errors.New("not as klplint wrote it: take it away, or name another folder")
	}
	return sum, nil
}

// folder makes a folder of the site; what stands there must be one.
func (f *Folder) folder(name string) error {
	if err := f.root.Mkdir(name, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := f.root.Lstat(name)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s: not a folder", name)
	}
	return err
}

// replace puts a whole file in its place.
func (f *Folder) replace(name string, content []byte) error {
	if err := f.root.Remove(tempFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	t, err := f.root.OpenFile(tempFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if _, err = t.Write(content); err == nil {
		err = t.Sync()
	}
	if err := errors.Join(err, t.Close()); err != nil {
		return err
	}
	return f.root.Rename(tempFile, name)
}

// Finish removes the pages of former sites that this one does not have. It
// returns how many pages there are.
func (f *Folder) Finish() (int, error) {
	for name := range f.known {
		if _, kept := f.written[name]; kept {
			continue
		}
		there, err := f.ours(name)
		if err == nil && there != "" {
			err = f.root.Remove(name)
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path.Join(f.name, name), err)
		}
	}
	final := make(map[string][]string, len(f.written))
	for name, sum := range f.written {
		final[name] = []string{sum}
	}
	if err := f.writeList(final); err != nil {
		return 0, fmt.Errorf("%s: %w", f.name, err)
	}
	return len(f.written), nil
}

// Close lets go of the folder.
func (f *Folder) Close() error {
	var err error
	if f.list != nil {
		err = f.list.Close()
	}
	return errors.Join(err, f.root.Close())
}

func (f *Folder) writeList(files map[string][]string) error {
	var lines []string
	for name, sums := range files {
		for _, sum := range sums {
			lines = append(lines, sum+"  "+name+"\n")
		}
	}
	slices.Sort(lines)
	return f.replace(ListFile, []byte(listHead+strings.Join(slices.Compact(lines), "")))
}

func hexDigest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
