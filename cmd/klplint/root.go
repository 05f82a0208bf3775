package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/klplint/klplint/internal/report"
)

// newRootCommand builds the whole command line. The root itself is lint.
func newRootCommand(a *app) *cobra.Command {
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
	root.PersistentPreRun = func(*cobra.Command, []string) { a.running = true }
	a.common.register(root.PersistentFlags())
	for flag, words := range map[string][]string{
		"format": {"text", "table", "json"},
		"color":  {"auto", "always", "never"},
	} {
		complete := cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
		if err := root.RegisterFlagCompletionFunc(flag, complete); err != nil {
			panic(err) // the flag does not exist
		}
	}

	root.AddCommand(
		newLintCommand(a),
		newDumpCommand(a),
		newTraceCommand(a),
		newDiffCommand(a),
		newMatrixCommand(a),
		newKernelCommand(a),
		newRulesCommand(a),
		newExplainCommand(a),
		newConfigCommand(a),
		newHookCommand(a),
		newRegistryCommand(a),
		newGateCommand(a),
		newVersionCommand(a),
	)
	return root
}

const pathHelp = `A PATH is a file, a folder (walked for .ko, .ko.gz, .ko.xz and .ko.zst), a
pattern, @FILE for a list of paths in FILE, or - for such a list on stdin. A
.rpm, .deb or .tar that is named stands for the modules in it; PACKAGE!/PATH is
one of them.`

const exitHelp = `Exit code: 0 nothing at or above --fail-on; 1 findings; 2 something could not
be checked or written; 3 wrong usage.`

// flagError turns an error of the flag parser into a usage error, with a
// suggestion for a flag that does not exist.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		if near := nearest("--"+unknown.GetSpecifiedName(), names); near != "" {
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
