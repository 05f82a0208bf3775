package site

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes a whole site of pages, given by name and text.
func write(t *testing.T, dir string, pages map[string]string) error {
	t.Helper()
	f, err := OpenFolder(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	f.Begin()
	for name, text := range pages {
		if err := f.Write(name, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
			return err
		}
	}
	n, err := f.Finish()
	if err == nil && n != len(pages) {
		t.Errorf("%d pages, want %d", n, len(pages))
	}
	return err
}

func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		if name != ListFile {
			out[name] = string(content)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func expect(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	got := read(t, dir)
	if len(got) != len(want) {
		t.Errorf("files %v, want %v", got, want)
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is %q, want %q", name, got[name], text)
		}
	}
}

func refuses(t *testing.T, err error, words string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("error %v, want one with %q", err, words)
	}
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	first := map[string]string{"index.html": "one", "a/x.html": "x", "a/y.html": "y"}
	if err := write(t, dir, first); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, first)
	before, err := os.Stat(filepath.Join(dir, "a/x.html"))
	if err != nil {
		t.Fatal(err)
	}

	second := map[string]string{"index.html": "two", "a/x.html": "x"}
	if err := write(t, dir, second); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, second)
	if after, err := os.Stat(filepath.Join(dir, "a/x.html")); err != nil || !os.SameFile(before, after) {
		t.Errorf("a page that is the same was written anew: %v", err)
	}
}

// What no site wrote stays as it is, and says so.
func TestFolderOfOthers(t *testing.T) {
	page := map[string]string{"index.html": "one", "a/x.html": "x"}
	t.Run("files without a list", func(t *testing.T) {
		dir := t.TempDir()
		put(t, dir, "index.html", "mine")
		refuses(t, write(t, dir, page), "it is no site")
		expect(t, dir, map[string]string{"index.html": "mine"})
	})
	t.Run("a page that was changed", func(t *testing.T) {
		dir := t.TempDir()
		if err := write(t, dir, page); err != nil {
			t.Fatal(err)
		}
		put(t, dir, "a/x.html", "mine")
		refuses(t, write(t, dir, map[string]string{"a/x.html": "new"}), "a/x.html: not as klplint wrote it")
		refuses(t, write(t, dir, map[string]string{"index.html": "new"}), "a/x.html: not as klplint wrote it")
		if got := read(t, dir)["a/x.html"]; got != "mine" {
			t.Errorf("it is %q now", got)
		}
	})
	t.Run("a file of a page's name", func(t *testing.T) {
		dir := t.TempDir()
		if err := write(t, dir, map[string]string{"index.html": "one"}); err != nil {
			t.Fatal(err)
		}
		put(t, dir, "other.html", "mine")
		if err := write(t, dir, map[string]string{"index.html": "two"}); err != nil {
			t.Fatal(err)
		}
		refuses(t, write(t, dir, map[string]string{"other.html": "new"}), "not as klplint wrote it")
		expect(t, dir, map[string]string{"index.html": "two", "other.html": "mine"})
	})
	t.Run("links", func(t *testing.T) {
		dir, outside := t.TempDir(), t.TempDir()
		put(t, outside, "x.html", "x")
		if err := write(t, dir, page); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, filepath.Join(dir, "a")); err != nil {
			t.Fatal(err)
		}
		if err := write(t, dir, page); err == nil {
			t.Error("a link out of the folder is followed")
		}
		if err := write(t, dir, map[string]string{"index.html": "one"}); err == nil {
			t.Error("a page behind a link is removed")
		}
		expect(t, outside, map[string]string{"x.html": "x"})
	})
	t.Run("a list of something else", func(t *testing.T) {
		dir := t.TempDir()
		put(t, dir, ListFile, "index.html\n")
		put(t, dir, "index.html", "mine")
		refuses(t, write(t, dir, page), "not a list that this klplint writes")
		expect(t, dir, map[string]string{"index.html": "mine"})
	})
}

// A site that was interrupted, at any page, is finished by the next one.
func TestFolderInterrupted(t *testing.T) {
	dir := t.TempDir()
	if err := write(t, dir, map[string]string{"index.html": "one", "gone.html": "g"}); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"index.html", "new.html"} {
		if err := f.Write(name, func(w io.Writer) error { _, err := io.WriteString(w, "half"); return err }); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil { // without Finish
		t.Fatal(err)
	}
	put(t, dir, tempFile, "cut o")
	list, err := os.OpenFile(filepath.Join(dir, ListFile), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := list.WriteString("0123  cut of"); err != nil {
		t.Fatal(err)
	}
	if err := list.Close(); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"index.html": "two", "new.html": "n"}
	if err := write(t, dir, want); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, want)
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSlug(t *testing.T) {
	seen := make(map[string]string)
	for _, text := range []string{"6.12.0", "6.12.0+deb", "6.12.0-deb", "Klp", "klp", "", ".hidden", "..", "../x", "a b", "a\x00b", strings.Repeat("n", 300), strings.Repeat("n", 301), "ü", "con"} {
		s := slug(text, text)
		if other, twice := seen[s]; twice {
			t.Errorf("%q and %q are both %s", text, other, s)
		}
		seen[s] = text
		if len(s) > 100 || s == "" || s[0] == '.' || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" {
			t.Errorf("slug(%q) = %q", text, s)
		}
	}
	if s := slug("6.12.0", "6.12.0"); s != "6.12.0" {
		t.Errorf("a plain name became %s", s)
	}
	for revision, want := range map[int64]string{1: "log/1.html", 500: "log/1.html", 501: "log/501.html"} {
		if got := LogPage(revision); got != want {
			t.Errorf("LogPage(%d) = %s, want %s", revision, got, want)
		}
	}
}
