package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// tree makes a folder with every kind of entry and makes it the current one.
func tree(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range []string{
		"b.ko", "a.ko", "a.ko.gz", "d/c.ko.xz", "d/e/z.ko.zst", "d/notes.txt", "d/x.ko.bz2", "empty/readme", "[odd].ko",
		"new\nline.ko", "@at.ko", "only/one.ko",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"loop.ko": "loop.ko", "links/up.ko": "../a.ko", "links/dangling.ko": "gone", "links/back": "..", "links/dir.ko": "../d",
	} {
		if err := os.MkdirAll(filepath.Dir(link), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo("links/pipe.ko", 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestExpand(t *testing.T) {
	tree(t)
	tests := []struct {
		name  string
		args  string // separated by blanks
		o     Options
		files string // a named one has a +
		errs  string // "path: cause", separated by "; "
	}{
		{"files as given", "./b.ko a.ko", Options{}, "./b.ko+ a.ko+", ""},
		{"folder", "d", Options{}, "d/c.ko.xz d/e/z.ko.zst", ""},
		{"folder with slash", "d/", Options{}, "d/c.ko.xz d/e/z.ko.zst", ""},
		{"files before subfolders, sorted", "only d/e d", Options{}, "only/one.ko d/e/z.ko.zst d/c.ko.xz", ""},
		{"pattern", "?.ko", Options{}, "a.ko+ b.ko+", ""},
		{"pattern without match", "*.xx", Options{}, "", "*.xx: no such file, and no file matches the pattern"},
		{"bad pattern", "[", Options{}, "", "[: no such file, and no file matches the pattern"},
		{"a file called like a pattern", "[odd].ko", Options{}, "[odd].ko+", ""},
		{"no such file", "gone.ko a.ko", Options{}, "a.ko+", "gone.ko: no such file or directory"},
		{"empty folder", "empty", Options{}, "", "empty: no module (*.ko, *.ko.gz, *.ko.xz, *.ko.zst) in this directory"},
		{"empty folder allowed", "empty", Options{AllowEmpty: true}, "", ""},
		{"twice", "a.ko ./a.ko d d/c.ko.xz", Options{}, "a.ko+ d/c.ko.xz+ d/e/z.ko.zst", ""},
		{"folder given before", "only/one.ko only", Options{}, "only/one.ko+", ""},
		{"repeats", "a.ko a.ko", Options{Repeats: true}, "a.ko+ a.ko+", ""},
		{"loop of links", "loop.ko", Options{}, "", "loop.ko: too many levels of symbolic links"},
		{
			"links and pipes in a folder", "links",
			Options{},
			"links/up.ko",
			"links/dangling.ko: no such file or directory; links/pipe.ko: a named pipe, not a regular file",
		},
		{"named pipe", "links/pipe.ko", Options{}, "", "links/pipe.ko: a named pipe, not a regular file"},
		{"device", "/dev/null", Options{}, "", "/dev/null: a device, not a regular file"},
		{"list", "@list", Options{}, "a.ko+ only/one.ko @at.ko+", "*.ko: no such file or directory"},
		{"list missing", "@gone", Options{}, "", "gone: no such file or directory"},
		{"list is a folder", "@d", Options{}, "", "@d: is a directory"},
		{"empty list", "@empty/readme", Options{}, "", "@empty/readme: the list names no path"},
		{"stdin", "-", Options{Stdin: strings.NewReader("b.ko\r\n\nd\n")}, "b.ko+ d/c.ko.xz d/e/z.ko.zst", ""},
		{"stdin twice", "- -", Options{Stdin: strings.NewReader("b.ko")}, "b.ko+", "-: stdin can be read only once"},
		{"no stdin", "-", Options{}, "", "-: neither a list nor a module on stdin here"},
		{"NUL", "-", Options{Stdin: strings.NewReader("new\nline.ko\x00a.ko"), NUL: true}, "new\nline.ko+ a.ko+", ""},
		{"endless line", "-", Options{Stdin: strings.NewReader(strings.Repeat("x", maxPath+1))}, "", "-: bufio.Scanner: token too long"},
	}
	if err := os.WriteFile("list", []byte("a.ko\r\nonly\n*.ko\n@at.ko\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files, errs := Expand(strings.Fields(tt.args), tt.o)
			var got []string
			for _, f := range files {
				if f.Named {
					f.Path += "+"
				}
				got = append(got, f.Path)
			}
			want := tt.files
			if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			var causes []string
			for i := range errs {
				causes = append(causes, errs[i].Error())
			}
			if diff := cmp.Diff(tt.errs, strings.Join(causes, "; ")); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEmptyArgument(t *testing.T) {
	_, errs := Expand([]string{""}, Options{})
	if len(errs) != 1 || !errors.Is(errs[0].Err, ErrEmptyPath) {
		t.Errorf("errors %v, want one: %v", errs, ErrEmptyPath)
	}
}

// TestHugeFolder reads more entries than one batch.
func TestHugeFolder(t *testing.T) {
	dir := t.TempDir()
	for i := range 2*batch + 1 {
		if err := os.WriteFile(fmt.Sprintf("%s/%04d.ko", dir, i), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	files, errs := Expand([]string{dir}, Options{})
	if len(files) != 2*batch+1 || len(errs) != 0 {
		t.Fatalf("%d files, errors %v", len(files), errs)
	}
	for i, f := range files {
		if want := fmt.Sprintf("%s/%04d.ko", dir, i); f.Path != want {
			t.Fatalf("file %d is %s, want %s", i, f.Path, want)
		}
	}
}

func TestIsModuleName(t *testing.T) {
	for name, want := range map[string]bool{
		"a.ko": true, "a.ko.gz": true, "a.ko.xz": true, "a.ko.zst": true, "a.ko.ko": true, ".ko": true,
		"a.ko.bz2": false, "a.o": false, "a.ko~": false, "a.kofi": false, "ko": false, "a.ko.debug": false,
	} {
		if got := IsModuleName(name); got != want {
			t.Errorf("IsModuleName(%q) = %v", name, got)
		}
	}
}

// What stdin has may be larger than what is kept in memory.
func TestModuleOnStdin(t *testing.T) {
	for _, size := range []int{100, storeInMemory - 1, storeInMemory, storeInMemory + 1, 2 * storeInMemory} {
		want := bytes.Repeat([]byte("\x7fELF livepatch."), size/15+1)[:size]
		files, errs := Expand([]string{"-"}, Options{Stdin: iotest.HalfReader(bytes.NewReader(want))})
		if len(errs) != 0 || len(files) != 1 || files[0].Size != int64(size) || !files[0].Named {
			t.Fatalf("%d bytes: %+v, %v", size, files, errs)
		}
		got := make([]byte, size)
		if _, err := files[0].Content.ReadAt(got, 0); err != nil && !errors.Is(err, io.EOF) || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: not what stdin had (%v)", size, err)
		}
	}
	_, errs := Expand([]string{"-"}, Options{Stdin: io.MultiReader(strings.NewReader("\x7fELF"), iotest.ErrReader(errors.New("gone")))})
	if len(errs) != 1 || errs[0].Error() != "-: gone" {
		t.Errorf("a broken stdin: %v", errs)
	}
}
