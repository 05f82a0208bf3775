package input

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// packages makes a folder with packages and makes it the current one.
func packages(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	content := func(name, text string) *tar.Header {
		return &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(text)), Uname: text}
	}
	link := func(kind byte, name, to string) *tar.Header {
		return &tar.Header{Typeflag: kind, Name: name, Linkname: to}
	}
	for name, members := range map[string][]*tar.Header{
		"p.tar": {
			{Typeflag: tar.TypeDir, Name: "./"},
			{Typeflag: tar.TypeDir, Name: "./d.ko/"},
			content("./d/b.ko", "bee"), content("./d/a.ko.xz", "ay"), content("./notes", "no"),
			link(tar.TypeSymlink, "./w/b.ko", "../d/b.ko"), link(tar.TypeSymlink, "./w/a.ko.xz", "/d/a.ko.xz"),
		},
		"odd.tar": {
			content("a.ko", "1"), content("/a.ko", "2"), link(tar.TypeLink, "h.ko", "a.ko"), link(tar.TypeSymlink, "s.ko", "/lib/gone.ko"),
			{Typeflag: tar.TypeFifo, Name: "pipe.ko"},
			content("z\n.ko", "3"),
		},
		"sub/none.tar": {content("readme", "x")},
		"sub!/p.tar":   {content("c.ko", "see")},
	} {
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			if err := os.MkdirAll(name[:i], 0o777); err != nil {
				t.Fatal(err)
			}
		}
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, h := range members {
			text := h.Uname
			h.Uname = ""
			if err := w.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(w, text); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"text.rpm": "version https://git-lfs.github.com/spec/v1\n" + strings.Repeat("x", 100), "list": "p.tar\nsub/none.tar\n", "sub/x.ko": "x",
	} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPackages(t *testing.T) {
	packages(t)
	const noModule = "no module (*.ko, *.ko.gz, *.ko.xz, *.ko.zst) in this package"
	tests := []struct {
		name  string
		args  string // separated by blanks
		o     Options
		files string // path=content, a named one has a +
		errs  string
	}{
		{"whole", "p.tar", Options{}, "p.tar!/d/a.ko.xz=ay p.tar!/d/b.ko=bee", ""},
		{"path as given", "./sub/../p.tar", Options{}, "./sub/../p.tar!/d/a.ko.xz=ay ./sub/../p.tar!/d/b.ko=bee", ""},
		{"one module", "p.tar!/d/b.ko", Options{}, "p.tar!/d/b.ko=bee+", ""},
		{"one module, spelled otherwise", "p.tar!//./d/b.ko", Options{}, "p.tar!/d/b.ko=bee+", ""},
		{"named for once", "p.tar p.tar!/d/b.ko", Options{}, "p.tar!/d/a.ko.xz=ay p.tar!/d/b.ko=bee+", ""},
		{"any file that is named", "p.tar!/notes", Options{}, "p.tar!/notes=no+", ""},
		{"no such file in it", "p.tar!/d/c.ko", Options{}, "", "p.tar!/d/c.ko: no such file in the package"},
		{"a folder in it", "p.tar!/d.ko", Options{}, "", "p.tar!/d.ko: no such file in the package"},
		{"no such package", "q.tar!/d/c.ko", Options{}, "", "q.tar!/d/c.ko: no such file or directory"},
		{"folder with a mark", "sub!/p.tar!/c.ko sub!/p.tar", Options{}, "sub!/p.tar!/c.ko=see+", ""},
		{"pattern", "p.*", Options{}, "p.tar!/d/a.ko.xz=ay p.tar!/d/b.ko=bee", ""},
		{"list", "@list", Options{}, "p.tar!/d/a.ko.xz=ay p.tar!/d/b.ko=bee", "sub/none.tar: " + noModule},
		{"allowed to be empty", "sub/none.tar", Options{AllowEmpty: true}, "", ""},
		{"not in folders", "sub", Options{}, "sub/x.ko=", ""},
		{"twice", "p.tar p.tar", Options{Repeats: true}, "p.tar!/d/a.ko.xz=ay p.tar!/d/b.ko=bee p.tar!/d/a.ko.xz=ay p.tar!/d/b.ko=bee", ""},
		{"no package", "text.rpm", Options{}, "", "text.rpm: rpm: not an rpm package: the first bytes are not its magic"},
		{
			"what cannot be read", "odd.tar",
			Options{},
			"odd.tar!/a.ko=1 odd.tar!/z\n.ko=3",
			"odd.tar!/a.ko: the package has two files of this name; " +
				"odd.tar!/h.ko: a hard link, whose content is under another name of the package; " +
				"odd.tar!/pipe.ko: not a regular file; " +
				"odd.tar!/s.ko: a symbolic link to /lib/gone.ko, which is not a module of the package",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files, errs := Expand(strings.Split(tt.args, " "), tt.o)
			var got []string
			for _, f := range files {
				line := f.Path + "="
				if f.Content != nil {
					b, err := io.ReadAll(io.NewSectionReader(f.Content, 0, f.Size))
					if err != nil {
						t.Error(err)
					}
					line += string(b)
				}
				if f.Named {
					line += "+"
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.files, strings.Join(got, " ")); diff != "" {
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

// TestStore keeps more than memory is meant for, and leaves no file behind.
func TestStore(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	var s store
	kept := map[string]io.ReaderAt{}
	for i := range 5 {
		text := strings.Repeat(fmt.Sprint(i), storeInMemory/3)
		r, err := s.add(strings.NewReader(text), int64(len(text)))
		if err != nil {
			t.Fatal(err)
		}
		kept[text] = r
	}
	for text, r := range kept {
		b, err := io.ReadAll(io.NewSectionReader(r, 0, int64(len(text))))
		if err != nil || string(b) != text {
			t.Errorf("content of %.1s: %d bytes, %v", text, len(b), err)
		}
	}
	if s.file == nil {
		t.Fatal("all in memory")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	for _, size := range []int64{storeInMemory, storeInMemory + 1} {
		var s store
		if _, err := s.add(strings.NewReader("x"), size); err != io.ErrUnexpectedEOF { //nolint:errorlint // as it is
			t.Errorf("a file that ends early: %v", err)
		}
	}
}
