package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/gate"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/moduleset"
	"github.com/klplint/klplint/replace"
)

// judgeFlags are for commands that judge what the registry has.
type judgeFlags struct {
	model string
	zero  bool
}

func (f *judgeFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.model, "model", "", "the replace `MODEL` (default: the modules' own fields decide)")
	fs.BoolVar(&f.zero, "zero-special", false, "set 0 is replaced by a patch of set 0 only")
}

func (f *judgeFlags) config() (lint.Config, error) {
	if f.model != "" {
		if _, err := replace.ByName(f.model); err != nil {
			return lint.Config{}, usageErrorf("--model: %w", err)
		}
	}
	return lint.Config{Set: moduleset.Options{Model: f.model, ZeroSpecial: f.zero}}, nil
}

func (a *app) sayFinding(f *finding.Finding) {
	fmt.Fprintln(a.stdout, report.Escape(fmt.Sprintf("%s: %s: %s [%s]", f.Module, f.Severity, f.Message, f.Rule)))
}

func newRegistryCheck(a *app, f *registryFlags) *cobra.Command {
	var judge judgeFlags
	cmd := &cobra.Command{
		Use:   "check [flags]",
		Short: "Judge the active modules of each kernel as they stand",
		Long: `Check gives the active modules of each kernel to the rules over several modules:
each against those that were recorded before it, as gate would have. It is for after
registry add, registry import and a newer klplint. Rules over one module need the
file, and are not part of it.

Exit code: 0 no conflict; 1 conflicts; 2 something could not be checked; 3 wrong usage.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := judge.config()
			if err != nil {
				return err
			}
			var result *lint.Result
			n, revision := 0, int64(0)
			err = f.read(cmd.Context(), a, func(tx *registry.Tx) error {
				var err error
				result, n, err = gate.Check(tx, l)
				revision = tx.Revision
				return err
			})
			if err != nil {
				return err
			}
			code, conflicts := exitcode.OK, 0
			for i := range result.Findings {
				x := &result.Findings[i]
				if x.Severity < finding.Warning {
					continue
				}
				a.sayFinding(x)
				if x.Severity == finding.Error || x.Undecided {
					conflicts++
					code = exitcode.Findings
				}
			}
			for _, p := range result.Errors {
				fmt.Fprintf(a.stderr, "klplint: %s\n", report.ProblemLine(p))
				code = exitcode.Unchecked
			}
			if !a.common.quiet {
				a.errorf("%d active modules, %d conflicts; revision %d", n, conflicts, revision)
			}
			if code != exitcode.OK {
				return &exitError{code: code}
			}
			return nil
		},
	}
	judge.register(cmd.Flags())
	return cmd
}

func newRegistryActivate(a *app, f *registryFlags) *cobra.Command {
	var choose filterFlags
	var record recordFlags
	var judge judgeFlags
	cmd := &cobra.Command{
		Use:   "activate [flags] MODULE...",
		Short: "Make modules active again, when they conflict with nothing that is",
		Long: `Activate is the way back from retired: the modules are judged beside what is active
by the rules over several modules, and all of them become active, or none. It takes
modules by ` + whichHelp + `

Exit code: 0 active; 1 conflicts, or no such module; 2 something could not be
checked; 3 wrong usage.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := judge.config()
			if err != nil {
				return err
			}
			filter, err := choose.filter()
			if err != nil {
				return err
			}
			var v *policy.Verdict
			var entries []*registry.Entry
			err = f.write(cmd.Context(), a, toWrite, func(tx *registry.Tx) error {
				var err error
				if entries, err = which(tx, filter, args); err != nil {
					return err
				}
				v, err = gate.Activate(tx, l, entries, registry.Change{By: record.who(a), At: now()})
				return err
			})
			if err != nil {
				return err
			}
			return a.sayActivated(v, entries)
		},
	}
	choose.register(cmd)
	registerBy(cmd.Flags(), &record)
	judge.register(cmd.Flags())
	return cmd
}

func (a *app) sayActivated(v *policy.Verdict, entries []*registry.Entry) error {
	if v.ExitCode != exitcode.OK {
		for i := range v.Findings {
			a.sayFinding(&v.Findings[i].Finding)
		}
		for _, p := range v.Errors {
			fmt.Fprintf(a.stderr, "klplint: %s\n", report.ProblemLine(p))
		}
		return &exitError{v.ExitCode, fmt.Errorf("nothing was activated")}
	}
	for _, e := range entries {
		if !a.common.quiet {
			a.errorf("active: %s", e.Path())
		}
	}
	return nil
}

func registerBy(fs *pflag.FlagSet, f *recordFlags) {
	fs.StringVar(&f.by, "by", "", "record this `NAME` as who does it (default: the user and the host)")
}
