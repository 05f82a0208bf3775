package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/config"
	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/internal/yamldoc"
)

// resolve works out what holds for a command. A mistake in a configuration is
// shown with its place and the line.
func (a *app) resolve(fs *pflag.FlagSet, f *settings.Flags) (*settings.Settings, error) {
	s, err := settings.Resolve(fs, f, a.getenv)
	if err != nil {
		return nil, a.usageAt(err)
	}
	if s.Found && s.File != config.Name && !a.common.quiet {
		a.errorf("using %s (--config none forbids it)", s.File)
	}
	if s.WriteKnown != "" {
		a.writes = append(a.writes, written{flag: "--write-known", path: s.WriteKnown, over: s.Known})
	}
	if err := a.guard(s.Files...); err != nil {
		return nil, err
	}
	s.Inputs.Stdin = a.stdin
	return s, nil
}

// usageAt makes a usage error of an error that may have a place in a file.
func (a *app) usageAt(err error) error {
	e, ok := errors.AsType[*yamldoc.Error](err)
	if !ok {
		return usageErrorf("%w", err)
	}
	a.errorf("%v", e)
	if e.Excerpt != "" {
		for line := range strings.Lines(e.Excerpt) {
			fmt.Fprintln(a.stderr, report.Escape(strings.TrimSuffix(line, "\n")))
		}
	}
	return &exitError{code: exitcode.Usage}
}
