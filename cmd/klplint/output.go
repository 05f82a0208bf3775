package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/klplint/klplint/cmd/klplint/internal/flags"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
)

// fallbackWidth is the width of tables where no terminal says it.
const fallbackWidth = 120

// output is one requested report: a format, and stdout or a file. Writes are
// buffered. Its write error is kept and returned by close, so that what
// renders need not stop at it.
type output struct {
	format  string
	options report.Options

	name string // for errors: "stdout" or the file
	buf  *bufio.Writer
	file *os.File // nil for stdout
	temp string   // the temporary file's name, "" when written in place
	dest string
	err  error
}

// outputs opens every report that choose names. The caller ends with
// closeOutputs.
func (a *app) outputs(allowed ...string) ([]*output, error) {
	outs, err := a.choose(allowed...)
	if err != nil {
		return nil, err
	}
	for i, o := range outs {
		if err := a.open(o); err != nil {
			a.discardOutputs(outs[:i])
			return nil, err
		}
	}
	return outs, nil
}

// choose returns the reports that --format asks for, in that order, and opens
// none. allowed lists the subcommand's formats. Without --format there is one on
// stdout: a table on a terminal, else text, or the first allowed format when the
// subcommand lacks that one. A command that renders at its end calls it at its
// beginning too: wrong usage is said before any work.
func (a *app) choose(allowed ...string) ([]*output, error) {
	specs := a.common.formats
	if len(specs) == 0 {
		format := "text"
		if isTerminal(a.stdout) {
			format = "table"
		}
		if !slices.Contains(allowed, format) {
			format = allowed[0]
		}
		specs = []string{format}
	}
	outs := make([]*output, 0, len(specs))
	seen := make(map[string]bool)
	for _, spec := range specs {
		format, file, toFile := strings.Cut(spec, "=")
		if !slices.Contains(allowed, format) {
			return nil, usageErrorf("--format %s: %w", spec, flags.Wanted(format, allowed))
		}
		if toFile && file == "" {
			return nil, usageErrorf("--format %s: the file's name is missing", spec)
		}
		if file == "-" {
			file = ""
		}
		key := file
		if file != "" {
			key = filepath.Clean(file)
		}
		if seen[key] {
			return nil, usageErrorf("--format %s: two reports to the same file", spec)
		}
		seen[key] = true
		outs = append(outs, &output{format: format, dest: file, name: file})
	}
	return outs, nil
}

// render is for subcommands that have all at hand: it opens the reports, writes
// form to each, and closes them. An error of a formatter's own leaves files as
// they were.
func render[T any](a *app, formats report.Formats[report.Formatter[T]], form T) error {
	outs, err := a.outputs(formats.Names()...)
	if err != nil {
		return err
	}
	for _, o := range outs {
		if err := write(o, formats, form); err != nil && o.err == nil {
			a.discardOutputs(outs)
			return err
		}
	}
	return a.closeOutputs(outs)
}

// write writes form in the output's format.
func write[T any](o *output, formats report.Formats[report.Formatter[T]], form T) error {
	formatter, err := formats.Named(o.format)
	if err != nil {
		return err
	}
	return formatter(o, form, o.options)
}

func (a *app) open(o *output) error {
	o.options = report.Options{Width: fallbackWidth, Quiet: a.common.quiet, Verbose: a.common.verbose, Color: a.common.color.Value == "always"}
	if o.dest == "" {
		o.name = "stdout"
		o.buf = bufio.NewWriterSize(a.stdout, 64<<10)
		o.options.Width, o.options.Terminal = terminalWidth(a.stdout)
		o.options.Color = a.colored(o.options.Terminal)
		return nil
	}
	if real, err := filepath.EvalSymlinks(o.dest); err == nil {
		o.dest = real
	}
	info, err := os.Stat(o.dest)
	mode := os.FileMode(0o666)
	switch {
	case err == nil && !info.Mode().IsRegular():
		// A device or a named pipe is written as it stands.
		if o.file, err = os.OpenFile(o.dest, os.O_WRONLY, 0); err != nil {
			return uncheckedErrorf("report: %w", err)
		}
	default:
		if err == nil {
			mode = info.Mode().Perm()
		}
		if err := o.createTemp(a, mode); err != nil {
			return uncheckedErrorf("report: %w", err)
		}
	}
	o.buf = bufio.NewWriterSize(o.file, 64<<10)
	return nil
}

// createTemp makes the file that will be renamed to o.dest: a reader of the
// report sees the old one or the whole new one.
func (o *output) createTemp(a *app, mode os.FileMode) error {
	dir, base := filepath.Split(o.dest)
	for i := range 100 {
		name := filepath.Join(dir, fmt.Sprintf(".%s.%d.%d.tmp", base, os.Getpid(), i))
		f, err := a.temps.create(name, mode)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		o.file, o.temp = f, name
		return nil
	}
	return fmt.Errorf("%s: no name left for a temporary file", o.dest)
}

// Write buffers p.
func (o *output) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.buf.Write(p)
	if err != nil {
		o.err = uncheckedErrorf("write %s: %w", o.name, err)
		return n, o.err
	}
	return n, nil
}

func (o *output) close(a *app) error {
	if err := o.buf.Flush(); err != nil && o.err == nil {
		o.err = uncheckedErrorf("write %s: %w", o.name, err)
	}
	if o.file == nil {
		return o.err
	}
	if err := o.file.Close(); err != nil && o.err == nil {
		o.err = uncheckedErrorf("write %s: %w", o.name, err)
	}
	if o.temp == "" {
		return o.err
	}
	defer a.temps.remove(o.temp)
	if o.err == nil {
		if err := os.Rename(o.temp, o.dest); err != nil {
			o.err = uncheckedErrorf("report: %w", err)
		}
	}
	return o.err
}

// closeOutputs writes what is buffered and puts the files in their place. It
// returns the write errors, each with exit code 2; nil when all are written.
func (a *app) closeOutputs(outs []*output) error {
	var errs []error
	for _, o := range outs {
		if err := o.close(a); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// discardOutputs is for work that failed: files stay as they were.
func (a *app) discardOutputs(outs []*output) {
	for _, o := range outs {
		if o.file != nil {
			_ = o.file.Close() // nothing in it is wanted
		}
	}
	a.temps.removeAll()
}

// colored decides about colours on stdout.
func (a *app) colored(terminal bool) bool {
	force := func(name string) bool { v := a.getenv(name); return v != "" && v != "0" }
	switch {
	case a.common.color.Value != "auto":
		return a.common.color.Value == "always"
	case force("FORCE_COLOR") || force("CLICOLOR_FORCE"):
		return true
	case a.getenv("NO_COLOR") != "" || a.getenv("TERM") == "dumb":
		return false
	}
	return terminal
}

// terminalWidth returns the columns of a terminal, and whether w is one.
func terminalWidth(w io.Writer) (columns int, terminal bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return fallbackWidth, false
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		return 80, true // a serial console does not know its size
	}
	return columns, true
}

func isTerminal(w io.Writer) bool {
	_, terminal := terminalWidth(w)
	return terminal
}

// tempFiles are the half-written reports and what was unpacked, to be removed at
// the end, or when the process is interrupted.
type tempFiles struct {
	mu    sync.Mutex
	names []string
}

// create makes a new file and remembers it, in one step for removeAll, which
// another goroutine may call at any moment.
func (t *tempFiles) create(name string, mode os.FileMode) (*os.File, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err == nil {
		t.names = append(t.names, name)
	}
	return f, err
}

// folder makes a folder, which goes with all that is in it.
func (t *tempFiles) folder() (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	dir, err := os.MkdirTemp("", "klplint-*")
	if err == nil {
		t.names = append(t.names, dir)
	}
	return dir, err
}

// remove deletes one, if it is still there, and forgets it.
func (t *tempFiles) remove(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	os.Remove(name)
	t.names = slices.DeleteFunc(t.names, func(n string) bool { return n == name })
}

func (t *tempFiles) removeAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range t.names {
		_ = os.RemoveAll(name) // what stays behind harms nobody
	}
	t.names = nil
}
