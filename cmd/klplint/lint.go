package main

import (
	"fmt"
	"path"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/elfread"
	"github.com/klplint/klplint/klp"
	"github.com/klplint/klplint/lint"
	"github.com/klplint/klplint/replace"
	"github.com/klplint/klplint/rules"
)

// lintCommand is lint's own part of the command line.
type lintCommand struct {
	*app
	inputs  inputFlags
	kernel  kernelFlags
	model   modelFlags
	failOn  failOnFlag
	policy  policyFlags
	against []string
	enable  []string
	disable []string
	require []string
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
	c.register(cmd.Flags())
	return cmd
}

func (c *lintCommand) register(fs *pflag.FlagSet) {
	fs.SortFlags = false
	arrayFlag(fs, &c.against, "against", "compare with the already-built modules at `PATH`; repeatable")
	c.kernel.register(fs)
	c.model.register(fs)
	sliceFlag(fs, &c.enable, "enable", "also run these rules: `ID`, glob or tag")
	sliceFlag(fs, &c.disable, "disable", "do not run these rules: `ID`, glob or tag")
	sliceFlag(fs, &c.require, "require", "exit with 2 when `kernel` or the rule with this ID could not judge a module")
	c.failOn.register(fs)
	c.policy.register(fs)
	c.inputs.register(fs)
}

func (c *lintCommand) run(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageErrorf("no module given: klplint [flags] PATH...")
	}
	d, err := c.settle(cmd.Flags(), &c.policy)
	if err != nil {
		return err
	}
	set, err := c.setOptions(d)
	if err != nil {
		return err
	}
	if err := c.checkRules(d.all); err != nil {
		return err
	}
	outs, err := c.outputs(report.LintFormats()...)
	if err != nil {
		return err
	}
	l, err := c.judge(cmd, d, set, args, outs)
	if err != nil {
		c.discardOutputs(outs)
		return err
	}
	for _, o := range outs {
		// A write error is kept by the output and returned below.
		_ = report.WriteLint(o, o.format, l, o.options)
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
func (c *lintCommand) judge(cmd *cobra.Command, d *decisions, set rules.SetOptions, args []string, outs []*output) (*report.Lint, error) {
	t, err := c.targets(&c.kernel)
	if err != nil {
		return nil, err
	}
	files, problems := c.expand(args, &c.inputs)
	if len(files) == 0 && !cmd.HasParent() {
		c.suggestCommand(args[0])
	}
	baseline, baselineProblems := c.expand(c.against, &c.inputs)
	pictures := pictured{byPath: make(map[string]*klp.Module)}
	var keep func(*klp.Module)
	if anyFormat(outs, "html") {
		keep = pictures.keep
	}
	bar := c.newProgress("modules")
	result, err := lint.Run(cmd.Context(), lint.Config{
		Rules:    d.all,
		Enable:   c.enable,
		Disable:  c.disable,
		Inputs:   sources(files),
		Baseline: sources(baseline),
		Unusable: slices.Concat(problems, baselineProblems),
		Options:  elfread.Options{Layout: t.layout(), ReplaceField: c.kernel.field(), SHA256: hashed(outs)},
		Target:   t.target,
		Set:      set,
		Jobs:     c.common.jobs,
		Progress: bar.update,
		Keep:     keep,
	})
	bar.stop()
	if err != nil {
		return nil, err
	}
	p := c.judgedBy(d)
	l := &report.Lint{Verdict: p.Judge(result), Version: buildVersion().Version, Model: c.model.model, FailOn: p.FailOn, Rules: p.Rules}
	if keep != nil {
		l.Picture = pictures.draw(files, baseline, t, set)
	}
	c.sayUnjudged(l.Verdict)
	return l, c.writeKnown(c.policy.writeKnown, p, l.Verdict)
}

// judgedBy is the policy of the run.
func (c *lintCommand) judgedBy(d *decisions) *policy.Policy {
	p := d.policy
	p.Rules, _ = rules.Select(d.all, c.enable, c.disable) // checked before
	p.FailOn, p.Require, p.AllowEmpty = c.failOn.severity, c.require, c.inputs.allowEmpty
	return &p
}

// sayUnjudged tells on stderr what kept the run from being judged, but for the
// files that could not be read.
func (a *app) sayUnjudged(v *policy.Verdict) {
	if s := &v.Summary; v.NoModule && len(v.Errors) == 0 && s.Error+s.Warning+s.Info == 0 {
		a.errorf("no livepatch found: %d other files skipped", v.Summary.Skipped)
	}
	for i := range v.Unmet {
		a.errorf("%s", v.Unmet[i].String())
	}
}

// checkRules finds misspelt IDs, globs and tags before any work is done.
func (c *lintCommand) checkRules(all []*rules.Rule) error {
	for _, w := range []struct {
		flag  string
		words []string
	}{{"--enable", c.enable}, {"--disable", c.disable}} {
		for _, word := range w.words {
			if _, err := rules.Select(all, []string{word}, nil); err != nil {
				return usageErrorf("%s %s: %w%s", w.flag, word, err, didYouMean(word, ruleWords(all)))
			}
		}
	}
	chosen, err := rules.Select(all, c.enable, c.disable)
	if err != nil {
		return usageErrorf("%w", err)
	}
	if len(chosen) == 0 {
		return usageErrorf("--disable leaves no rule")
	}
	for _, word := range c.require {
		if word == "kernel" {
			continue
		}
		byID := func(r *rules.Rule) bool { return r.ID() == word }
		if !slices.ContainsFunc(all, byID) {
			return usageErrorf("--require %s: no rule has the ID%s", word, didYouMean(word, append(ruleIDs(all), "kernel")))
		}
		if !slices.ContainsFunc(chosen, byID) {
			return usageErrorf("--require %s: the rule is not enabled", word)
		}
	}
	return nil
}

// setOptions reads the flags about replace models, and adds the choices of
// profiles to those of the flags.
func (c *lintCommand) setOptions(d *decisions) (rules.SetOptions, error) {
	c.enable = append(c.enable, d.profile.enable...)
	if d.profile.failOn != 0 && d.origin["fail-on"] == "" {
		c.failOn.severity = d.profile.failOn
	}
	o := rules.SetOptions{Model: c.model.model, ZeroSpecial: c.model.zeroSpecial}
	o.SharedFuncs = append(c.policy.shared, d.profile.shared...)
	for _, glob := range o.SharedFuncs {
		if _, err := path.Match(glob, ""); err != nil {
			return o, usageErrorf("--shared-func %s: %w", glob, err)
		}
	}
	if o.Model != "" {
		if _, err := replace.ByName(o.Model); err != nil {
			var names []string
			for _, m := range replace.All() {
				names = append(names, m.Name())
			}
			return o, usageErrorf("--model: %w%s", err, didYouMean(o.Model, names))
		}
	}
	for _, fix := range c.model.assumeFix {
		if fix != "sympos01" {
			return o, usageErrorf("--assume-fix %s: the fix that can be assumed is sympos01", fix)
		}
		o.AssumeSympos01 = true
	}
	return o, nil
}

// suggestCommand helps whoever misspelt a subcommand, which then counts as a
// path.
func (c *lintCommand) suggestCommand(word string) {
	var names []string
	for _, sub := range subcommands() {
		names = append(names, sub.name)
	}
	if near := nearest(word, names); near != "" {
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
	for _, line := range l.NotEvaluated() {
		fmt.Fprintf(c.stderr, "klplint: %s\n", line)
	}
	fmt.Fprintf(c.stderr, "klplint: %s\n", l.Summary())
}
