//go:build linux

package hostile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/fixtures"
)

// TestOddFiles puts what is no regular file beside a good module, in a folder
// and by name: one line each, and the good module is judged.
func TestOddFiles(t *testing.T) {
	dir := t.TempDir()
	good(t, dir, "good.ko")
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.ko"), 0o666); err != nil {
		t.Fatal(err)
	}
	socket, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(socket) }()
	t.Chdir(dir) // socket names are short
	if err := syscall.Bind(socket, &syscall.SockaddrUnix{Name: "socket.ko"}); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{
		"zero.ko": "/dev/zero", "full.ko": "/dev/full", "null.ko": "/dev/null", "random.ko": "/dev/urandom",
		"loop.ko": "loop.ko", "ping.ko": "pong.ko", "pong.ko": "ping.ko", "dangling.ko": "gone",
		"up": ".", // a folder within itself, which is not entered
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	causes := map[string]string{
		"pipe.ko": "a named pipe", "socket.ko": "a socket",
		"zero.ko": "a device", "full.ko": "a device", "null.ko": "a device", "random.ko": "a device",
		"loop.ko": "too many levels of symbolic links", "ping.ko": "too many levels of symbolic links", "pong.ko": "too many levels of symbolic links",
		"dangling.ko": "no such file",
	}
	folder := lintRun(t, dir, "./")
	folder.checked(t, 1)
	args := []string{"good.ko"}
	for name, cause := range causes {
		folder.unchecked(t, "./"+name, cause)
		args = append(args, name)
	}
	named := lintRun(t, dir, args...)
	named.checked(t, 1)
	for name, cause := range causes {
		named.unchecked(t, name, cause)
		// The other subcommands that read modules.
		for _, sub := range []string{"dump", "diff", "trace"} {
			if o := (process{dir: dir}).run(t, sub, name, "good.ko"); o.code != 2 {
				t.Errorf("%s %s: exit code %d, want 2\n%s", sub, name, o.code, o.stderr)
			}
		}
	}
	for _, other := range []string{"/dev/zero", "/dev/urandom"} {
		o := process{dir: dir}.run(t, "lint", "--kernel", other, "good.ko")
		if o.code != 2 || !strings.Contains(o.stderr, other) {
			t.Errorf("--kernel %s: exit code %d\n%s", other, o.code, o.stderr)
		}
	}
}

// TestDeepFolders walks a tree deeper than any path may be long.
func TestDeepFolders(t *testing.T) {
	dir := t.TempDir()
	good(t, dir, "good.ko")
	t.Chdir(dir)
	name := strings.Repeat("d", 200)
	for range 40 { // 8,000 bytes; Linux takes paths of 4,095
		if err := os.Mkdir(name, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chdir(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chdir(dir); err != nil {
		t.Fatal(err)
	}
	o := lintRun(t, dir, ".")
	o.checked(t, 1)
	if o.code != 2 || !strings.Contains(o.stderr, "file name too long") {
		t.Errorf("exit code %d\n%.2000s", o.code, o.stderr)
	}
}

// TestManyFiles gives a folder with very many modules of which a few are damaged.
func TestManyFiles(t *testing.T) {
	files := 20_000
	if os.Getenv("KLPLINT_SWEEP") == "full" {
		files = 100_000
	}
	dir := t.TempDir()
	good(t, dir, "0.ko")
	sound := filepath.Join(dir, "0.ko")
	damaged := 0
	for i := 1; i < files; i++ {
		path := filepath.Join(dir, fmt.Sprintf("%d.ko", i))
		if i%1000 == 0 {
			damaged++
			write(t, dir, fmt.Sprintf("%d.ko", i), []byte("\x7fELF"))
			continue
		}
		err := os.Link(sound, path)
		if errors.Is(err, syscall.EMLINK) { // this file system counts links
			good(t, dir, fmt.Sprintf("%d.ko", i))
			sound, err = path, nil
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	o := lintRun(t, "", dir)
	t.Logf("%d files: %v, %d MiB", files, time.Since(start).Round(time.Millisecond), o.peak>>20)
	o.checked(t, files-damaged)
	if got := strings.Count(o.stderr, "truncated"); o.code != 2 || got != damaged {
		t.Errorf("exit code %d, %d damaged files named, want %d\n%.1000s", o.code, got, damaged, o.stderr)
	}
	if limit := int64(64<<20 + files*8<<10); o.peak > limit {
		t.Errorf("%d MiB for %d files", o.peak>>20, files)
	}
}

// names are what a file may be called on Linux.
var names = []string{
	"new\nline.ko", "carriage\rreturn.ko", "tab\t.ko", "bell\a.ko", "escape\x1b[2J\x1b[31mred.ko", "c1 \u009b31m.ko",
	"invalid \xff\xfe utf-8.ko", "overlong \xc0\xaf.ko", "surrogate \xed\xa0\x80.ko", "right to left \u202eok.ko",
	"zero width \u200b.ko", "separator \u2028.ko", "title \x1b]0;x\x07.ko", "del \x7f.ko",
	"-rf.ko", "@list.ko", "*.ko", "[a-z].ko", "$(id).ko", "`id`.ko", "'quoted'.ko", `"quoted".ko`, `back\slash.ko`,
	" leading.ko", "<script>.ko", "%s%n.ko", "::error::x.ko", "##vso[task].ko", ".ko", "ünïcödé.ko",
	strings.Repeat("n", 252) + ".ko",
}

// TestNames judges modules, sound and damaged, with names that try to steer
// what shows them. Every report keeps to its lines and its encoding.
func TestNames(t *testing.T) {
	sound := t.TempDir()
	damaged := t.TempDir()
	for _, name := range names {
		write(t, sound, name, fixtures.Read(t, "rules/KLP101/bad.ko"))
		write(t, damaged, name, []byte("\x7fELF cut short"))
	}
	for _, format := range []string{"text", "table", "json"} {
		t.Run(format, func(t *testing.T) {
			o := lintRun(t, sound, "--format", format, ".")
			if o.code != 1 {
				t.Errorf("exit code %d, want 1\n%.2000s", o.code, o.stderr)
			}
			printable(t, o.stdout)
			printable(t, o.stderr)
			if format == "json" {
				dec := json.NewDecoder(strings.NewReader(o.stdout))
				for {
					var v any
					if err := dec.Decode(&v); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						t.Fatalf("no JSON: %v", err)
					}
				}
			}
			o = lintRun(t, damaged, "--format", format, ".")
			if o.code != 2 {
				t.Errorf("exit code %d, want 2", o.code)
			}
			printable(t, o.stdout)
			printable(t, o.stderr)
			if got := strings.Count(o.stderr, "klplint: ./"); got != len(names) {
				t.Errorf("%d lines for %d files\n%s", got, len(names), o.stderr)
			}
		})
	}
	// By name, as an argument and in a list.
	for _, name := range names {
		o := lintRun(t, damaged, "--", "./"+name)
		if o.code != 2 || strings.Count(o.stderr, "klplint: ./") != 1 {
			t.Errorf("%q: exit code %d\n%s", name, o.code, o.stderr)
		}
	}
	write(t, damaged, "list", []byte(strings.Join(names, "\x00")))
	if o := lintRun(t, damaged, "-z", "@list"); o.code != 2 || !strings.Contains(o.stderr, fmt.Sprintf("%d could not be checked", len(names))) {
		t.Errorf("list: exit code %d\n%s", o.code, o.stderr)
	}
}

// printable fails the test where a report holds what steers a terminal or is
// no UTF-8.
func printable(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("a report is no UTF-8")
	}
	for _, r := range s {
		switch {
		case r == '\n':
		case r < 0x20, r >= 0x7f && r < 0xa0, r == 0x2028, r == 0x2029, r >= 0x202a && r <= 0x202e, r == 0x200b:
			t.Errorf("a report holds %U", r)
			return
		}
	}
}

// shrinking is a file of which less and less can be read.
type shrinking struct {
	b     []byte
	reads int
	after int // reads that still see the whole file
}

func (s *shrinking) ReadAt(p []byte, off int64) (int, error) {
	if s.reads++; s.reads > s.after {
		s.b = s.b[:len(s.b)/2]
	}
	return bytes.NewReader(s.b).ReadAt(p, off)
}

// TestShrinkingReads takes bytes away between any two reads.
func TestShrinkingReads(t *testing.T) {
	for _, name := range []string{"static/debug.ko", "kpatch/many.ko", "packed/one-func.ko.xz"} {
		b := fixtures.Read(t, name)
		failed := 0
		for after := 0; ; after++ {
			s := &shrinking{b: b, after: after}
			m, err := elfread.Read(s, int64(len(b)), name, elfread.Options{SHA256: true})
			if problem := checkRead(m, err, name); problem != "" {
				t.Errorf("%s, cut after %d reads: %s", name, after, problem)
			}
			if err != nil {
				failed++
			}
			if s.reads <= after {
				break
			}
		}
		if failed == 0 {
			t.Errorf("%s: no cut was noticed", name)
		}
	}
}

// TestShrinkingFiles changes the sizes of files while the command reads them.
func TestShrinkingFiles(t *testing.T) {
	dir := t.TempDir()
	good(t, dir, "good.ko")
	whole := fixtures.Read(t, "static/debug.ko")
	var paths []string
	for i := range 50 {
		name := fmt.Sprintf("changing%d.ko", i)
		write(t, dir, name, whole)
		paths = append(paths, filepath.Join(dir, name))
	}
	stop := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			path := paths[i%len(paths)]
			_ = os.Truncate(path, int64(i*997%len(whole)))
			_ = os.WriteFile(path, whole, 0o666)
		}
	})
	for range 10 {
		o := lintRun(t, dir, ".")
		if o.code != 0 && o.code != 1 && o.code != 2 {
			t.Errorf("exit code %d\n%s", o.code, o.stderr)
		}
		if len(o.problems("./good.ko")) > 0 {
			t.Errorf("the good module was not judged\n%s", o.stderr)
		}
	}
	close(stop)
	writer.Wait()
}

// TestNoSpace writes reports where no byte fits.
func TestNoSpace(t *testing.T) {
	dir := t.TempDir()
	good(t, dir, "good.ko")
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, format := range []string{"text", "table", "json"} {
		write(t, dir, "bad.ko", fixtures.Read(t, "rules/KLP101/bad.ko"))
		o := process{dir: dir, stdout: full}.run(t, "lint", "--kernel", "none", "--format", format, "bad.ko")
		if o.code != 2 || strings.Count(o.stderr, "no space left on device") != 1 {
			t.Errorf("%s: exit code %d\n%s", format, o.code, o.stderr)
		}
		// A shell that opened the device itself is asked for nothing.
		o = process{dir: dir, stdout: full}.run(t, "lint", "--kernel", "none", "--format", format+"=/dev/stdout", "bad.ko")
		if o.code != 2 || strings.Count(o.stderr, "no space left on device") != 1 {
			t.Errorf("%s to a file: exit code %d\n%s", format, o.code, o.stderr)
		}
	}
}
