package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/flags"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/cmd/klplint/internal/suggest"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
)

// lintCommand is lint's own part of the command line.
type lintCommand struct {
	*app
	flags settings.Flags
	view  report.View
	group flags.Choice
}

func newLintCommand(a *app) *cobra.Command {
	c := &lintCommand{app: a}
	cmd := &cobra.Command{
		Use:   "lint [flags] PATH...",
		Short: "Check livepatch modules; the same as klplint without a subcommand",
		Long: `Lint reads every module, gives it to the rules, and prints what they find.

` + pathHelp + `

` + exitHelp,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	cmd.Flags().SortFlags = false
	c.flags.AddLint(cmd.Flags())
	fs := cmd.Flags()
	c.group = flags.Choice{Value: report.GroupByModule, Allowed: []string{report.GroupByModule, report.GroupByRule, report.GroupByPair}}
	fs.Var(&c.group, "group-by", "put findings together by module, rule or pair of modules, in text and tables")
	fs.IntVar(&c.view.MaxPerRule, "max-per-rule", 0, "show `N` findings of a rule at most, in text and tables; all count (default: no bound)")
	fs.BoolVar(&c.view.Statistics, "statistics", false, "show how many findings each rule has, in place of them")
	return cmd
}

func (c *lintCommand) run(cmd *cobra.Command, args []string) error {
	if c.version {
		return render(c.app, report.VersionFormats(), buildVersion())
	}
	if len(args) == 0 {
		return usageErrorf("no module given: %s", cmd.UseLine())
	}
	if f := cmd.Flags().Lookup("max-per-rule"); f.Changed && c.view.MaxPerRule < 1 {
		return usageErrorf("--max-per-rule %d: want 1 or more", c.view.MaxPerRule)
	}
	c.view.GroupBy = c.group.Value
	tuneGC(gcPercent)
	s, err := c.resolve(cmd.Flags(), &c.flags)
	if err != nil {
		return err
	}
	outs, err := c.outputs(report.LintFormats().Names()...)
	if err != nil {
		return err
	}
	l, err := c.judge(cmd, s, args, outs)
	if err != nil {
		c.discardOutputs(outs)
		return err
	}
	for _, o := range outs {
		// A write error is kept by the output and returned below.
		_ = write(o, report.LintFormats(), l)
	}
	err = c.closeOutputs(outs)
	c.sayLint(l, outs)
	if err != nil {
		return err
	}
	if l.Verdict.ExitCode != exitcode.OK {
		return &exitError{code: l.Verdict.ExitCode}
	}
	return nil
}

// hashed reports whether any report carries digests of the files.
func hashed(outs []*output) bool { return anyFormat(outs, "json", "sarif", "html") }

// anyFormat reports whether a report is in one of the formats.
func anyFormat(outs []*output, formats ...string) bool {
	return slices.ContainsFunc(outs, func(o *output) bool { return slices.Contains(formats, o.format) })
}

// judge reads and judges the modules.
func (c *lintCommand) judge(cmd *cobra.Command, s *settings.Settings, args []string, outs []*output) (*report.Lint, error) {
	files, problems, err := c.expand(args, s.Inputs)
	if err != nil {
		return nil, err
	}
	if !cmd.HasParent() {
		c.suggestCommand(args[0])
	}
	baseline, baselineProblems, err := c.expand(s.Against, s.Inputs)
	if err != nil {
		return nil, err
	}
	t, err := c.targets(&s.Kernel)
	if err != nil {
		return nil, err
	}
	t.addModules(files, baseline)
	pictures := pictured{byPath: make(map[string]*klp.Module)}
	var keep func(*klp.Module)
	if anyFormat(outs, "html") {
		keep = pictures.keep
	}
	o := readOptions(s, t.layout())
	o.SHA256 = hashed(outs) || len(baseline) > 0 // which may hold what is judged, signed or packed
	bar := c.newProgress("modules")
	result, err := lint.Run(cmd.Context(), lint.Config{
		Rules:    s.Rules,
		Enable:   s.Enable,
		Disable:  s.Disable,
		Inputs:   sources(files),
		Baseline: sources(baseline),
		Unusable: slices.Concat(problems, baselineProblems),
		Options:  o,
		Target:   t.target,
		Set:      s.SetOptions(),
		Jobs:     c.common.jobs,
		Progress: bar.update,
		Keep:     keep,
	})
	bar.stop()
	if err != nil {
		return nil, err
	}
	p := &s.Policy
	l := &report.Lint{Verdict: p.Judge(result), Version: buildVersion().Version, Model: s.Model.Name, FailOn: p.FailOn, Rules: p.Rules, View: c.view}
	if keep != nil {
		l.Picture = pictures.draw(files, baseline, t, &s.Model)
	}
	c.sayUnjudged(l.Verdict)
	return l, c.writeKnown(s, l.Verdict)
}

// writeKnown writes the findings that the run accepted as known, where
// --write-known asks for it.
func (a *app) writeKnown(s *settings.Settings, v *policy.Verdict) error {
	if s.WriteKnown == "" {
		return nil
	}
	o := &output{dest: s.WriteKnown, name: s.WriteKnown}
	if err := a.open(o); err != nil {
		return err
	}
	_ = policy.WriteKnown(o, s.Policy.KnownAfter(v)) // a write error is kept by the output
	return a.closeOutputs([]*output{o})
}

// sayUnjudged tells on stderr what kept the run from being judged, but for the
// files that could not be read.
func (a *app) sayUnjudged(v *policy.Verdict) {
	if s := &v.Summary; v.NoModule && len(v.Errors) == 0 && s.Error+s.Warning+s.Info == 0 {
		a.errorf("%s", noLivepatch(v.Summary.Skipped))
	}
	for i := range v.Unmet {
		a.errorf("%s", v.Unmet[i].String())
	}
}

// suggestCommand helps whoever misspelt a subcommand, which then counts as a
// path that is not there.
func (c *lintCommand) suggestCommand(word string) {
	if _, err := os.Lstat(word); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	var names []string
	for _, sub := range subcommands() {
		names = append(names, sub.name)
	}
	if near := suggest.Nearest(word, names); near != "" {
		c.errorf("did you mean klplint %s?", near)
	}
}

// sayLint tells on stderr what could not be checked and, where no table on
// stdout has said it, the summary.
func (c *lintCommand) sayLint(l *report.Lint, outs []*output) {
	for _, p := range l.Verdict.Errors {
		fmt.Fprintf(c.stderr, "klplint: %s\n", report.ProblemLine(p))
	}
	inTable := slices.ContainsFunc(outs, func(o *output) bool { return o.format == "table" && o.file == nil })
	if !c.common.quiet {
		for _, line := range l.FixedLines() {
			fmt.Fprintf(c.stderr, "klplint: %s\n", line)
		}
	}
	if c.common.quiet || inTable {
		return
	}
	for _, line := range l.Lacks(c.common.verbose) {
		fmt.Fprintf(c.stderr, "klplint: %s\n", line)
	}
	fmt.Fprintf(c.stderr, "klplint: %s\n", l.Summary())
}
