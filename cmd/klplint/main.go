// Command klplint reads finished Linux livepatch modules and says what each
// one patches, what it replaces, and what a kernel will answer when it is
// loaded. See README.md; `klplint help` lists the subcommands.
//
// The command holds no knowledge of livepatches: flags in, exit code out. One
// subcommand a file; what several share (flags.go, output.go, exit.go) is in
// small structs that a subcommand embeds.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
)

func main() {
	os.Exit(realMain())
}

func realMain() int {
	// A closed pipe is an error of the write, with its own exit code.
	signal.Ignore(syscall.SIGPIPE)

	a := newApp(os.Stdin, os.Stdout, os.Stderr)
	stop := a.exitOnSignal(os.Exit)
	defer stop()
	return run(context.Background(), a, os.Args[1:])
}

// run is the whole program but for the process around it.
func run(ctx context.Context, a *app, args []string) int {
	root := newRootCommand(a, args...)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	return a.exit(cmd, err)
}

// app is what every subcommand shares: the streams, and the flags that all of
// them take.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	root           string // of this machine's files: "/", but for tests

	common commonFlags
	writes []written // files that flags of a command's own name
	temps  tempFiles
	// version is asked for by a flag, where others have it.
	version bool
	// running is set when a subcommand's own work starts. An error before that
	// is wrong usage.
	running bool
}

func newApp(stdin io.Reader, stdout, stderr io.Writer) *app {
	return &app{stdin: stdin, stdout: stdout, stderr: stderr, getenv: os.Getenv, root: "/"}
}

// exitOnSignal ends the process at once on SIGINT and SIGTERM, with the exit
// code of a shell's child that died of the signal. A half-written report is
// removed. It returns a function that undoes it.
func (a *app) exitOnSignal(exit func(int)) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		s, ok := <-signals
		if !ok {
			return
		}
		a.temps.removeAll()
		if n, ok := s.(syscall.Signal); ok {
			exit(exitcode.Signal + int(n))
		}
		exit(exitcode.Unchecked)
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
	}
}
