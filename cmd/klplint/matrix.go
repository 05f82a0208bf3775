package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/matrix"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/klp"
)

// matrixCommand is matrix's own part of the command line.
type matrixCommand struct {
	*app
	inputs  inputFlags
	kernel  kernelFlags
	failOn  failOnFlag
	groupBy string
}

func newMatrixCommand(a *app) *cobra.Command {
	c := &matrixCommand{app: a}
	cmd := &cobra.Command{
		Use:   "matrix [flags] PATH...",
		Short: "Show which func which patch covers on which kernel",
		Long: `Matrix lays the builds of each patch for several kernels and architectures side by
side. A func that one build patches and another does not (inlined, or gone) is an
error, as are states and replace fields that differ; a kernel without a build is a
warning; a func that the compiler renamed (.isra, .constprop, .part) is information.

Modules belong to one patch when their names are equal but for the kernel release
and version numbers. --group-by says otherwise: stem, the default; build, without
the release alone; name; or re:PATTERN, a regular expression whose first group, or
whose match, names the patch.

` + pathHelp + `

Exit code: 0 nothing at or above --fail-on; 1 differences; 2 a module could not be
read; 3 wrong usage.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error { return c.run(args) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&c.groupBy, "group-by", "stem", "what makes a patch: stem, build, name or re:`PATTERN`")
	c.failOn.register(fs)
	c.kernel.register(fs)
	c.inputs.register(fs)
	return cmd
}

func (c *matrixCommand) run(args []string) error {
	if len(args) == 0 {
		return usageErrorf("no module given: klplint matrix [flags] PATH...")
	}
	group, err := c.grouper()
	if err != nil {
		return err
	}
	t, err := c.targets(&c.kernel)
	if err != nil {
		return err
	}
	modules, failed := c.read(args, elfread.Options{Layout: t.layout(), ReplaceField: c.kernel.field()})
	m := matrix.New(modules, group)
	err = c.render([]string{"text", "table", "json", "markdown"}, func(format string, w io.Writer, o report.Options) error {
		switch format {
		case "json":
			return report.MatrixJSON(w, m)
		case "markdown":
			return report.MatrixMarkdown(w, m)
		case "table":
			return report.MatrixTable(w, o, m)
		}
		return report.MatrixText(w, m)
	})
	switch {
	case err != nil:
		return err
	case failed > 0:
		return uncheckedErrorf("%d of the inputs could not be read", failed)
	case len(modules) == 0 && !c.inputs.allowEmpty:
		return uncheckedErrorf("no livepatch found")
	case c.failOn.severity != 0 && worstDifference(m) >= c.failOn.severity:
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

// read reads the livepatches among the inputs, and counts what could not be
// read. Other files that were met in a folder are passed over.
func (c *matrixCommand) read(args []string, o elfread.Options) (modules []*klp.Module, failed int) {
	files, problems := c.expand(args, &c.inputs)
	for _, p := range problems {
		fmt.Fprintf(c.stderr, "klplint: %s\n", report.ProblemLine(p))
	}
	failed = len(problems)
	r := elfread.NewReader(o)
	for _, f := range files {
		m, err := readFile(r, &f)
		switch {
		case err != nil:
			failed++
			c.errorf("%v", err)
		case !m.IsLivepatch():
			if f.Named {
				failed++
				c.errorf("%s: %s: no livepatch", f.Path, m.Kind)
			}
		case !m.Patch.Found:
			failed++
			c.errorf("%s: no livepatch tables: %s", f.Path, m.Patch.Reason)
		default:
			modules = append(modules, m)
		}
	}
	return modules, failed
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
