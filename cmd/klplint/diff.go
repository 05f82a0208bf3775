package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/diff"
	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/replace"
)

// diffCommand is diff's own part of the command line.
type diffCommand struct {
	*app
	kernel kernelFlags
	models modelFlags
	failOn failOnFlag
}

func newDiffCommand(a *app) *cobra.Command {
	c := &diffCommand{app: a}
	cmd := &cobra.Command{
		Use:   "diff [flags] OLD NEW",
		Short: "Show what a newer livepatch patches anew, again and no longer",
		Long: `Diff compares two livepatch modules: funcs, objects, callbacks, states, what they
replace, livepatch relocations, toolchain and kernel. It says what a kernel does
when NEW is loaded over OLD, and whether going back from NEW to OLD would be
refused. Replacements of one func are told apart by size alone.

What is lost (funcs, objects, states or their versions) and a refused load of NEW
are errors; lost callbacks, a changed field and a refused way back are warnings.

Exit code: 0 nothing at or above --fail-on; 1 something is; 2 a module could not be
read; 3 wrong usage.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error { return c.run(args) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	c.failOn.register(fs)
	c.kernel.register(fs)
	c.models.register(fs)
	return cmd
}

func (c *diffCommand) run(args []string) error {
	if len(args) != 2 {
		return usageErrorf("want two modules, not %d: klplint diff [flags] OLD NEW", len(args))
	}
	models, sympos01, err := c.models.chosen()
	if err != nil {
		return err
	}
	t, err := c.targets(&c.kernel)
	if err != nil {
		return err
	}
	o := elfread.Options{Layout: t.layout(), ReplaceField: c.kernel.field()}
	var sides [2]*klp.Module
	for i, path := range args {
		f, err := c.oneFile(path)
		if err != nil {
			return err
		}
		m, err := readFile(elfread.NewReader(o), f)
		if err != nil {
			return uncheckedErrorf("%w", err)
		}
		path = f.Path
		if !m.IsLivepatch() {
			return uncheckedErrorf("%s: %s: no livepatch", path, m.Kind)
		}
		if !m.Patch.Found {
			return uncheckedErrorf("%s: no livepatch tables: %s", path, m.Patch.Reason)
		}
		sides[i] = m
	}
	d := diff.Compare(sides[0], sides[1])
	env := replace.Env{ZeroSpecial: c.models.zeroSpecial, Behaviour: kernel.BehaviourOf(d.New.Vermagic.Release), Target: t.target(d.New)}
	if env.Target != nil {
		env.Behaviour = env.Target.Behaviour()
	}
	if sympos01 {
		env.Behaviour.Sympos01 = klp.Yes
	}
	d.Judge(models, env)
	err = c.render([]string{"text", "table", "json", "markdown"}, func(format string, w io.Writer, o report.Options) error {
		switch format {
		case "json":
			return report.DiffJSON(w, d)
		case "markdown":
			return report.DiffMarkdown(w, d)
		case "table":
			return report.DiffTable(w, o, d)
		}
		return report.DiffText(w, d)
	})
	if err != nil {
		return err
	}
	if c.failOn.severity != 0 && diff.Worst(d.Items()) >= c.failOn.severity {
		return &exitError{code: exitcode.Findings}
	}
	return nil
}

// chosen reads --model and --assume-fix: nil models where the modules' own
// field decides.
func (f *modelFlags) chosen() (models []replace.Model, sympos01 bool, err error) {
	for _, fix := range f.assumeFix {
		if fix != "sympos01" {
			return nil, false, usageErrorf("--assume-fix %s: the fix that can be assumed is sympos01", fix)
		}
		sympos01 = true
	}
	if f.model == "" {
		return nil, sympos01, nil
	}
	m, err := replace.ByName(f.model)
	if err != nil {
		return nil, false, usageErrorf("--model: %w", err)
	}
	return []replace.Model{m}, sympos01, nil
}
