package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/lint"
)

// dumpCommand is dump's own part of the command line.
type dumpCommand struct {
	*app
	flags settings.Flags
}

func newDumpCommand(a *app) *cobra.Command {
	c := &dumpCommand{app: a}
	cmd := &cobra.Command{
		Use:   "dump [flags] PATH...",
		Short: "Show what each module patches and replaces",
		Long: `Dump shows what each module patches, what it replaces and how that is known,
its callbacks, states and livepatch relocations. It runs no rules.

` + pathHelp + `

Exit code: 0 everything was read; 2 something could not be read; 3 wrong usage.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	c.flags.AddKernel(fs)
	c.flags.AddInputs(fs)
	return cmd
}

func (c *dumpCommand) run(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageErrorf("no module given: klplint dump [flags] PATH...")
	}
	s, err := c.resolve(cmd.Flags(), &c.flags)
	if err != nil {
		return err
	}
	outs, err := c.outputs(report.DumpFormats().Names()...)
	if err != nil {
		return err
	}
	t, err := c.targets(&s.Kernel)
	if err != nil {
		c.discardOutputs(outs)
		return err
	}
	d := dump{app: c.app}
	if d.dumpers, err = dumpers(outs); err != nil {
		c.discardOutputs(outs)
		return err
	}
	o := readOptions(s, t.layout())
	o.SHA256 = hashed(outs)
	modules, err := c.modules(cmd.Context(), args, s.Inputs, o, nil)
	if err != nil {
		c.discardOutputs(outs)
		return err
	}
	for r := range modules {
		d.file(&r)
	}
	if d.total.Modules+d.total.Others+d.total.Problems == 0 && !s.Inputs.AllowEmpty {
		d.problem(&lint.Error{Path: args[0], Message: noLivepatch(d.total.Skipped)})
	}
	for _, p := range d.dumpers {
		_ = p.Close(d.total) // a write error is kept by the output
	}
	if err := c.closeOutputs(outs); err != nil {
		return err
	}
	inTable := slices.ContainsFunc(outs, func(o *output) bool { return o.format == "table" && o.file == nil })
	if !inTable && !c.common.quiet {
		c.errorf("%s", d.total)
	}
	if d.total.Problems > 0 {
		return &exitError{code: exitcode.Unchecked}
	}
	return nil
}

func dumpers(outs []*output) ([]report.Dumper, error) {
	list := make([]report.Dumper, len(outs))
	for i, o := range outs {
		begin, err := report.DumpFormats().Named(o.format)
		if err != nil {
			return nil, err
		}
		list[i] = begin(o, o.options)
	}
	return list, nil
}

// dump is one run: modules are written in the order of the arguments as soon
// as they are read, so that memory does not grow with their number.
type dump struct {
	*app
	dumpers []report.Dumper
	total   report.DumpTotal
}

// file writes one outcome.
func (d *dump) file(r *readModule) {
	switch {
	case r.Problem != nil:
		d.problem(r.Problem)
		return
	case !r.Module.IsLivepatch() && !r.Named:
		d.total.Skipped++
		return
	}
	d.total.Count(r.Module)
	for _, p := range d.dumpers {
		_ = p.Module(r.Module) // a write error is kept by the output
	}
}

// problem tells of a file that could not be read, on stderr and in the
// reports that have a place for it.
func (d *dump) problem(p *lint.Error) {
	d.total.Problems++
	d.sayProblem(p)
	for _, dumper := range d.dumpers {
		_ = dumper.Problem(*p) // a write error is kept by the output
	}
}
