package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/gate"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/lint"
)

// judgeFlags are for commands that judge what the registry has, under the policy
// of a gate: its configuration, custom rules and waivers among it.
type judgeFlags struct{ flags settings.Flags }

func (f *judgeFlags) register(fs *pflag.FlagSet) {
	f.flags.AddPolicy(fs)
	f.flags.AddRequire(fs)
}

// config reads the policy. The configuration may name the registry too.
func (f *judgeFlags) config(a *app, fs *pflag.FlagSet, r *registryFlags) (lint.Config, policy.Policy, error) {
	s, err := a.resolve(fs, &f.flags)
	if err != nil {
		return lint.Config{}, policy.Policy{}, err
	}
	r.configured = false // read now
	return lint.Config{Rules: s.Rules, Enable: s.Enable, Disable: s.Disable, Set: s.SetOptions()}, s.Policy, nil
}

func (a *app) sayFinding(f *finding.Finding) {
	fmt.Fprintln(a.stdout, report.Escape(fmt.Sprintf("%s: %s: %s [%s]", f.Module, f.Severity, f.Message, f.Rule)))
}

// sayUnchecked says what could not be judged, and what --require asked for in vain.
func (a *app) sayUnchecked(v *policy.Verdict) {
	for _, p := range v.Errors {
		fmt.Fprintf(a.stderr, "klplint: %s\n", report.ProblemLine(p))
	}
	for i := range v.Unmet {
		a.errorf("%s", v.Unmet[i].String())
	}
}

// sayUnread says that rules over one module did not judge, which no verdict over what the
// registry has may hide.
func (a *app) sayUnread(v *policy.Verdict) {
	if n := gate.Unread(v); n > 0 && !a.common.quiet {
		a.errorf("%s over one module not run: that needs its file, see klplint gate", counted(n, "rule"))
	}
}

func newRegistryCheck(a *app, f *registryFlags) *cobra.Command {
	var judge judgeFlags
	cmd := &cobra.Command{
		Use:   "check [flags]",
		Short: "Judge the active modules of each kernel as they stand",
		Long: `Check gives the active modules of each kernel to the rules over several modules:
each against those that became active before it, as gate would have. What was retired
and came back counts from the revision of its return. It is for after registry add,
registry import, another configuration and a newer klplint. Rules over
one module need its file and are not run, which is said (--require makes it an error); the
configuration's rules, waivers and severities, custom rules over pairs among them,
hold as for gate.

Exit code: 0 no conflict; 1 conflicts; 2 something could not be checked; 3 wrong usage.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, p, err := judge.config(a, cmd.Flags(), f)
			if err != nil {
				return err
			}
			var v *policy.Verdict
			n, revision := 0, int64(0)
			err = f.read(cmd.Context(), a, func(tx *registry.Tx) error {
				var err error
				v, n, err = gate.Check(tx, l, p)
				revision = tx.Revision
				return err
			})
			if err != nil {
				return err
			}
			conflicts := 0
			for i := range v.Findings {
				x := &v.Findings[i]
				if x.Accepted() {
					continue
				}
				fails := p.FailOn != 0 && x.Severity >= p.FailOn
				if fails {
					conflicts++
				}
				if fails || x.Severity >= finding.Warning {
					a.sayFinding(&x.Finding)
				}
			}
			a.sayUnchecked(v)
			if !a.common.quiet {
				a.errorf("%s, %s; revision %d", counted(n, "active module"), counted(conflicts, "conflict"), revision)
			}
			a.sayUnread(v)
			if v.ExitCode != exitcode.OK {
				return &exitError{code: v.ExitCode}
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
		Long: `Activate makes retired modules active again. They are judged against the active
modules by the rules over several modules and under the configuration, as gate would
have, and all of them become active, or none. Rules over one module need its file and
are not run. A candidate, which no gate has admitted, is refused for that: give its file
to klplint gate, or say --fail-on never. It takes modules by ` + whichHelp + `

Exit code: 0 active; 1 conflicts, or no such module; 2 something could not be
checked; 3 wrong usage.`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: f.complete(a),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, p, err := judge.config(a, cmd.Flags(), f)
			if err != nil {
				return err
			}
			words, err := moduleWords(args)
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
				if entries, err = which(tx, filter, words); err != nil {
					return err
				}
				v, err = gate.Activate(tx, l, p, entries, registry.Change{By: record.who(a), At: now()})
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

// sayRefused says why entries did not become active, and what follows.
func (a *app) sayRefused(v *policy.Verdict, outcome string) error {
	for i := range v.Findings {
		if x := &v.Findings[i]; !x.Accepted() {
			a.sayFinding(&x.Finding)
		}
	}
	a.sayUnchecked(v)
	a.sayUnread(v)
	return &exitError{v.ExitCode, errors.New(outcome)}
}

func (a *app) sayActivated(v *policy.Verdict, entries []*registry.Entry) error {
	if v.ExitCode != exitcode.OK {
		return a.sayRefused(v, "nothing was activated")
	}
	for _, e := range entries {
		if !a.common.quiet {
			a.errorf("active: %s", e.Path())
		}
	}
	a.sayUnread(v)
	return nil
}

func registerBy(fs *pflag.FlagSet, f *recordFlags) {
	fs.StringVar(&f.by, "by", "", "record this `NAME` as who does it (default: the user and the host)")
}

// counted is "1 conflict", "2 conflicts".
func counted(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}
