package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/suggest"
)

// subcommand is one of those of klplint.
type subcommand struct {
	name string
	make func(*app) *cobra.Command
}

// subcommands returns them in the order of the help.
func subcommands() []subcommand {
	return []subcommand{
		{"lint", newLintCommand},
		{"dump", newDumpCommand},
		{"trace", newTraceCommand},
		{"diff", newDiffCommand},
		{"matrix", newMatrixCommand},
		{"kernel", newKernelCommand},
		{"rules", newRulesCommand},
		{"explain", newExplainCommand},
		{"config", newConfigCommand},
		{"hook", newHookCommand},
		{"registry", newRegistryCommand},
		{"gate", newGateCommand},
		{"version", newVersionCommand},
	}
}

// needed returns which subcommands the arguments can mean: those that they
// name, and all of them where the whole command line is to be described.
func needed(args []string) func(name string) bool {
	all := len(args) == 0
	for _, arg := range args {
		switch {
		case arg == "help", arg == "completion", strings.HasPrefix(arg, "__complete"), arg == "--help",
			strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && strings.Contains(arg, "h"):
			all = true
		}
	}
	return func(name string) bool { return all || slices.Contains(args, name) }
}

// newRootCommand builds the command line. The root itself is lint. Of the
// subcommands it makes those that args can mean, which is a good part of what
// a run over one module takes; without args it makes all.
func newRootCommand(a *app, args ...string) *cobra.Command {
	root := newLintCommand(a)
	root.Use = "klplint [flags] PATH..."
	root.Short = "Check finished Linux livepatch modules before they are signed"
	root.Long = `klplint reads finished Linux livepatch modules (.ko) and says what each one
patches, what it replaces, and what the kernel will do when it is loaded.

Without a subcommand klplint lints. A file or folder that has the name of a
subcommand is written with its folder: ./dump.

` + pathHelp + `

` + exitHelp
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.CompletionOptions.HiddenDefaultCmd = false
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(flagError)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if f := cmd.Flags().Lookup("jobs"); f.Changed && a.common.jobs < 1 {
			return usageErrorf("--jobs %d: want 1 or more", a.common.jobs)
		}
		if err := emptyFlag(cmd.Flags()); err != nil {
			return err
		}
		a.running = true
		return nil
	}
	a.common.register(root.PersistentFlags())
	root.Flags().BoolVarP(&a.version, "version", "V", false, "print the version")
	root.SetHelpCommand(newHelpCommand(a))
	wanted := needed(args)
	for _, sub := range subcommands() {
		if wanted(sub.name) {
			root.AddCommand(sub.make(a))
		}
	}
	if wanted("") {
		root.InitDefaultCompletionCmd(args...)
		for _, cmd := range root.Commands() {
			if cmd.Name() == "completion" {
				group(a, cmd)
			}
		}
		setExamples(root)
	}
	if len(args) > 0 && strings.HasPrefix(args[0], "__complete") {
		a.complete(root)
	}
	return root
}

const pathHelp = `A PATH is a file, a directory (walked for .ko, .ko.gz, .ko.xz and .ko.zst), a
pattern, @FILE for a list of paths in FILE, or - for such a list, or a module, on
stdin. A .rpm, .deb, .tar, .zip, .cpio or initramfs image that is named stands for
the modules in it; PACKAGE!/PATH is one of them.`

const exitHelp = `Exit code: 0 nothing at or above --fail-on; 1 findings; 2 something could not
be checked or written; 3 wrong usage.`

// flagError turns an error of the flag parser into a usage error, with a
// suggestion for a flag that does not exist.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		if cmd.Name() == "kernel" && unknown.GetSpecifiedName() == "kernel" {
			return usageErrorf("the kernel is given without a flag: klplint kernel PATH|RELEASE")
		}
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		if near := suggest.Nearest("--"+unknown.GetSpecifiedName(), names); near != "" {
			return usageErrorf("%s; did you mean %s?", report.Escape(err.Error()), near)
		}
	}
	return usageErrorf("%s", report.Escape(err.Error()))
}

// errorf writes one line to stderr. What it is given may come from a file, so
// it is escaped as a whole.
func (a *app) errorf(format string, args ...any) {
	fmt.Fprintf(a.stderr, "klplint: %s\n", report.Escape(fmt.Sprintf(format, args...)))
}
