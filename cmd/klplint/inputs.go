package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"

	"github.com/klplint/klplint/cmd/klplint/internal/input"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// expand turns arguments into the files to read. What cannot be used is
// returned beside them. It is an error where a report would replace one of them.
func (a *app) expand(args []string, o input.Options) ([]input.File, []lint.Error, error) {
	files, errs := input.Expand(args, o)
	var problems []lint.Error
	for _, e := range errs {
		problems = append(problems, lint.Error{Path: e.Path, Message: e.Err.Error()})
	}
	if len(a.destinations()) == 0 {
		return files, problems, nil
	}
	reads := make([]string, 0, len(files)+len(args))
	for _, f := range files {
		reads = append(reads, f.Path)
	}
	for _, arg := range args {
		reads = append(reads, strings.TrimPrefix(arg, "@")) // a list, or a damaged package
	}
	return files, problems, a.guard(reads...)
}

// sources makes the files the driver's input.
func sources(files []input.File) []lint.Source {
	out := make([]lint.Source, len(files))
	for i, f := range files {
		out[i] = lint.Source{Path: f.Path, Named: f.Named, Content: f.Content, Size: f.Size}
	}
	return out
}

// readOptions are the options of the reader for a command with these settings;
// layout may be nil.
func readOptions(s *settings.Settings, layout *klp.Layout) elfread.Options {
	return elfread.Options{Layout: layout, ReplaceField: s.ReplaceField}
}

// readModule is a file that arguments stand for and its module, or a problem.
type readModule struct {
	input.File
	Module  *klp.Module
	Problem *lint.Error
}

// modules reads what the arguments stand for. The problems of arguments come
// first, then the files in their order. Several are read at once, a few ahead of
// the one that is in use, so that memory does not grow with their number. update,
// if not nil, is told how many files are done.
func (a *app) modules(ctx context.Context, args []string, in input.Options, o elfread.Options, update func(done, total int)) (iter.Seq[readModule], error) {
	files, problems, err := a.expand(args, in)
	if err != nil {
		return nil, err
	}
	return func(yield func(readModule) bool) {
		for i := range problems {
			if !yield(readModule{File: input.File{Path: problems[i].Path}, Problem: &problems[i]}) {
				return
			}
		}
		done := 0
		for r := range readAhead(ctx, files, o, a.common.jobs) {
			if !yield(r) {
				return
			}
			done++
			if update != nil {
				update(done, len(files))
			}
		}
	}, nil
}

// readAhead reads files with several workers, below 1 for the number of CPUs.
func readAhead(ctx context.Context, files []input.File, o elfread.Options, jobs int) iter.Seq[readModule] {
	if jobs < 1 {
		jobs = runtime.GOMAXPROCS(0)
	}
	jobs = min(jobs, len(files))
	return func(yield func(readModule) bool) {
		if jobs <= 1 {
			r := elfread.NewReader(o)
			for i := range files {
				if !yield(readFile(r, &files[i])) {
					return
				}
			}
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		// Worker i reads files i, i+jobs, i+2*jobs... and holds a few ready.
		const ahead = 4
		ready := make([]chan readModule, jobs)
		for i := range ready {
			ready[i] = make(chan readModule, ahead)
			go func() {
				r := elfread.NewReader(o)
				for j := i; j < len(files); j += jobs {
					select {
					case ready[i] <- readFile(r, &files[j]):
					case <-ctx.Done():
						return
					}
				}
			}()
		}
		for i := range files {
			if !yield(<-ready[i%jobs]) {
				return
			}
		}
	}
}

// readFile reads one module, which may stand in a package.
func readFile(r *elfread.Reader, f *input.File) readModule {
	out := readModule{File: *f}
	var err error
	if f.Content != nil {
		out.Module, err = r.Read(f.Content, f.Size, f.Path)
	} else {
		out.Module, err = r.Open(f.Path)
	}
	if err != nil {
		p := &lint.Error{Path: f.Path, Message: err.Error()}
		if e, ok := errors.AsType[*elfread.Error](err); ok {
			p.Section, p.Offset, p.Message = e.Section, e.Offset, e.Err.Error()
		}
		out.Module, out.Problem = nil, p
	}
	return out
}

// wantLivepatch makes a problem of a named file that is no livepatch. skip: the
// file was met in a folder, and is left alone.
func (r *readModule) wantLivepatch() (skip bool) {
	switch {
	case r.Problem != nil || r.Module.IsLivepatch():
		return false
	case r.Named:
		r.Problem = &lint.Error{Path: r.Path, Message: fmt.Sprintf("not a livepatch module: %s", r.Module.Kind)}
	}
	return !r.Named
}

// wantTables makes a problem also of a livepatch whose tables were not found.
func (r *readModule) wantTables() (skip bool) {
	skip = r.wantLivepatch()
	if !skip && r.Problem == nil && !r.Module.Patch.Found {
		r.Problem = &lint.Error{Path: r.Path, Message: "no livepatch tables: " + r.Module.Patch.Reason}
	}
	return skip
}

// sayProblem tells on stderr what could not be read.
func (a *app) sayProblem(p *lint.Error) {
	fmt.Fprintf(a.stderr, "klplint: %s\n", report.ProblemLine(*p))
}

// oneModule reads an argument that stands for one livepatch: a file, or a
// package with one module in it.
func (a *app) oneModule(ctx context.Context, arg string, o elfread.Options) (*klp.Module, error) {
	modules, err := a.modules(ctx, []string{arg}, input.Options{Stdin: a.stdin}, o, nil)
	if err != nil {
		return nil, err
	}
	var all []readModule
	for r := range modules {
		all = append(all, r)
	}
	if len(all) != 1 {
		return nil, uncheckedErrorf("%s: %d modules, want one", arg, len(all))
	}
	r := &all[0]
	r.Named = true
	if r.wantTables(); r.Problem != nil {
		return nil, uncheckedErrorf("%s", report.ProblemLine(*r.Problem))
	}
	return r.Module, nil
}

// noLivepatch is what a command says that found only other files.
func noLivepatch(skipped int) string {
	files := "files"
	if skipped == 1 {
		files = "file"
	}
	return fmt.Sprintf("no livepatch found: %d other %s skipped", skipped, files)
}
