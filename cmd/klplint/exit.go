package main

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
)

// exitError carries an exit code out of a subcommand. A subcommand returns nil
// for exitcode.OK, &exitError{code: exitcode.Findings} when the report has said all, and
// usageErrorf or uncheckedErrorf where there is something to say on stderr.
// A plain error counts as exitcode.Unchecked.
type exitError struct {
	code int
	err  error // printed to stderr; nil when the report has said it
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageErrorf is for what the user has to change in the command line or the
// configuration: exit code 3.
func usageErrorf(format string, args ...any) error {
	return &exitError{exitcode.Usage, fmt.Errorf(format, args...)}
}

// uncheckedErrorf is for what could not be checked or written: exit code 2.
func uncheckedErrorf(format string, args ...any) error {
	return &exitError{exitcode.Unchecked, fmt.Errorf(format, args...)}
}

// exit prints what cmd's error has to say and returns the exit code.
func (a *app) exit(cmd *cobra.Command, err error) int {
	a.temps.removeAll()
	if err == nil {
		return exitcode.OK
	}
	code := exitcode.Usage // from cobra: unknown flag, wrong arguments
	if a.running {
		code = exitcode.Unchecked
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		if e.err == nil {
			return e.code
		}
		code = e.code
	}
	if errors.Is(err, syscall.EPIPE) {
		return exitcode.Unchecked // the reader of stdout went away and knows it
	}
	a.errorf("%v", err)
	if code == exitcode.Usage {
		fmt.Fprintf(a.stderr, "Try '%s --help'.\n", cmd.CommandPath())
	}
	return code
}
