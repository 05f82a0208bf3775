package main

import (
	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/diff"
	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/klp"
)

// diffCommand is diff's own part of the command line.
type diffCommand struct {
	*app
	flags settings.Flags
}

func newDiffCommand(a *app) *cobra.Command {
	c := &diffCommand{app: a}
	cmd := &cobra.Command{
		Use:   "diff [flags] OLD NEW",
		Short: "Show which funcs a newer livepatch adds, still patches and drops",
		Long: `Diff compares two livepatch modules: funcs, objects, callbacks, states, what they
replace, livepatch relocations, toolchain and kernel. It says what a kernel does
when NEW is loaded over OLD, and whether going back from NEW to OLD would be
refused. Replacements of a func are compared by size alone.

What is lost (funcs, objects, states or their versions) and a refused load of NEW
are errors; lost callbacks, a changed field and a refused way back are warnings.

Exit code: 0 nothing at or above --fail-on; 1 something is; 2 a module could not be
read; 3 wrong usage.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	c.flags.AddFailOn(fs)
	c.flags.AddKernel(fs)
	c.flags.AddModel(fs, false)
	return cmd
}

func (c *diffCommand) run(cmd *cobra.Command, args []string) error {
	if len(args) != 2 {
		return usageErrorf("expected two modules, got %d: klplint diff [flags] OLD NEW", len(args))
	}
	s, err := c.resolve(cmd.Flags(), &c.flags)
	if err != nil {
		return err
	}
	if _, err := c.choose(report.DiffFormats().Names()...); err != nil {
		return err
	}
	t, err := c.targets(&s.Kernel)
	if err != nil {
		return err
	}
	var sides []*klp.Module
	for _, arg := range args {
		m, err := c.oneModule(cmd.Context(), arg, readOptions(s, t.layout()))
		if err != nil {
			return err
		}
		sides = append(sides, m)
	}
	for _, m := range sides {
		klp.FindAliases(m, t.target(m))
	}
	d := diff.Compare(sides[0], sides[1])
	d.Judge(s.Model.Models, s.Model.Env(d.New.Vermagic.Release, t.target(d.New)))
	d.Version = buildVersion().Version
	err = render(c.app, report.DiffFormats(), d)
	if err == nil && !c.common.quiet {
		c.errorf("%s", report.DiffSummary(d))
	}
	if err != nil {
		return err
	}
	if s.FailOn != 0 && diff.Worst(d.Items()) >= s.FailOn {
		return &exitError{code: exitcode.Findings}
	}
	return nil
}
