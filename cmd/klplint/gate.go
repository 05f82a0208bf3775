package main

import (
	"context"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/klplint/klplint/cmd/klplint/internal/exitcode"
	"github.com/klplint/klplint/cmd/klplint/internal/flags"
	"github.com/klplint/klplint/cmd/klplint/internal/gate"
	"github.com/klplint/klplint/cmd/klplint/internal/policy"
	"github.com/klplint/klplint/cmd/klplint/internal/registry"
	"github.com/klplint/klplint/cmd/klplint/internal/report"
	"github.com/klplint/klplint/cmd/klplint/internal/settings"
	"github.com/klplint/klplint/lint"
)

// gateCommand is gate's own part of the command line; it takes lint's flags too.
type gateCommand struct {
	lintCommand
	registry registryFlags
	record   recordFlags
	channels []string
	into     string
	retire   bool
	dryRun   bool

	attestation attestFlags
}

func newGateCommand(a *app) *cobra.Command {
	c := &gateCommand{lintCommand: lintCommand{app: a}}
	cmd := &cobra.Command{
		Use:   "gate [flags] PATH...",
		Short: "Admit modules to the registry when they pass, all or none",
		Long: `Gate is what runs between build and signing. It gives every module to the rules,
compares it with the active modules of the registry for the same kernel, and when
the verdict passes records the modules as active, all of them or none. Verdict
and record are one transaction: of two builders with conflicting modules one is
admitted, and the other is told which module it conflicts with. A file that was
admitted may be given again.

With --verify it changes nothing, and says whether an attestation covers exactly
these files.

` + pathHelp + `

` + exitHelp,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	c.registry.register(fs)
	flags.Slice(fs, &c.channels, "channel", "compare with the modules of this `CHANNEL`, and of the one that they go to, only; repeatable (default: all channels)")
	fs.StringVar(&c.into, "into", "", "admit to this `CHANNEL` (default: that of --channel)")
	c.record.register(fs)
	fs.BoolVar(&c.retire, "retire-replaced", false, "retire the active modules of their channel that the new ones evict")
	fs.BoolVar(&c.dryRun, "dry-run", false, "judge and compare, but admit nothing")
	c.attestation.register(fs)
	c.flags.AddLint(fs)
	fs.Lookup("against").Usage = "compare with the already-built modules at `PATH` too; repeatable"
	fs.Lookup("kernel").Usage = "the target kernel at `PATH`, repeatable (default: none)"
	return cmd
}

func (c *gateCommand) run(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageErrorf("no module given: klplint gate [flags] PATH...")
	}
	if err := c.attestation.check(); err != nil {
		return err
	}
	if c.dryRun && c.attestation.format == "vsa" {
		return usageErrorf("--dry-run: a verification summary says of modules that they were admitted, and none would be")
	}
	if c.attestation.verify != "" {
		for _, name := range admitting {
			if cmd.Flags().Changed(name) {
				return usageErrorf("--%s: --verify admits and records nothing", name)
			}
		}
		return c.runVerify(cmd.Context(), cmd.Flags(), args)
	}
	if cmd.Flags().Changed("write-known") {
		return usageErrorf("--write-known: gate admits nothing for being written down; use klplint lint")
	}
	switch {
	case cmd.Flags().Changed("into"):
	case len(c.channels) > 1:
		return usageErrorf("--channel names %d channels: --into says to which the modules go", len(c.channels))
	case len(c.channels) == 1:
		c.into = c.channels[0]
	}
	if c.attestation.attest != "" {
		c.writes = append(c.writes, written{flag: "--attest", path: c.attestation.attest})
	}
	s, err := c.resolve(cmd.Flags(), &c.flags)
	if err != nil {
		return err
	}
	if len(s.Kernel.Paths) == 0 {
		s.Kernel.None = true // a gate looks at nothing that it was not given
	}
	labels, err := c.record.labelMap()
	if err != nil {
		return err
	}
	if err := c.attestation.load(); err != nil {
		return err
	}
	if err := c.guard(c.attestation.key); err != nil {
		return err
	}
	if err := c.guardBelow(s.Kernel.Paths...); err != nil {
		return err
	}
	outs, err := c.outputs(report.LintFormats().Names()...)
	if err != nil {
		return err
	}
	var statement *output
	all := outs
	if c.attestation.attest != "" {
		statement = &output{dest: c.attestation.attest, name: c.attestation.attest}
		if err := c.open(statement); err != nil {
			c.discardOutputs(outs)
			return err
		}
		all = append(slices.Clone(outs), statement)
	}
	l, err := c.judge(cmd, s, args, labels, statement, outs)
	if err != nil {
		c.discardOutputs(all)
		return err
	}
	for _, o := range outs {
		// A write error is kept by the output and returned below.
		_ = write(o, report.LintFormats(), l)
	}
	err = c.closeOutputs(all)
	if err != nil && l.Gate.Admitted {
		c.errorf("the modules are recorded all the same: give them again, and the statement is written again")
	}
	c.sayLint(l, outs)
	if !c.common.quiet || !l.Gate.Admitted {
		for _, line := range l.Gate.Lines() {
			c.errorf("%s", line)
		}
	}
	if err != nil {
		return err
	}
	if l.Verdict.ExitCode != exitcode.OK {
		return &exitError{code: l.Verdict.ExitCode}
	}
	return nil
}

// judge runs the gate and makes its report.
func (c *gateCommand) judge(cmd *cobra.Command, s *settings.Settings, args []string, labels map[string]string, statement *output, outs []*output) (*report.Lint, error) {
	t, err := c.targets(&s.Kernel)
	if err != nil {
		return nil, err
	}
	files, problems, err := c.expand(args, s.Inputs)
	if err != nil {
		return nil, err
	}
	against, againstProblems, err := c.expand(s.Against, s.Inputs)
	if err != nil {
		return nil, err
	}
	problems = append(problems, againstProblems...)
	t.addModules(against) // their digests are in the basis
	r, err := c.openRegistry(cmd.Context())
	if err != nil {
		return nil, err
	}
	defer r.Close()

	bar := c.newProgress("modules")
	config := gate.Config{
		Registry: r,
		Lint: lint.Config{
			Rules: s.Rules, Enable: s.Enable, Disable: s.Disable, Inputs: sources(files), Unusable: problems,
			Options: readOptions(s, t.layout()),
			Target:  t.target, Set: s.SetOptions(), Jobs: c.common.jobs, Progress: bar.update,
		},
		Against: sources(against), Channels: c.channels, Channel: c.into, Owner: c.record.owner, By: c.record.who(c.app), At: now(),
		Labels: labels, RetireReplaced: c.retire, DryRun: c.dryRun,
		Policy: s.Policy,
	}
	if config.Basis, err = c.basis(cmd.Flags(), s, against); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(outs, func(o *output) bool { return o.format == "json" }) {
		config.Named = report.ShownAgainst
	}
	if c.retire {
		tuneGC(retireGCPercent)
		config.Judged = func() {
			debug.FreeOSMemory()
			tuneGC(writeGCPercent)
		}
	}
	out, err := gate.Run(cmd.Context(), config)
	bar.stop()
	if err != nil {
		return nil, registryError(err)
	}
	if s.Inputs.AllowEmpty {
		c.allowEmpty(out.Verdict)
	}
	p := &config.Policy
	l := &report.Lint{
		Verdict: out.Verdict, Version: buildVersion().Version, Model: s.Model.Name, FailOn: p.FailOn, Rules: p.Rules, Gate: gateReport(&config, out),
	}
	c.sayUnjudged(l.Verdict)
	if statement != nil {
		text, err := c.attestation.write(cmd.Context(), out.Statement)
		if err != nil {
			return nil, uncheckedErrorf("--attest: %w", err)
		}
		_, _ = statement.Write(text) // a write error is kept by the output
	}
	return l, nil
}

// allowEmpty makes no failure of a verdict that lacks a module and nothing else.
func (c *gateCommand) allowEmpty(v *policy.Verdict) {
	if !v.NoModule || v.ExitCode != exitcode.Unchecked || len(v.Errors)+len(v.Unmet) > 0 {
		return
	}
	v.NoModule, v.ExitCode = false, exitcode.OK
	if !c.common.quiet {
		c.errorf("%s; nothing to admit", noLivepatch(v.Summary.Skipped))
	}
}

// gateReport is the gate's part of a report.
func gateReport(c *gate.Config, out *gate.Outcome) *report.Gate {
	g := &report.Gate{
		Registry: c.Registry.Name(), Revision: out.Revision, Channel: c.Channel, Admitted: out.Pass && !c.DryRun, DryRun: c.DryRun,
		Compared: out.Compared, Retired: reportEvictions(out.Retired), Against: reportEntries(out.Against), Unshown: out.Unnamed,
	}
	for i := range out.Modules {
		m := &out.Modules[i]
		g.Modules = append(g.Modules, report.GateModule{Path: m.Path, Name: m.Name, SHA256: m.SHA256, Status: string(m.Status), Revision: m.Revision, Warning: m.Withdrawn})
	}
	g.Elsewhere = reportEvictions(out.Elsewhere)
	for _, list := range [][]report.RegistryEntry{g.Retired, g.Elsewhere} {
		slices.SortFunc(list, func(a, b report.RegistryEntry) int { return strings.Compare(a.Path, b.Path) })
	}
	return g
}

func reportEvictions(list []gate.Eviction) []report.RegistryEntry {
	out := make([]report.RegistryEntry, len(list))
	for i := range list {
		if out[i] = (report.RegistryEntry{Path: list[i].Path, Channel: list[i].Channel}); list[i].Entry != nil {
			out[i] = reportEntry(list[i].Entry)
		}
	}
	return out
}

// openRegistry opens the registry for what the gate does to it.
func (c *gateCommand) openRegistry(ctx context.Context) (*registry.Registry, error) {
	c.registry.near, c.registry.tight = !c.retire, c.retire // which changes a large part of it
	if c.dryRun {
		return c.registry.open(ctx, c.app, toRead)
	}
	return c.registry.open(ctx, c.app, toWrite)
}
