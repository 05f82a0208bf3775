package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/matrix"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// matrixCommand is matrix's own part of the command line.
type matrixCommand struct {
	*app
	flags   settings.Flags
	groupBy string
}

func newMatrixCommand(a *app) *cobra.Command {
	c := &matrixCommand{app: a}
	cmd := &cobra.Command{
		Use:   "matrix [flags] PATH...",
		Short: "Show which patch covers which func on which kernel",
		Long: `Matrix compares the builds of each patch for several kernels and architectures. A func that one build patches and another does not (inlined, or gone) is an
error, as are states and replace fields that differ; a kernel without a build is a
warning; a func that the compiler renamed (.isra, .constprop, .part) is information.

Modules belong to one patch when their names are equal except for the kernel release
and version numbers. --group-by changes that: stem, the default; build, without the
release only; name; or re:PATTERN, a regular expression whose first group, or
whose match, names the patch.

` + pathHelp + `

Exit code: 0 nothing at or above --fail-on; 1 differences; 2 a module could not be
read; 3 wrong usage.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&c.groupBy, "group-by", "stem", "what makes a patch: stem, build, name or re:`PATTERN`")
	c.flags.AddFailOn(fs)
	c.flags.AddKernel(fs)
	c.flags.AddInputs(fs)
	return cmd
}

func (c *matrixCommand) run(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageErrorf("no module given: klplint matrix [flags] PATH...")
	}
	group, err := c.grouper()
	if err != nil {
		return err
	}
	s, err := c.resolve(cmd.Flags(), &c.flags)
	if err != nil {
		return err
	}
	if _, err := c.choose(report.MatrixFormats().Names()...); err != nil {
		return err
	}
	t, err := c.targets(&s.Kernel)
	if err != nil {
		return err
	}
	all, err := c.modules(cmd.Context(), args, s.Inputs, readOptions(s, t.layout()), nil)
	if err != nil {
		return err
	}
	var modules []*klp.Module
	failed := 0
	for r := range all {
		switch {
		case r.wantTables():
		case r.Problem != nil:
			failed++
			c.sayProblem(r.Problem)
		default:
			klp.FindAliases(r.Module, t.target(r.Module))
			modules = append(modules, r.Module)
		}
	}
	m := matrix.New(modules, group)
	m.Version = buildVersion().Version
	err = render(c.app, report.MatrixFormats(), m)
	switch {
	case err != nil:
		return err
	case failed > 0:
		return uncheckedErrorf("%d of the inputs could not be read", failed)
	case len(modules) == 0 && !s.Inputs.AllowEmpty:
		return uncheckedErrorf("no livepatch found")
	case s.FailOn != 0 && worstDifference(m) >= s.FailOn:
		return &exitError{code: exitcode.Findings}
	}
	return nil
}

func (c *matrixCommand) grouper() (matrix.Grouper, error) {
	switch c.groupBy {
	case "stem":
		return nil, nil
	case "build":
		return matrix.ByBuild, nil
	case "name":
		return matrix.ByName, nil
	}
	pattern, ok := strings.CutPrefix(c.groupBy, "re:")
	if !ok {
		return nil, usageErrorf("--group-by %s: want stem, build, name or re:PATTERN", c.groupBy)
	}
	g, err := matrix.ByPattern(pattern)
	if err != nil {
		return nil, usageErrorf("--group-by: %w", err)
	}
	return g, nil
}

func worstDifference(m *matrix.Matrix) finding.Severity {
	var worst finding.Severity
	for i := range m.Rows {
		for _, d := range m.Rows[i].Differences {
			worst = max(worst, d.Severity)
		}
	}
	return worst
}
