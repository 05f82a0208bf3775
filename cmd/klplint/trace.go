package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/finding"
	"github.com/klplint/klplint/kernel"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/replace/plan"
)

// traceCommand is trace's own part of the command line.
type traceCommand struct {
	*app
	flags settings.Flags
	plan  string
}

func newTraceCommand(a *app) *cobra.Command {
	c := &traceCommand{app: a}
	cmd := &cobra.Command{
		Use:   "trace [flags] PATH... | --plan FILE",
		Short: "Load livepatches in this order and show what the kernel does at each step",
		Long: `Trace loads modules in the order given, or follows a plan, and shows for each
step what the kernel answers, what it replaces, what is active afterwards and whose
code runs. Ordinary modules are loaded as target modules. Nothing is loaded on this
machine.

The replace models are mainline, replace-set, supersedes, sets-positional and
sets-flat; --model all shows all of them and marks each step where they differ.
Without --model the modules' own field decides.

A plan is a YAML file, with modules that are described or named:

  modules:
    - {name: a, replace_sets: [1], funcs: [vmlinux:cmdline_proc_show]}
    - {name: b, file: build/b.ko}
  steps:
    - load: a
    - {load: b, override: [7]}
    - disable: b
    - unload: b

` + pathHelp + `

Exit code: 0 every step works, or --fail-on never; 1 a step is refused or brings
the kernel down; 2 something could not be read or judged; 3 wrong usage.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&c.plan, "plan", "", "follow the plan in `FILE`, - for stdin")
	c.flags.AddModel(fs, true)
	c.flags.AddFailOn(fs)
	c.flags.AddKernel(fs)
	c.flags.AddInputs(fs)
	return cmd
}

func (c *traceCommand) run(cmd *cobra.Command, args []string) error {
	switch {
	case c.plan == "" && len(args) == 0:
		return usageErrorf("no module given: klplint trace [flags] PATH... | --plan FILE")
	case c.plan != "" && len(args) > 0:
		return usageErrorf("modules together with --plan: name them in the plan, with file:")
	}
	s, err := c.resolve(cmd.Flags(), &c.flags)
	if err != nil {
		return err
	}
	if _, err := c.choose(report.TraceFormats().Names()...); err != nil {
		return err
	}
	targets, err := c.targets(&s.Kernel)
	if err != nil {
		return err
	}
	p, err := c.read(cmd.Context(), args, s, targets)
	if err != nil {
		return err
	}
	env, err := traceEnv(p, targets, &s.Model)
	if err != nil {
		return err
	}
	models := s.Model.Models
	if models == nil {
		if models, err = p.Models(); err != nil {
			return usageErrorf("%w", err)
		}
	}
	var traces []plan.Trace
	for _, m := range models {
		traces = append(traces, p.Run(m, env)...)
	}
	if err := c.write(traces); err != nil {
		return err
	}
	return traceVerdict(traces, s)
}

// read makes the plan: of the file that was given, or of modules in a row.
// A module that is given again is loaded again.
func (c *traceCommand) read(ctx context.Context, args []string, s *settings.Settings, t *targets) (*plan.Plan, error) {
	o := readOptions(s, t.layout())
	if c.plan != "" {
		if err := c.guard(c.plan); err != nil {
			return nil, err
		}
		return c.readPlan(o)
	}
	in := s.Inputs
	in.Repeats = true
	failed := 0
	var mods []*klp.Module
	modules, err := c.modules(ctx, args, in, o, nil)
	if err != nil {
		return nil, err
	}
	for r := range modules {
		if r.Problem == nil && r.Named && !r.Module.IsLivepatch() && r.Module.Kind != klp.KindModule {
			r.Problem = &lint.Error{Path: r.Path, Message: fmt.Sprintf("not a kernel module: %s", r.Module.Kind)}
		}
		switch {
		case r.Problem != nil:
			failed++
			c.sayProblem(r.Problem)
		case r.Module.IsLivepatch() || r.Named:
			mods = append(mods, r.Module)
		}
	}
	switch {
	case failed > 0:
		return nil, uncheckedErrorf("a trace needs every module: %d could not be read", failed)
	case len(mods) == 0:
		return nil, uncheckedErrorf("no module found")
	}
	p, err := plan.FromModules(mods)
	if err != nil {
		return nil, usageErrorf("%w", err)
	}
	for _, m := range p.Modules {
		if m.Kind == plan.KindTarget {
			m.Symbols = kernel.OneModule(m.File, m.Name)
		}
	}
	return p, nil
}

func (c *traceCommand) readPlan(o elfread.Options) (*plan.Plan, error) {
	data, err := readLimited(c.stdin, c.plan, plan.MaxSize)
	if err != nil {
		return nil, uncheckedErrorf("plan: %w", err)
	}
	p, err := plan.Parse(data)
	if err != nil {
		return nil, c.planError(err)
	}
	dir := filepath.Dir(c.plan)
	err = p.Resolve(func(file string) (*klp.Module, replace.Symbols, error) {
		if !filepath.IsAbs(file) && c.plan != "-" {
			file = filepath.Join(dir, file)
		}
		m, err := elfread.Open(file, o)
		if err != nil || m.IsLivepatch() {
			return m, nil, err
		}
		if m.Kind != klp.KindModule {
			return nil, nil, fmt.Errorf("%s: not a kernel module: %s", file, m.Kind)
		}
		return m, kernel.OneModule(file, replace.ModuleName(m)), nil
	})
	if err != nil {
		return nil, uncheckedErrorf("%s: %w", c.plan, err)
	}
	return p, nil
}

// planError shows the place of a mistake below the message.
func (c *traceCommand) planError(err error) error {
	e, ok := errors.AsType[*plan.Error](err)
	if !ok || e.Line == 0 {
		return usageErrorf("%s: %w", c.plan, err)
	}
	fmt.Fprintf(c.stderr, "klplint: %s:%d:%d: %s\n%s\n", report.Escape(c.plan), e.Line, e.Column, report.Escape(e.Message), e.Excerpt)
	return &exitError{code: exitcode.Usage}
}

// readLimited reads a file, or stdin for "-", and one byte more than the limit
// at most.
func readLimited(stdin io.Reader, name string, limit int64) ([]byte, error) {
	r := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // only read
		r = f
	}
	return io.ReadAll(io.LimitReader(r, limit+1))
}

// traceEnv finds the kernel that the modules are loaded into: one for all of
// them. What a plan says of its kernel goes before what the modules say.
func traceEnv(p *plan.Plan, t *targets, model *settings.Model) (replace.Env, error) {
	var first *klp.Module
	for _, x := range p.Modules {
		m := x.Klp
		if m == nil || x.File == "" || m.Vermagic.Release == "" {
			continue
		}
		if first == nil {
			first = m
		}
		if m.Vermagic.Release != first.Vermagic.Release || m.Arch != first.Arch {
			return replace.Env{}, uncheckedErrorf("%s is for %s (%s), %s for %s (%s): a trace has one kernel",
				first.Path, first.Vermagic.Release, first.Arch, m.Path, m.Vermagic.Release, m.Arch)
		}
	}
	var env replace.Env
	switch {
	case first != nil && p.Kernel != "":
		env = model.Env(p.Kernel, nil)
		env.Target = t.target(first)
	case first != nil:
		env = model.Env(first.Vermagic.Release, t.target(first))
	case len(t.given) == 1:
		env = model.Env(p.Kernel, t.given[0])
	case len(t.given) > 1:
		return replace.Env{}, usageErrorf("--kernel names %d kernels, trace needs one", len(t.given))
	default:
		env = model.Env(p.Kernel, nil)
	}
	for _, x := range p.Modules {
		if x.Klp != nil {
			klp.FindAliases(x.Klp, env.Target)
		}
	}
	return env, nil
}

func (c *traceCommand) write(traces []plan.Trace) error {
	return render(c.app, report.TraceFormats(), &report.Trace{Traces: traces, Version: buildVersion().Version})
}

// traceVerdict is the exit code. A model that was asked for by name, or by the
// modules' own field, must be able to judge; of --model all one is enough. What
// is refused or crashes counts as an error, what is undecided as a warning; where
// the plan says what it expects, that decides.
func traceVerdict(traces []plan.Trace, s *settings.Settings) error {
	unjudged := 0
	worst := finding.Severity(0)
	for i := range traces {
		if traces[i].NotJudged != "" {
			unjudged++
		}
		for k := range traces[i].Steps {
			r := &traces[i].Steps[k]
			d := &r.Decision
			switch {
			case r.Expect != "" && r.Unmet() == "":
			case !d.Accepted(), r.Unmet() != "":
				worst = max(worst, finding.Error)
			case len(d.Undecided) > 0:
				worst = max(worst, finding.Warning)
			}
		}
	}
	switch {
	case unjudged == len(traces), unjudged > 0 && !s.Model.All():
		return &exitError{code: exitcode.Unchecked}
	case s.FailOn != 0 && worst >= s.FailOn:
		return &exitError{code: exitcode.Findings}
	}
	return nil
}
