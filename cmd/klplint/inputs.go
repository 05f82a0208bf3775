package main

import (
	"github.com/klplint/klplint/cmd/klplint/internal/input"
	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// expand turns arguments into the files to read. What cannot be used is
// returned beside them.
func (a *app) expand(args []string, f *inputFlags) ([]input.File, []lint.Error) {
	files, errs := input.Expand(args, input.Options{Stdin: a.stdin, NUL: f.nul, AllowEmpty: f.allowEmpty})
	var problems []lint.Error
	for _, e := range errs {
		problems = append(problems, lint.Error{Path: e.Path, Message: e.Err.Error()})
	}
	return files, problems
}

// sources makes the files the driver's input.
func sources(files []input.File) []lint.Source {
	out := make([]lint.Source, len(files))
	for i, f := range files {
		out[i] = lint.Source{Path: f.Path, Named: f.Named, Content: f.Content, Size: f.Size}
	}
	return out
}

// oneFile is for arguments that stand for one module each: a file, or a package
// with one module in it.
func (a *app) oneFile(arg string) (*input.File, error) {
	files, errs := input.Expand([]string{arg}, input.Options{})
	switch {
	case len(errs) > 0:
		return nil, uncheckedErrorf("%w", &errs[0])
	case len(files) != 1:
		return nil, uncheckedErrorf("%s: %d modules, want one", arg, len(files))
	}
	return &files[0], nil
}

// readFile reads one module, which may stand in a package.
func readFile(r *elfread.Reader, f *input.File) (*klp.Module, error) {
	if f.Content != nil {
		return r.Read(f.Content, f.Size, f.Path)
	}
	return r.Open(f.Path)
}
